"""The whole run, from lists to the announcement, on good days and on bad ones."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from aura.core import clock, quota
from aura.core.errors import Denied, Garbled, RateLimited, Unavailable
from aura.core.events import read_facts
from aura.core.locks import alone
from aura.core.solana import WSOL
from market.actions import list_tokens, record_sol_prices
from market.domain.prices import SolQuote
from market.domain.readings import TokenReading
from market.domain.sources import Listed
from market.events import MarketRead
from market.models import Bucket, Candle, Listing, MarketRun, PoolPoint, SafetyReport, Token
from market.queries import points_of, states_of
from market.tasks import forget_unstorable_states, read_market, reading, roll_quotes
from tests.market.stage import NOW, Stage, pool

D = Decimal
SOURCES = {
    "pools": ["tests.market.stage.Pools"],
    "tokens": ["tests.market.stage.Tokens"],
    "safety": ["tests.market.stage.Safety"],
    "discovery": ["tests.market.stage.Lists"],
}
LISTED = [f"M{i}" for i in range(5)]
EVERYONE = ["dexscreener pools", "jupiter tokens", "rugcheck safety"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.MARKET_SOURCES = SOURCES
    settings.SOURCES_OFF = []
    monkeypatch.setattr(clock, "now", lambda: NOW)
    Stage.set(NOW)
    read_facts("a test", lambda _: None)
    return


def run() -> MarketRun:
    pk = read_market()
    return MarketRun.objects.get(pk=pk)


def heard() -> list[int]:
    news: list[Any] = []
    read_facts("a test", news.extend)
    return [fact.run_id for fact in news if isinstance(fact, MarketRead)]


def fail(error: Exception) -> Any:
    def say(*_: Any, **__: Any) -> Any:
        raise error

    return say


def everything() -> list[Any]:
    rows = (Bucket, Candle, PoolPoint, SafetyReport)
    return [states_of(LISTED), *(list(model.objects.values()) for model in rows)]


def test_the_lists_are_read_put_together_recorded_and_announced() -> None:
    record_sol_prices([SolQuote(NOW, D(200), "dexscreener")])
    read = run()
    assert (read.state, read.universe, read.tokens, read.discovered) == ("ran", 5, 5, 5)
    assert (read.missing, read.reason) == ([], "")
    told = {n: (t["asked"], t["read"], t["odd"], t["error"]) for n, t in read.told.items()}
    assert told == {
        "dexscreener lists": (1, 5, 0, ""),
        "dexscreener pools": (5, 5, 0, ""),
        "jupiter tokens": (5, 5, 1, ""),
        "rugcheck safety": (5, 5, 0, ""),
    }
    assert sorted(len(mints) for kind, mints in Stage.asked if kind == "pools") == [1, 2, 2]
    assert heard() == [read.pk]
    state = states_of(LISTED)["M3"]
    assert (state.price_usd, state.is_verified, state.holders) == (D("0.5"), True, 90)
    assert state.prices == {"dexscreener": D("0.5"), "jupiter": D("0.51")}
    assert state.price_times == {"dexscreener": NOW, "jupiter": NOW}
    assert (state.units, state.safety.top10_share) == (D(2000), D("0.2"))
    assert points_of("M3", NOW, NOW)[0].quote_usd == D(200)
    assert SafetyReport.objects.filter(is_latest=True).count() == 5
    assert dict(Token.objects.values_list("mint", "decimals")) == dict.fromkeys(LISTED, 6)
    assert Listing.objects.get(mint="M3").name == "boosts"


def test_the_next_run_asks_no_list_and_nobody_twice_about_danger() -> None:
    run()
    Stage.asked = []
    again = run()
    assert {kind for kind, _ in Stage.asked} == {"pools", "tokens"}
    assert (again.state, again.discovered, again.missing) == ("ran", 0, [])
    assert states_of(["M1"])["M1"].safety.top10_share == D("0.2"), "what was said before counts"


def test_danger_is_asked_about_again_after_ten_minutes_and_counts_for_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run()
    Stage.asked = []
    later = NOW + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    run()
    assert len([kind for kind, _ in Stage.asked if kind == "safety"]) == 5
    Stage.set(NOW + timedelta(hours=23))
    Stage.safety = fail(Unavailable("rugcheck", "timed out"))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=23))
    assert run().missing == ["rugcheck safety"]
    assert states_of(["M1"])["M1"].safety.top10_share == D("0.2")
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(hours=24, seconds=1))
    list_tokens(LISTED, kind=Listing.Kind.WATCHED, source="signals", at=clock.now())
    Stage.pools = lambda mints: [pool(mint, clock.now()) for mint in mints]
    run()
    assert states_of(["M1"])["M1"].safety.top10_share is None


def test_only_so_many_are_asked_about_danger_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SAFETY_A_RUN", 2)
    list_tokens(["M4", "M3"], kind=Listing.Kind.WATCHED, source="signals", at=NOW)
    run()
    asked = [mints for kind, mints in Stage.asked if kind == "safety"]
    assert asked == [["M3"], ["M4"]], "what must be read goes first"


@pytest.mark.parametrize(
    ("kind", "missing", "tokens"),
    [("pools", EVERYONE[0], 5), ("tokens", EVERYONE[1], 5), ("safety", EVERYONE[2], 5)],
)
@pytest.mark.parametrize(
    "error",
    [
        Unavailable("v", "timed out"), RateLimited("v", "too many", retry_after=9),
        Denied("v", "no such key"), Garbled("v", "no list"), KeyError("price"),
    ],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_who_fails_is_left_out_and_the_others_go_on(
    kind: str, missing: str, tokens: int, error: Exception
) -> None:
    setattr(Stage, kind, fail(error))
    read = run()
    assert (read.state, read.tokens, read.missing) == ("ran", tokens, [missing])
    assert read.told[missing]["read"] == 0
    expected = "KeyError in its adapter" if isinstance(error, KeyError) else str(error)
    assert expected in read.told[missing]["error"]
    calls = len([k for k, _ in Stage.asked if k == kind])
    patient = isinstance(error, Unavailable | Garbled) and kind != "tokens"
    assert calls == (2 if patient else 1), "a second try, no more"
    state = states_of(["M1"])["M1"]
    assert state.is_verified is (kind == "safety")
    assert (state.safety.top10_share is None) is (kind == "safety")


def test_a_source_that_fails_in_the_middle_is_missing_in_part() -> None:
    def half(mints: Any) -> Any:
        if "M2" in mints:
            raise Garbled("dexscreener", "no list")
        return [pool(mint, NOW) for mint in mints]

    Stage.pools = half
    read = run()
    assert (read.told[EVERYONE[0]]["read"], read.missing) == (3, [EVERYONE[0]])
    assert read.tokens == 5
    assert sum(one.pool != "" for one in states_of(LISTED).values()) == 3


def test_when_every_source_fails_the_run_says_so_and_no_price_changes() -> None:
    run()
    before = everything()
    heard()
    for kind in ("pools", "tokens", "safety", "lists"):
        setattr(Stage, kind, fail(Unavailable(kind, "timed out")))
    read = run()
    assert (read.state, read.reason) == ("failed", "no source told anything")
    assert read.missing == EVERYONE[:2]
    assert read.told["jupiter tokens"]["error"] == "tokens: timed out"
    assert read.ended_at == NOW
    assert everything() == before
    assert heard() == []


def test_lists_that_fail_leave_what_was_listed_before() -> None:
    Stage.lists = fail(Unavailable("dexscreener", "timed out"))
    read = run()
    assert (read.state, read.reason) == ("failed", "no token is listed yet")
    assert read.missing == ["dexscreener lists"]
    list_tokens(["M9"], kind=Listing.Kind.TRADED, source="trades", at=NOW)
    again = run()
    assert (again.state, again.tokens, again.missing) == ("ran", 1, ["dexscreener lists"])


def test_nothing_told_is_no_failure_of_the_source_and_changes_nothing() -> None:
    Stage.pools = Stage.tokens = Stage.safety = lambda mints: []
    read = run()
    assert (read.state, read.reason, read.missing) == ("failed", "no source told anything", [])
    assert states_of(LISTED) == {}


def test_strange_readings_cost_only_themselves() -> None:
    def strange(mints: Any) -> Any:
        return [
            pool("M0", NOW, price_usd=D("NaN"), base=D(-1), liquidity_usd=D("Infinity")),
            pool("M1", NOW, price_usd=D("1e300"), price_quote=D("1e300"), liquidity_usd=D(0)),
            pool("M2", NOW + timedelta(hours=1)),
            pool("M3", NOW, liquidity_usd=D(0), base=None),
            pool("unasked", NOW),
            pool("M4", NOW), pool("M4", NOW), "text", None,
        ]  # fmt: skip

    Stage.pools = strange
    Stage.tokens = lambda mints: []
    read = run()
    assert (read.state, read.missing) == ("ran", [])
    states = states_of([*LISTED, "unasked"])
    assert sorted(states) == ["M0", "M1", "M3", "M4"], "M2 was read in the future"
    assert [states[m].price_usd for m in sorted(states)] == [None, None, D("0.5"), D("0.5")]
    assert [states[m].liquidity_usd for m in sorted(states)] == [None, None, None, D(40_000)]
    assert states["M1"].units == D(2000)
    for point in PoolPoint.objects.all():
        assert point.price_usd in (None, D("0.5"))


def test_a_silent_source_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BUDGET", 1.5)
    over = threading.Event()

    def silent(mints: Any) -> Any:
        over.wait(60)
        return [pool(mint, NOW, price_usd=D(9)) for mint in mints]

    Stage.pools = silent
    read = run()
    over.set()
    assert (read.state, read.tokens, read.missing) == ("ran", 5, [EVERYONE[0]])
    assert read.told[EVERYONE[0]]["error"] == "not done in time"
    assert states_of(["M1"])["M1"].prices == {"jupiter": D("0.51")}


def test_a_run_never_overlaps_another() -> None:
    under_way = MarketRun.objects.create(started_at=NOW - timedelta(seconds=90))
    done, held = threading.Event(), threading.Event()

    def hold() -> None:
        with alone(reading._READING_MARKET):
            held.set()
            done.wait(60)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(30)
        assert read_market() is None
    finally:
        done.set()
        other.join()
    skipped = MarketRun.objects.exclude(pk=under_way.pk).get()
    assert (skipped.state, skipped.reason) == ("skipped", "another run is under way since 12:00:10")
    assert Stage.asked == []
    assert run().state == "ran"
    under_way.refresh_from_db()
    assert (under_way.state, under_way.reason) == ("failed", "ended without a word")


def test_a_fault_of_ours_is_a_failed_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "combined", fail(ZeroDivisionError("x")))
    with pytest.raises(ZeroDivisionError):
        read_market()
    assert MarketRun.objects.get().reason == "ZeroDivisionError, see the log"


def test_calls_are_made_as_sweeps_are(monkeypatch: pytest.MonkeyPatch) -> None:
    purposes: set[Any] = set()
    good = Stage.pools

    def note(mints: Any) -> Any:
        purposes.add(quota.purpose())
        return good(mints)

    Stage.pools = note
    run()
    assert purposes == {quota.SWEEP}


def test_what_may_not_be_stored_is_only_ever_the_latest(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MARKET_SOURCES = SOURCES | {"tokens": ["tests.market.stage.Unkept"]}
    Stage.tokens = lambda mints: [
        TokenReading("birdeye", mint, NOW, price_usd=D("0.6")) for mint in mints
    ]
    run()
    state = states_of(["M1"])["M1"]
    assert state.prices == {"dexscreener": D("0.5"), "birdeye": D("0.6")}
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=2))
    assert forget_unstorable_states() == 5
    assert states_of(["M1"])["M1"].prices == {"dexscreener": D("0.5")}
    roll_quotes()
    assert set(Candle.objects.values_list("high_usd", flat=True)) == {0.5}
    assert Candle.objects.filter(span="1h").count() == 5


def test_a_run_of_many_tokens_takes_as_many_statements_as_one_of_few() -> None:
    def statements(n: int) -> int:
        Stage.lists = lambda: [Listed(f"M{i}", "boosts") for i in range(n)]
        MarketRun.objects.all().delete()
        SafetyReport.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            assert run().universe == n
        return len(queries)

    assert statements(5) == statements(200)


def test_money_is_no_token_to_look_at() -> None:
    Stage.lists = lambda: [Listed(str(WSOL), "boosts"), Listed("M1", "boosts")]
    assert run().universe == 1


def test_time_is_not_spent_on_more_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BUDGET", 0.0)
    began = time.monotonic()
    list_tokens(["M1"], kind=Listing.Kind.TRADED, source="trades", at=NOW)
    read = run()
    assert (read.state, Stage.asked) == ("failed", [])
    assert read.missing == ["dexscreener lists", *EVERYONE]
    assert time.monotonic() - began < 30
