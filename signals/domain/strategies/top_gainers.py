"""Top gainers: among the hour's best of the universe, on volume, and still near the high."""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import ramp
from signals.domain.verdicts import Verdict

NAME: Final = "top_gainers"
TITLE: Final = "Top gainers"
REQUIRED: Final = ("rank_1h", "change_1h", "buyers_1h", "volume_times_1h", "below_high_1h")
OPTIONAL: Final = ()


def discovers(figures: Figures) -> float | None:
    """List by the hour's change of price."""
    return figures["change_1h"]


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Top gainers."""
    rules = figures.rules.top_gainers
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.at_least("rank_1h", rules.rank)
    case.at_least("change_1h", rules.change_low)
    case.at_most("change_1h", rules.change_high)
    case.at_least("buyers_1h", rules.buyers)
    case.at_least("volume_times_1h", rules.times_median)
    case.at_most("below_high_1h", rules.below_high)
    return case.verdict(ramp(figures["volume_times_1h"], (rules.times_median, rules.strong_times)))
