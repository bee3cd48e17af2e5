"""Reading the market: prices, the universe, windows for the scanner, one token for a page."""

from market.queries.pages import (
    STALE_AFTER,
    PoolRow,
    ReportRow,
    candles_of,
    latest_run,
    latest_snapshot,
    pools_of,
    report_rows,
    safety_reports,
)
from market.queries.prices import (
    PRICE_HOLDS,
    latest_sol_price,
    minutes_without_price,
    names_wanted,
    sol_price_at,
)
from market.queries.safety import first_safety_of
from market.queries.universe import is_discovery_due, listings_of, safety_wanted, universe
from market.queries.windows import (
    BucketRow,
    PoolState,
    buckets_of,
    points_of,
    points_of_many,
    states_of,
    states_of_run,
)

__all__ = [
    "PRICE_HOLDS",
    "STALE_AFTER",
    "BucketRow",
    "PoolRow",
    "PoolState",
    "ReportRow",
    "buckets_of",
    "candles_of",
    "first_safety_of",
    "is_discovery_due",
    "latest_run",
    "latest_snapshot",
    "latest_sol_price",
    "listings_of",
    "minutes_without_price",
    "names_wanted",
    "points_of",
    "points_of_many",
    "pools_of",
    "report_rows",
    "safety_reports",
    "safety_wanted",
    "sol_price_at",
    "states_of",
    "states_of_run",
    "universe",
]
