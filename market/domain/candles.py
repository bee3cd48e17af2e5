"""Spans of time on a chart: where they begin and end, and candles made of trades."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

CandleSpan = Literal["1m", "5m", "1h", "1d"]
LENGTHS: Final[dict[CandleSpan, timedelta]] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
BUCKET: Final = LENGTHS["5m"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TradePoint:
    """One recorded trade as a chart needs it; `order` sorts trades of one moment."""

    mint: str
    at: datetime
    order: tuple[int, ...]
    price_usd: Decimal
    value_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """What a candle shows; `read_at` is the moment of its last price."""

    open_usd: Decimal
    high_usd: Decimal
    low_usd: Decimal
    close_usd: Decimal
    volume_usd: Decimal | None
    read_at: datetime


def begin_of(at: datetime, span: CandleSpan) -> datetime:
    """Return where the span that holds an aware moment begins, in UTC."""
    return at.astimezone(UTC) - (at - _EPOCH) % LENGTHS[span]


def bucket_end(at: datetime) -> datetime:
    """Return where the five minutes end that a moment closes or falls into."""
    begin = begin_of(at, "5m")
    return begin if begin == at else begin + BUCKET


def minute_bars(points: Iterable[TradePoint]) -> dict[tuple[str, datetime], Bar]:
    """Make a bar of every minute of a mint in which there are trades, whatever their order."""
    minutes: dict[tuple[str, datetime], list[TradePoint]] = defaultdict(list)
    for point in points:
        minutes[point.mint, begin_of(point.at, "1m")].append(point)
    return {place: _bar(told) for place, told in minutes.items()}


def _bar(points: list[TradePoint]) -> Bar:
    points.sort(key=lambda point: (point.at, point.order))
    prices = [point.price_usd for point in points]
    return Bar(
        open_usd=prices[0],
        high_usd=max(prices),
        low_usd=min(prices),
        close_usd=prices[-1],
        volume_usd=sum((point.value_usd for point in points), Decimal(0)),
        read_at=points[-1].at,
    )
