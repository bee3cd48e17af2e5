"""Results by day as a month of a calendar."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wallets.domain.statistics.equity import DayResult

# How many shades tell a small result from a large one.
SHADES: Final = 4


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the month shown; `shade` is 1 to 4 by the size of its result, 0 without one."""

    date: date
    result: DayResult | None
    shade: int
    is_today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks from Monday, days of other months being None, and the ones beside it.

    `earlier` and `later` are None where nothing more is to be seen.
    """

    first: date
    weeks: list[list[Day | None]]
    total_lamports: int
    up: int
    down: int
    earlier: date | None
    later: date | None


def month_of(days: Sequence[DayResult], asked: date | None, today: date) -> Month:
    """Lay out the month asked for, no earlier than the first result and no later than today's."""
    dated = {result.day: result for result in days if result.day is not None}
    latest = today.replace(day=1)
    earliest = min([*dated, today]).replace(day=1)
    first = min(max(asked or latest, earliest), latest)
    here = [r for day, r in dated.items() if (day.year, day.month) == (first.year, first.month)]
    largest = max((abs(r.realised_lamports) for r in here), default=0)

    def laid(day: date) -> Day | None:
        if day.month != first.month:
            return None
        result = dated.get(day)
        size = abs(result.realised_lamports) if result else 0
        return Day(day, result, -(-SHADES * size // largest) if size else 0, day == today)

    return Month(
        first=first,
        weeks=[
            [laid(day) for day in week]
            for week in Calendar().monthdatescalendar(first.year, first.month)
        ],
        total_lamports=sum(r.realised_lamports for r in here),
        up=sum(r.realised_lamports > 0 for r in here),
        down=sum(r.realised_lamports < 0 for r in here),
        earlier=_beside(first, -1) if first > earliest else None,
        later=_beside(first, 1) if first < latest else None,
    )


def _beside(first: date, step: int) -> date:
    months = first.year * 12 + first.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)
