"""What pages show of one token: candles, pools, safety and its history, runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from market.domain.candles import CandleSpan
from market.domain.readings import SafetyReading
from market.domain.safety import reading_of
from market.domain.snapshots import Snapshot, read
from market.models import Candle, MarketRun, Pool, PoolPoint, SafetyReport, TokenState

# A snapshot older than this is stale: no strategy looks at it, and pages say so.
STALE_AFTER: Final = timedelta(seconds=180)
REPORTS_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool and what was last told of it; `point` is None before anything was."""

    pool: Pool
    point: PoolPoint | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What one source says about danger, since when, and when it last said so."""

    report: SafetyReport
    reading: SafetyReading


def latest_snapshot(mint: str) -> Snapshot | None:
    """Return a token's latest snapshot, however old; None where no source told anything."""
    state = TokenState.objects.filter(mint=mint).values_list("snapshot", flat=True).first()
    return None if state is None else read(state)


def candles_of(mint: str, span: CandleSpan, since: datetime, until: datetime) -> list[Candle]:
    """Return a token's candles that begin between two moments, one a span, oldest first.

    Where recorded trades made one it goes before the one that quotes made.
    """
    found = Candle.objects.filter(mint=mint, span=span, at__gte=since, at__lte=until)
    chosen: dict[datetime, Candle] = {}
    for candle in found.order_by("at"):
        if candle.at not in chosen or candle.source == Candle.Source.TRADES:
            chosen[candle.at] = candle
    return list(chosen.values())


def pools_of(mint: str) -> list[PoolRow]:
    """Return a token's pools, the deepest by what was last told of it first; two queries."""
    points = PoolPoint.objects.filter(mint=mint).order_by("pool", "-at", "source").distinct("pool")
    latest = {point.pool: point for point in points}
    rows = [PoolRow(pool, latest.get(pool.pk)) for pool in Pool.objects.filter(mint=mint)]
    return sorted(rows, key=_depth)


def _depth(row: PoolRow) -> tuple[bool, object, str]:
    liquidity = row.point.liquidity_usd if row.point else None
    return liquidity is None, -(liquidity or 0), row.pool.pk


def safety_reports(mints: Sequence[str], *, since: datetime) -> dict[str, list[SafetyReading]]:
    """Return what sources last said about the danger of tokens, if they said so since then."""
    told = SafetyReport.objects.filter(mint__in=mints, is_latest=True, read_at__gte=since)
    found: dict[str, list[SafetyReading]] = {}
    for row in told.order_by("mint", "source"):
        found.setdefault(row.mint, []).append(_reading(row))
    return found


def report_rows(mint: str) -> list[ReportRow]:
    """Return what sources say about a token's danger and what they said before, latest first."""
    told = SafetyReport.objects.filter(mint=mint).order_by("-is_latest", "-since", "source")
    return [ReportRow(row, _reading(row)) for row in told[:REPORTS_SHOWN]]


def _reading(row: SafetyReport) -> SafetyReading:
    return reading_of(row.source, row.mint, row.fields, read_at=row.read_at, score=row.score)


def latest_run() -> MarketRun | None:
    """Return the run that last read the market."""
    ran = MarketRun.objects.filter(state=MarketRun.State.RAN)
    return ran.order_by("-started_at").first()
