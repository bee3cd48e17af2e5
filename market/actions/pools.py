"""Pools and what they held."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from market.actions.upserts import Upsert
from market.domain.depth import quote_usd, reserves, usd_price
from market.domain.readings import PoolReading
from market.domain.sound import amount
from market.domain.venues import kind_of
from market.models import Pool, PoolPoint

_POOLS: Final = Upsert(
    Pool,
    types={
        "address": "text", "mint": "text", "quote_mint": "text", "venue": "text",
        "is_curve": "boolean", "opened_at": "timestamptz", "seen_at": "timestamptz",
    },
    key=("address",),
    # A pool is of the token it was first told of: nobody moves it to another.
    merged={
        "mint": "old.mint",
        "quote_mint": "coalesce(nullif(old.quote_mint, ''), excluded.quote_mint)",
        "venue": "coalesce(nullif(excluded.venue, ''), old.venue)",
        "is_curve": "CASE WHEN excluded.venue = '' THEN old.is_curve ELSE excluded.is_curve END",
        "opened_at": "least(old.opened_at, excluded.opened_at)",
        "seen_at": "greatest(old.seen_at, excluded.seen_at)",
    },
)  # fmt: skip


def add_pool_readings(readings: Iterable[PoolReading], quotes_usd: Mapping[str, Decimal]) -> None:
    """Keep pools, and a point of each reading that tells a price or reserves; three statements.

    `quotes_usd` is what one coin of a quote mint costs. A reading told twice is one point.
    """
    told = sorted(
        (one for one in readings if one.pool),
        key=lambda one: (one.pool, one.read_at, one.source, repr(one)),
    )
    pools: dict[str, tuple[object, ...]] = {}
    for one in told:
        before = pools.get(one.pool)
        if before is None or before[3] == "":
            pools[one.pool] = (
                one.pool, one.mint, one.quote_mint, one.venue, kind_of(one.venue) == "curve",
                one.opened_at, one.read_at,
            )  # fmt: skip
    _POOLS.run(list(pools.values()))
    points = [point for one in told if (point := _point(one, quotes_usd)) is not None]
    PoolPoint.objects.bulk_create(points, ignore_conflicts=True, batch_size=5_000)


def _point(one: PoolReading, quotes_usd: Mapping[str, Decimal]) -> PoolPoint | None:
    usd, holds = usd_price(one, quotes_usd), reserves(one)
    if usd is None and holds is None:
        return None
    base, quote = holds or (None, None)
    return PoolPoint(
        pool=one.pool, mint=one.mint, source=one.source, at=one.read_at, base=base, quote=quote,
        quote_usd=quote_usd(one, quotes_usd), price_usd=usd,
        liquidity_usd=amount(one.liquidity_usd),
    )  # fmt: skip
