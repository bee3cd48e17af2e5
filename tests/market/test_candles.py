"""Candles: of quotes as they come, of all recorded trades of a minute, rolled up."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.actions import (
    Outcome,
    begin_run,
    record_snapshots,
    record_trades_in_candles,
    roll_candles,
)
from market.domain.candles import LENGTHS, TradePoint, begin_of, bucket_end, minute_bars
from market.domain.readings import Activity
from market.models import Candle
from market.queries import candles_of
from tests.market.stage import NOW, kept, snapshot

D = Decimal
HOUR = NOW.replace(minute=0, second=0)
MINUTE = timedelta(minutes=1)


def trade(minute: int, usd: str, second: int = 0, order: int = 0, mint: str = "M1") -> TradePoint:
    at = HOUR + timedelta(minutes=minute, seconds=second)
    return TradePoint(mint, at, (order,), D(usd), D(100))


def ohlc(candle: Candle) -> tuple[Any, ...]:
    return candle.open_usd, candle.high_usd, candle.low_usd, candle.close_usd, candle.volume_usd


def shown(span: Any, since: datetime = HOUR, until: datetime = HOUR + timedelta(days=1)) -> Any:
    return [
        (int((c.at - HOUR).total_seconds() / 60), c.source, *ohlc(c))
        for c in candles_of("M1", span, since, until)
    ]


def record(points: list[TradePoint], *minutes: int, at: datetime = NOW) -> int:
    places = {("M1", HOUR + m * MINUTE) for m in minutes} | {(p.mint, p.at) for p in points}
    return record_trades_in_candles(points, places, at=at)


def quote(second: int, usd: str, volume: int | None = None) -> None:
    at = HOUR + timedelta(seconds=second)
    told = {"5m": Activity(volume_usd=None if volume is None else D(volume))}
    run = begin_run(at=at)
    record_snapshots(
        run, kept(snapshot(at=at, usd=usd, activity=told)), [], [], at=at, outcome=Outcome(1),
        quotes_usd={},
    )  # fmt: skip


def test_spans_begin_and_end_on_their_clock() -> None:
    assert begin_of(NOW, "1m") == NOW.replace(second=0)
    assert begin_of(NOW, "5m") == begin_of(NOW, "1h") == HOUR
    assert begin_of(NOW, "1d") == HOUR.replace(hour=0)
    assert bucket_end(NOW) == HOUR + 5 * MINUTE
    assert bucket_end(HOUR) == HOUR
    assert bucket_end(HOUR + timedelta(microseconds=1)) == HOUR + 5 * MINUTE


def test_a_bar_is_made_of_trades_in_chain_order() -> None:
    told = [trade(0, "3", 20), trade(0, "2", 5, 2), trade(0, "4", 5, 1), trade(1, "9")]
    bar = minute_bars(told)["M1", HOUR]
    assert (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd) == (D(4), D(4), D(2), D(3))
    assert (bar.volume_usd, bar.read_at) == (D(300), HOUR + timedelta(seconds=20))


@pytest.mark.django_db
def test_trades_make_candles_of_every_span() -> None:
    told = [trade(0, "2"), trade(0, "4", 30), trade(3, "1"), trade(7, "8"), trade(61, "5")]
    assert record(told) == 4
    assert shown("1m") == [
        (0, "trades", 2.0, 4.0, 2.0, 4.0, 200.0), (3, "trades", 1.0, 1.0, 1.0, 1.0, 100.0),
        (7, "trades", 8.0, 8.0, 8.0, 8.0, 100.0), (61, "trades", 5.0, 5.0, 5.0, 5.0, 100.0),
    ]  # fmt: skip
    assert shown("5m") == [
        (0, "trades", 2.0, 4.0, 1.0, 1.0, 300.0), (5, "trades", 8.0, 8.0, 8.0, 8.0, 100.0),
        (60, "trades", 5.0, 5.0, 5.0, 5.0, 100.0),
    ]  # fmt: skip
    assert shown("1h") == [
        (0, "trades", 2.0, 8.0, 1.0, 8.0, 400.0), (60, "trades", 5.0, 5.0, 5.0, 5.0, 100.0),
    ]  # fmt: skip
    (day,) = candles_of("M1", "1d", HOUR - timedelta(days=1), HOUR)
    assert ohlc(day) == (2.0, 8.0, 1.0, 5.0, 500.0)


@pytest.mark.django_db
def test_trades_that_come_late_or_are_dropped_make_their_minute_anew() -> None:
    record([trade(0, "2"), trade(3, "1"), trade(3, "5", mint="M2")])
    record([trade(0, "2", 30), trade(0, "6", 10)])
    assert shown("1m")[0] == (0, "trades", 6.0, 6.0, 2.0, 2.0, 200.0)
    assert shown("1h") == [(0, "trades", 6.0, 6.0, 1.0, 1.0, 300.0)]
    record([], 3)
    assert shown("1h") == shown("5m") == shown("1m") == [(0, "trades", 6.0, 6.0, 2.0, 2.0, 200.0)]
    record([], 0)
    assert set(Candle.objects.values_list("mint", flat=True)) == {"M2"}


@pytest.mark.django_db
def test_minutes_whose_neighbours_are_gone_are_passed_over() -> None:
    record([trade(0, "2")])
    assert record([trade(0, "9")], at=NOW + timedelta(days=31)) == 0
    assert record([], 0, at=NOW + timedelta(days=31)) == 0
    assert shown("1m") == [(0, "trades", 2.0, 2.0, 2.0, 2.0, 100.0)]


@pytest.mark.django_db
def test_points_outside_the_named_minutes_change_nothing() -> None:
    record([trade(0, "2"), trade(0, "3", 30)])
    record_trades_in_candles([trade(0, "9")], {("M1", HOUR + MINUTE)}, at=NOW)
    assert shown("1m") == [(0, "trades", 2.0, 3.0, 2.0, 3.0, 200.0)]


TRADES = st.lists(
    st.builds(
        trade, st.integers(0, 130), st.sampled_from(["1", "2", "3", "0.5"]), st.integers(0, 59),
        st.integers(0, 3),
    ),
    max_size=12,
)  # fmt: skip


@given(told=TRADES, chance=st.randoms())
@settings(max_examples=25, deadline=None)
@pytest.mark.django_db
def test_any_order_and_any_batches_make_the_same_candles(
    told: list[TradePoint], chance: Any
) -> None:
    def rows() -> list[Any]:
        every = Candle.objects.order_by("span", "at")
        return [(c.span, c.at, c.read_at, *ohlc(c)) for c in every]

    Candle.objects.all().delete()
    record(told)
    at_once = rows()
    Candle.objects.all().delete()
    later = list(told)
    chance.shuffle(later)
    for i in range(len(later)):
        known = later[: i + 1]
        minute = begin_of(later[i].at, "1m")
        record([p for p in known if begin_of(p.at, "1m") == minute])
    assert rows() == at_once
    for span, length in LENGTHS.items():
        spans = {begin_of(p.at, span) for p in told}
        found = [(begin, volume) for s, begin, *_, volume in at_once if s == span]
        assert {begin for begin, _ in found} == spans, length
        assert sum(volume for _, volume in found) == 100.0 * len(told)


@pytest.mark.django_db
def test_quotes_make_candles_and_are_rolled_up() -> None:
    for second, usd, volume in ((5, "2", 50), (45, "5", 60), (130, "3", 80), (400, "4", 20)):
        quote(second, usd, volume)
    assert shown("1m") == [
        (0, "quotes", 2.0, 5.0, 2.0, 5.0, None), (2, "quotes", 3.0, 3.0, 3.0, 3.0, None),
        (6, "quotes", 4.0, 4.0, 4.0, 4.0, None),
    ]  # fmt: skip
    assert shown("5m") == [
        (0, "quotes", 2.0, 5.0, 2.0, 3.0, 80.0), (5, "quotes", 4.0, 4.0, 4.0, 4.0, 20.0),
    ]  # fmt: skip
    assert shown("1h") == []
    for _ in range(2):
        roll_candles(since=HOUR + 30 * MINUTE)
        assert shown("1h") == [(0, "quotes", 2.0, 5.0, 2.0, 4.0, 100.0)]
    quote(700, "9")
    roll_candles(since=HOUR)
    assert shown("1h") == [(0, "quotes", 2.0, 9.0, 2.0, 9.0, None)], "part of the volume is none"
    assert Candle.objects.filter(span="1d").count() == 1
    Candle.objects.filter(span__in=["1h", "1d"]).delete()
    roll_candles(since=HOUR + timedelta(days=1))
    assert not Candle.objects.filter(span__in=["1h", "1d"]).exists(), "what is over is left alone"


@pytest.mark.django_db
def test_a_chart_shows_trades_where_there_are_any_and_quotes_elsewhere() -> None:
    quote(5, "2")
    quote(70, "2.5")
    record([trade(0, "3")])
    assert [row[:2] for row in shown("1m")] == [(0, "trades"), (1, "quotes")]
    assert shown("1m", since=HOUR + MINUTE) == [(1, "quotes", 2.5, 2.5, 2.5, 2.5, None)]
