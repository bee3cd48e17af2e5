"""Buckets and candles: written as they come, rolled up, replaced when trades say otherwise."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from market.actions.upserts import Upsert
from market.domain.candles import LENGTHS, CandleSpan, TradePoint, begin_of, bucket_end, minute_bars
from market.domain.readings import Activity
from market.domain.snapshots import Snapshot
from market.models import Bucket, Candle

MINUTES_KEPT: Final = timedelta(days=30)

_LATER: Final = "CASE WHEN excluded.read_at >= old.read_at"


def _newest(column: str) -> str:
    """Let what is told later stand; what it leaves out stays as it was told."""
    new, old = f"excluded.{column}", f"old.{column}"
    return f"{_LATER} THEN coalesce({new}, {old}) ELSE coalesce({old}, {new}) END"


# A second price within a span moves its ends and leaves its beginning.
_SPREADING: Final = {
    "open_usd": "coalesce(old.open_usd, excluded.open_usd)",
    "high_usd": "greatest(old.high_usd, excluded.high_usd)",
    "low_usd": "least(old.low_usd, excluded.low_usd)",
    "close_usd": _newest("close_usd"),
    "volume_usd": _newest("volume_usd"),
    "read_at": "greatest(old.read_at, excluded.read_at)",
}
# The pool goes with the units that stand.
_POOL: Final = (
    f"{_LATER} AND excluded.units IS NOT NULL OR old.units IS NULL"
    " THEN excluded.pool ELSE old.pool END"
)
_COUNTS: Final = ("buys", "sells", "buyers", "sellers")
_BUCKET: Final = {
    "mint": "text", "at": "timestamptz", "read_at": "timestamptz",
    "open_usd": "float8", "high_usd": "float8", "low_usd": "float8", "close_usd": "float8",
    "volume_usd": "float8", **dict.fromkeys(_COUNTS, "int8"), "buy_usd": "float8",
    "sell_usd": "float8", "liquidity_usd": "float8", "units": "float8", "holders": "int8",
    "pool": "text",
}  # fmt: skip
_BUCKETS: Final = Upsert(
    Bucket,
    types=_BUCKET,
    key=("mint", "at"),
    merged={name: _newest(name) for name in _BUCKET} | _SPREADING | {"pool": _POOL},
)
_CANDLE: Final = {
    "mint": "text", "span": "text", "source": "text", "at": "timestamptz",
    "read_at": "timestamptz", "open_usd": "float8", "high_usd": "float8", "low_usd": "float8",
    "close_usd": "float8", "volume_usd": "float8",
}  # fmt: skip
_CANDLE_KEY: Final = ("mint", "span", "at", "source")
_QUOTES: Final = Upsert(Candle, types=_CANDLE, key=_CANDLE_KEY, merged=_SPREADING)
_TRADES: Final = Upsert(Candle, types=_CANDLE, key=_CANDLE_KEY, merged={})


def add_quotes(snapshots: Iterable[Snapshot]) -> None:
    """Put snapshots that may be kept into the buckets and candles of their moments."""
    told = sorted(snapshots, key=lambda one: one.mint)
    _BUCKETS.run([_bucket(one) for one in told])
    priced = [one for one in told if one.price_usd is not None]
    _QUOTES.run([_quote(one, "1m") for one in priced] + [_quote(one, "5m") for one in priced])


def record_trades_in_candles(
    points: Iterable[TradePoint], minutes: Collection[tuple[str, datetime]], *, at: datetime
) -> int:
    """Make the candles of these (mint, minute) anew from ALL recorded trades in them.

    `points` are those trades; a minute without any has no candle left, as when the chain dropped
    its trades. So the same trades told twice, late or in another order make the same candles.
    Minutes older than 30 days, whose neighbours are gone, are passed over. Returns how many
    candles of a minute there are.
    """
    oldest = at - MINUTES_KEPT
    wanted = {(mint, begin_of(minute, "1m")) for mint, minute in minutes if minute >= oldest}
    bars = {place: bar for place, bar in minute_bars(points).items() if place in wanted}
    rows = [
        (
            mint, "1m", "trades", begin, bar.read_at, float(bar.open_usd), float(bar.high_usd),
            float(bar.low_usd), float(bar.close_usd), _float(bar.volume_usd),
        )
        for (mint, begin), bar in sorted(bars.items())
    ]  # fmt: skip
    with transaction.atomic():
        _drop("1m", wanted - bars.keys())
        _TRADES.run(rows)
        shorter: CandleSpan = "1m"
        for span in ("5m", "1h", "1d"):
            touched = {(mint, begin_of(minute, span)) for mint, minute in wanted}
            _drop(span, touched)
            _roll_touched(shorter, span, touched)
            shorter = span
    return len(rows)


def roll_candles(*, since: datetime) -> None:
    """Make the hours and days of quotes that are not over at `since` anew from shorter candles."""
    steps: tuple[tuple[CandleSpan, CandleSpan], ...] = (("5m", "1h"), ("1h", "1d"))
    for shorter, span in steps:
        with connection.cursor() as cursor:
            cursor.execute(
                _ROLL.format(of="", only="c.source = 'quotes' AND c.at >= %(since)s"),
                _lengths(shorter, span) | {"since": begin_of(since, span)},
            )


_ROLL: Final = """
INSERT INTO market_candle AS old
    (mint, span, source, at, read_at, open_usd, high_usd, low_usd, close_usd, volume_usd)
