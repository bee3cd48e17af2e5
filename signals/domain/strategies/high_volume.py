"""High volume: a burst of organic volume that many buy, before the price has run away."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "high_volume"
TITLE: Final = "High volume"
REQUIRED: Final = (
    "organic_volume_5m",
    "volume_times_5m",
    "volume_z_5m",
    "buyers_5m",
    "pressure_5m",
    "pressure_1h",
    "change_5m",
)
OPTIONAL: Final = ("biggest_share_5m",)


def discovers(figures: Figures) -> float | None:
    """List by the volume of five minutes."""
    return figures["volume_5m"]


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, High volume."""
    rules = figures.rules.high_volume
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.at_least("organic_volume_5m", rules.volume_usd)
    case.at_least("volume_times_5m", rules.times_median)
    case.at_least("volume_z_5m", rules.z)
    case.at_least("buyers_5m", rules.buyers)
    case.at_least("pressure_5m", rules.pressure_5m)
    case.at_least("pressure_1h", rules.pressure_1h)
    case.at_least("change_5m", rules.change_low)
    case.at_most("change_5m", rules.change_high)
    case.at_most("biggest_share_5m", rules.biggest_share, must=False)
    return case.verdict(ramp(figures["volume_z_5m"], (rules.z, rules.strong_z)))
