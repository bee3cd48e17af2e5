"""Dip reversal: far below the day's high with its liquidity kept, sellers tiring, a higher low."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "dip_reversal"
TITLE: Final = "Dip reversal"
REQUIRED: Final = (
    "age",
    "volume_24h",
    "below_high_24h",
    "units",
    "sells_5m",
    "over_vwap_15m",
    "pressure_15m",
)
OPTIONAL: Final = ("units_kept", "sell_peak_z", "sell_falls", "second_low")


def discovers(figures: Figures) -> float | None:
    """List what lies as far below its high as the rule asks, by the day's volume."""
    rules, below = figures.rules.dip_reversal, figures["below_high_24h"]
    fits = below is not None and rules.below_low <= below <= rules.below_high
    return figures["volume_24h"] if fits else None


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Dip reversal."""
    rules = figures.rules.dip_reversal
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.at_least("age", rules.age_s)
    case.at_least("volume_24h", rules.volume_24h_usd)
    case.at_least("below_high_24h", rules.below_low)
    case.at_most("below_high_24h", rules.below_high)
    case.at_least("units_kept", rules.units_kept)
    case.at_least("sell_peak_z", rules.sell_z)
    case.at_least("sell_falls", rules.sell_falls)
    case.at_least("second_low", rules.second_low)
    case.over("over_vwap_15m", rules.over_vwap)
    case.at_least("pressure_15m", rules.pressure_15m)
    return case.verdict(ramp(figures["below_high_24h"], (rules.below_low, rules.strong_below)))
