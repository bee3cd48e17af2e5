"""The course of results: by day, added up, and the deepest fall."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from wallets.domain.statistics.figure import Figure, made, missing
from wallets.domain.statistics.tally import Piece


@dataclass(frozen=True, slots=True)
class DayResult:
    """What was realised on one UTC day; `day` None: at an unknown time.

    `realised_usd` is None when one of the `pieces` lacks a price, as `unpriced` of them do.
    """

    day: date | None
    realised_lamports: int
    realised_usd: Decimal | None
    pieces: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """All that was realised up to the end of a day."""

    day: date
    total_lamports: int


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall: by how much, from the end of which day (None: the start) to which."""

    lamports: int
    peak_day: date | None
    trough_day: date | None


def calendar(pieces: Iterable[Piece]) -> list[DayResult]:
    """Sum pieces of known gain by UTC day, the earliest first; what has no time comes last."""
    days: dict[date | None, list[Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.gain_lamports is not None:
            at = piece.disposed_at
            days[None if at is None else at.astimezone(UTC).date()].append(piece)
    found = []
    for day in sorted(days, key=lambda d: (d is None, d or date.min)):
        gains = [piece.gain_usd for piece in days[day] if piece.gain_usd is not None]
        unpriced = len(days[day]) - len(gains)
        lamports = sum(piece.gain_lamports or 0 for piece in days[day])
        usd = None if unpriced else sum(gains, Decimal(0))
        found.append(DayResult(day, lamports, usd, len(days[day]), unpriced))
    return found


def equity_curve(days: Sequence[DayResult]) -> list[EquityPoint]:
    """Add up the calendar in order of days; what has no day is in no point of the curve."""
    points, total = [], 0
    for day, result in _dated(days):
        total += result.realised_lamports
        points.append(EquityPoint(day, total))
    return points


def deepest_fall(points: Sequence[EquityPoint]) -> Drawdown:
    """Return the largest fall from an earlier height; the curve starts at zero."""
    deepest = Drawdown(0, None, None)
    peak, peak_day = 0, None
    for point in points:
        if point.total_lamports > peak:
            peak, peak_day = point.total_lamports, point.day
        elif peak - point.total_lamports > deepest.lamports:
            deepest = Drawdown(peak - point.total_lamports, peak_day, point.day)
    return deepest


def max_drawdown(days: Sequence[DayResult], coverage: float | None) -> Figure:
    """Return the deepest fall of the equity curve as a positive number of lamports."""
    points = equity_curve(days)
    if not points:
        return missing("max_drawdown", "nothing sold in the window", coverage=coverage)
    fall = deepest_fall(points)
    span = f"from {fall.peak_day or 'the start'} to {fall.trough_day}" if fall.lamports else ""
    return made("max_drawdown", fall.lamports, len(points), coverage=coverage, note=span)


def equity_end(days: Sequence[DayResult], coverage: float | None) -> Figure:
    """Return where the equity curve ends; what was sold at an unknown time is told apart."""
    points = equity_curve(days)
    undated = sum(d.pieces for d in days if d.day is None)
    note = f"{undated} pieces sold at an unknown time are in no day" if undated else ""
    end = points[-1].total_lamports if points else 0
    return made("equity", end, len(points), coverage=coverage, note=note)


def _dated(days: Sequence[DayResult]) -> list[tuple[date, DayResult]]:
    return sorted(((d.day, d) for d in days if d.day is not None), key=lambda pair: pair[0])
