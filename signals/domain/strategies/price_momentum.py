"""Price momentum: a close over every close of the day, out of a quiet range, that holds.

"Still above at the next snapshot" needs no memory: the breakout is the close of a bucket that has
ended, and the window's own price, read after that end, is the next snapshot. That the price comes
back under the level later closes the signal: the verdict carries the level it dies under.
"""

from typing import Final

from signals.domain.case import Case
from signals.domain.features import Figures
from signals.domain.squash import DIGITS, ramp
from signals.domain.verdicts import Verdict

NAME: Final = "price_momentum"
TITLE: Final = "Price momentum"
REQUIRED: Final = ("breakout", "range_before_6h", "volume_times_5m")
OPTIONAL: Final = ("over_level", "breakout_level")


def discovers(figures: Figures) -> float | None:
    """List by how far the newest close is over the day's highest before it."""
    return figures["breakout"]


def judge(figures: Figures) -> Verdict:
    """Judge one window; spec section 2, Price momentum."""
    rules = figures.rules.price_momentum
    case = Case(NAME, figures, REQUIRED)
    if case.missing:
        return case.idle()
    case.over("breakout", rules.over_high)
    case.over("over_level", 1.0)
    case.at_most("range_before_6h", rules.range_6h)
    case.at_least("volume_times_5m", rules.times_median)
    level = figures["breakout_level"]
    void = {} if level is None else {"void_under": _digits(level), "void_s": float(rules.void_s)}
    return case.verdict(ramp(figures["breakout"], (rules.over_high, rules.strong_over)), **void)


def _digits(level: float) -> float:
    """Keep a price's leading digits: tokens cost a millionth of a cent."""
    return float(f"{level:.{2 * DIGITS}g}")
