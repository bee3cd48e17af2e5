"""How long positions are held, and the style that makes."""

from typing import Final

from wallets.domain.statistics.figure import Figure, made, missing
from wallets.domain.statistics.intervals import median, median_interval
from wallets.domain.statistics.rates import NONE_CLOSED
from wallets.domain.statistics.tally import Tally

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# Style and the hold time in seconds below which it applies.
_STYLES: Final = (
    ("flipper", 5 * _MINUTE),
    ("scalper", _HOUR),
    ("day", _DAY),
    ("swing", 7 * _DAY),
)


def style_of(seconds: float) -> str:
    """Name the style of a median hold time."""
    return next((name for name, below in _STYLES if seconds < below), "holder")


def hold_time(found: Tally) -> Figure:
    """Return the median hold time in seconds."""
    if not found.holds:
        return missing("hold_time", NONE_CLOSED, coverage=found.coverage)
    n = len(found.holds)
    return made(
        "hold_time", median(found.holds), n, median_interval(found.holds), coverage=found.coverage
    )


def style(found: Tally) -> Figure:
    """Return the style; `low` and `high` are the styles of the ends of the median's interval."""
    held = hold_time(found)
    if not isinstance(held.value, int):
        return missing("style", held.missing_reason, coverage=found.coverage)
    ends = median_interval(found.holds)
    styles = ends and (style_of(ends[0]), style_of(ends[1]))
    return made("style", style_of(held.value), held.n, styles, coverage=found.coverage)
