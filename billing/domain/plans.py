"""The plan table as first published; rows in the database are edited in the admin site."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One column of the published table; None means no limit, prices in USD."""

    code: str
    name: str
    price_usd: Decimal
    price_year_usd: Decimal | None
    own_wallets: int
    curated_delay_minutes: int
    history_days: int | None
    alert_rules: int
    alerts_a_day: int | None
    export: bool


FREE: Final = PlanTerms("free", "Free", Decimal(0), None, 10, 30, 7, 5, 60, export=False)
PLANS: Final = (
    FREE,
    PlanTerms("pro", "Pro", Decimal(29), Decimal(290), 100, 0, 180, 50, 1_000, export=True),
    PlanTerms("elite", "Elite", Decimal(79), Decimal(790), 500, 0, None, 250, 5_000, export=True),
    PlanTerms("api-dev", "API Dev", Decimal(49), Decimal(490), 100, 0, 180, 20, None, export=True),
    PlanTerms(
        "api-growth",
        "API Growth",
        Decimal(199),
        Decimal(1990),
        1_000,
        0,
        None,
        100,
        None,
        export=True,
    ),
    PlanTerms(
        "api-scale",
        "API Scale",
        Decimal(499),
        Decimal(4990),
        5_000,
        0,
        None,
        500,
        None,
        export=True,
    ),
)
