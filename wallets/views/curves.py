"""Curves of results: what a chart draws of them, and the table that tells the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from wallets.domain.statistics.equity import DayResult, equity_curve
from wallets.domain.tabular import scaled

# A longer table is told by months; their days stand in the calendar.
MOST_ROWS: Final = 31


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A day of the curve, or a month of it by its last: result, sum so far, depth below the peak.

    Of a month `below_lamports` is the deepest of its days.
    """

    day: date
    realised_lamports: int
    total_lamports: int
    below_lamports: int


def curve_of(days: Sequence[DayResult]) -> list[CurveRow]:
    """Walk the equity curve; it starts at zero, which is its first peak."""
    rows, peak, before = [], 0, 0
    for point in equity_curve(days):
        peak = max(peak, point.total_lamports)
        gain, before = point.total_lamports - before, point.total_lamports
        rows.append(CurveRow(point.day, gain, point.total_lamports, peak - point.total_lamports))
    return rows


def is_by_month(rows: Sequence[CurveRow]) -> bool:
    """Whether a curve has too many days for its table to tell each."""
    return len(rows) > MOST_ROWS


def tabled(rows: Sequence[CurveRow]) -> list[CurveRow]:
    """Return the rows of the table, the latest first: days, or months where they are many."""
    if not is_by_month(rows):
        return list(reversed(rows))
    months = []
    for _, some in groupby(rows, key=lambda row: (row.day.year, row.day.month)):
        days = list(some)
        gain = sum(row.realised_lamports for row in days)
        deepest = max(row.below_lamports for row in days)
        months.append(CurveRow(days[-1].day, gain, days[-1].total_lamports, deepest))
    return months[::-1]


def drawn(rows: Sequence[CurveRow], *, until: date) -> list[list[Any]]:
    """Return [day, sum in SOL, depth in SOL] for a chart, from zero on the day before the first.

    Days without a sale are left out, but for the last: a chart holds the sum between.
    """
    if not rows:
        return []
    points = [[(rows[0].day - timedelta(days=1)).isoformat(), "0", "0"]]
    points += [_point(row.day, row) for row in rows]
    if until > rows[-1].day:
        points.append(_point(until, rows[-1]))
    return points


def _point(day: date, row: CurveRow) -> list[Any]:
    return [day.isoformat(), scaled(row.total_lamports, 9), scaled(row.below_lamports, 9)]
