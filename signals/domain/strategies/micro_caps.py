"""Micro caps: small, deep for its size, with holders and real buyers growing."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "micro_caps"
TITLE: Final = "Micro caps"
REQUIRED: Final = (
    "market_cap",
    "liquidity_to_cap",
    "holder_growth_1h",
    "pressure_1h",
    "organic_share_1h",
)
OPTIONAL: Final = ()


def discovers(figures: Figures) -> float | None:
    """List the small ones by the hour's volume."""
    rules, cap = figures.rules.micro_caps, figures["market_cap"]
    small = cap is not None and rules.cap_low_usd <= cap <= rules.cap_high_usd
    return figures["volume_1h"] if small else None


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Micro caps."""
    rules = figures.rules.micro_caps
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.at_least("market_cap", rules.cap_low_usd)
    case.at_most("market_cap", rules.cap_high_usd)
    case.at_least("liquidity_to_cap", rules.liquidity_to_cap)
    case.at_least("holder_growth_1h", rules.holder_growth)
    case.at_least("pressure_1h", rules.pressure_1h)
    case.at_least("organic_share_1h", rules.organic_share)
    return case.verdict(
        ramp(figures["holder_growth_1h"], (rules.holder_growth, rules.strong_growth))
    )