SELECT c.mint, %(span)s, c.source, date_bin(%(length)s, c.at, 'epoch') AS rolled, max(c.read_at),
       (array_agg(c.open_usd ORDER BY c.at))[1], max(c.high_usd), min(c.low_usd),
       (array_agg(c.close_usd ORDER BY c.at DESC))[1],
       CASE WHEN count(c.volume_usd) = count(*) THEN sum(c.volume_usd) END
  FROM market_candle c {of}
 WHERE c.span = %(shorter)s AND {only}
 GROUP BY c.mint, c.source, rolled
ON CONFLICT (mint, span, at, source) DO UPDATE SET
    read_at = excluded.read_at, open_usd = excluded.open_usd, high_usd = excluded.high_usd,
    low_usd = excluded.low_usd, close_usd = excluded.close_usd, volume_usd = excluded.volume_usd
"""
_TOUCHED: Final = (
    "JOIN unnest(%(mints)s::text[], %(begins)s::timestamptz[]) AS t(mint, begin)"
    " ON c.mint = t.mint AND c.at >= t.begin AND c.at < t.begin + %(length)s"
)


def _lengths(shorter: CandleSpan, span: CandleSpan) -> dict[str, Any]:
    return {"shorter": shorter, "span": span, "length": LENGTHS[span]}


def _roll_touched(
    shorter: CandleSpan, span: CandleSpan, touched: Collection[tuple[str, datetime]]
) -> None:
    mints, begins = _columns(touched)
    with connection.cursor() as cursor:
        cursor.execute(
            _ROLL.format(of=_TOUCHED, only="c.source = 'trades'"),
            _lengths(shorter, span) | {"mints": mints, "begins": begins},
        )


def _drop(span: CandleSpan, places: Collection[tuple[str, datetime]]) -> None:
    mints, begins = _columns(places)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM market_candle c"
            " USING unnest(%s::text[], %s::timestamptz[]) AS t(mint, begin)"
            " WHERE c.mint = t.mint AND c.at = t.begin AND c.span = %s AND c.source = 'trades'",
            [mints, begins, span],
        )


def _columns(places: Collection[tuple[str, datetime]]) -> tuple[list[str], list[datetime]]:
    ordered = sorted(places)
    return [mint for mint, _ in ordered], [begin for _, begin in ordered]


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _bucket(one: Snapshot) -> Sequence[Any]:
    usd = _float(one.price_usd)
    last = one.activity.get("5m", Activity())
    return (
        one.mint, bucket_end(one.at), one.at, usd, usd, usd, usd, _float(last.volume_usd),
        *(getattr(last, name) for name in _COUNTS), _float(last.buy_usd), _float(last.sell_usd),
        _float(one.liquidity_usd), _float(one.units), one.holders,
        one.pool if one.units is not None else "",
    )  # fmt: skip


def _quote(one: Snapshot, span: CandleSpan) -> Sequence[Any]:
    usd = _float(one.price_usd)
    volume = _float(one.activity.get("5m", Activity()).volume_usd) if span == "5m" else None
    return (
        one.mint, span, "quotes", begin_of(one.at, span), one.at, usd, usd, usd, usd, volume,
    )  # fmt: skip
