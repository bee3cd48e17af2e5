"""What a run records: once, in few statements, and nothing that may not be kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aura.core.events import read_facts
from aura.core.solana import WSOL
from market.actions import (
    Asked,
    Outcome,
    begin_run,
    fail_run,
    forget_market,
    forget_unstorable,
    list_tokens,
    note_mints,
    record_snapshots,
    skip_run,
)
from market.domain.combine import Combined
from market.domain.readings import Activity, PoolReading, SafetyReading
from market.domain.snapshots import written
from market.events import MarketRead
from market.models import (
    Bucket,
    Candle,
    Listing,
    MarketRun,
    Pool,
    PoolPoint,
    SafetyReport,
    TokenState,
)
from market.queries import (
    buckets_of,
    is_discovery_due,
    latest_run,
    points_of,
    points_of_many,
    pools_of,
    report_rows,
    safety_wanted,
    states_of,
    states_of_run,
    universe,
)
from tests.market.stage import NOW, kept, pool, snapshot

pytestmark = pytest.mark.django_db

D = Decimal
MINUTE = timedelta(minutes=1)
ROWS = (TokenState, Bucket, Candle, Pool, PoolPoint, SafetyReport)


def record(
    made: Sequence[Combined] = (),
    pools: Sequence[PoolReading] = (),
    safety: Sequence[SafetyReading] = (),
    *,
    at: datetime = NOW,
    run: MarketRun | None = None,
) -> MarketRun:
    run = run or begin_run(at=at)
    record_snapshots(
        run, made, pools, safety, at=at, quotes_usd={str(WSOL): D(200)},
        outcome=Outcome(5, 2, {"dexscreener pools": Asked(5, 3, 1, 0.5, "")}, {"b", "a"}),
    )  # fmt: skip
    run.refresh_from_db()
    return run


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in ROWS}


def heard() -> list[int]:
    news: list[Any] = []
    read_facts("a test", news.extend)
    return [fact.run_id for fact in news if isinstance(fact, MarketRead)]


def test_a_run_is_recorded_whole_and_announced() -> None:
    heard()
    activity = {"5m": Activity(volume_usd=D(600), buys=8), "1h": Activity(change=D("0.25"))}
    told = snapshot(
        usd="0.000000000123456789", liquidity_usd=D("40000.5"), market_cap_usd=D(10**9),
        units=D(2000), holders=77, activity=activity, venue="PumpSwap",
    )  # fmt: skip
    run = record(kept(told), [pool()], [SafetyReading("chain", "M1", NOW, can_mint=False)])
    assert (run.state, run.universe, run.tokens, run.discovered) == ("ran", 5, 1, 2)
    assert run.told == {
        "dexscreener pools": {"asked": 5, "read": 3, "odd": 1, "seconds": 0.5, "error": ""}
    }
    assert run.missing == ["a", "b"]
    assert latest_run() == run
    assert heard() == [run.pk]
    assert states_of(["M1", "M2"]) == {"M1": told} == states_of_run(run.pk)
    state = TokenState.objects.get()
    assert (state.price_usd, state.liquidity_usd) == (D("0.000000000123456789"), D("40000.5"))
    assert (state.volume_5m_usd, state.volume_1h_usd, state.change_1h) == (D(600), None, D("0.25"))
    assert (state.run_id, state.holders, state.kept) == (run.pk, 77, None)
    (bucket,) = buckets_of(["M1"], NOW - MINUTE, NOW + 9 * MINUTE)["M1"]
    assert bucket.at == int(NOW.replace(minute=5, second=0).timestamp())
    assert (bucket.open_usd, bucket.close_usd) == (1.23456789e-10, 1.23456789e-10)
    assert (bucket.volume_usd, bucket.buys, bucket.sells, bucket.units) == (600.0, 8, None, 2000.0)
    assert counts() == {
        "TokenState": 1, "Bucket": 1, "Candle": 2, "Pool": 1, "PoolPoint": 1, "SafetyReport": 1,
    }  # fmt: skip


def test_recording_twice_changes_nothing() -> None:
    run = record(kept(snapshot()), [pool(), pool()], [SafetyReading("chain", "M1", NOW)])
    before = {model: list(model.objects.values()) for model in ROWS}
    heard()
    again = record(kept(snapshot(usd="9")), [pool(price_usd=D(9))], run=run)
    assert again.tokens == 1
    assert {model: list(model.objects.values()) for model in ROWS} == before
    assert heard() == []
    other = begin_run(at=NOW)
    record(kept(snapshot()), [pool()], [SafetyReading("chain", "M1", NOW)], run=other)
    after = {model: list(model.objects.values()) for model in ROWS}
    after[TokenState][0]["run_id"] = run.pk
    assert after == before, "the same readings in another run are the same rows"


def test_an_older_snapshot_moves_nothing_back() -> None:
    record(kept(snapshot(usd="2")))
    record(kept(snapshot(usd="1", at=NOW - 20 * timedelta(seconds=1))), at=NOW)
    assert states_of(["M1"])["M1"].price_usd == 2
    (bucket,) = buckets_of(["M1"], NOW, NOW + 5 * MINUTE)["M1"]
    assert (bucket.open_usd, bucket.low_usd, bucket.close_usd) == (2.0, 1.0, 2.0)


def test_a_bucket_gathers_its_readings_and_keeps_what_the_last_leaves_out() -> None:
    begin = NOW.replace(minute=0, second=0)
    for seconds, usd, volume, holders in (
        (30, "4", 100, 50), (150, "7", 120, None), (270, "3", None, 52), (300, "5", 140, 53),
    ):  # fmt: skip
        at = begin + timedelta(seconds=seconds)
        told = {"5m": Activity(volume_usd=None if volume is None else D(volume))}
        record(kept(snapshot(at=at, usd=usd, activity=told, holders=holders)), at=at)
    buckets = buckets_of(["M1"], begin, begin + 10 * MINUTE)["M1"]
    (whole,) = buckets
    prices = (whole.open_usd, whole.high_usd, whole.low_usd, whole.close_usd)
    assert prices == (4.0, 7.0, 3.0, 5.0)
    assert (whole.volume_usd, whole.holders) == (140.0, 53)
    assert buckets_of(["M1"], begin, begin + 5 * MINUTE - timedelta(seconds=1)) == {}
    assert buckets_of(["M1"], begin + 5 * MINUTE, begin + 10 * MINUTE) == {}, "since is left out"


def test_an_unpriced_snapshot_makes_a_bucket_and_no_candle() -> None:
    record(kept(snapshot(usd=None, units=D(5))))
    (bucket,) = buckets_of(["M1"], NOW, NOW + 5 * MINUTE)["M1"]
    assert (bucket.close_usd, bucket.units) == (None, 5.0)
    assert Candle.objects.count() == 0


def test_points_are_what_pools_held() -> None:
    in_usdc: dict[str, Any] = {
        "quote_mint": "USDC", "price_quote": None, "price_usd": D(3), "pool": "P2",
        "liquidity_usd": D(30_000),
    }  # fmt: skip
    readings = [
        pool(), pool(at=NOW + MINUTE, base=D("0.000000000000000001"), quote=None),
        pool(source="chain", price_usd=None, liquidity_usd=None), pool(**in_usdc),
        pool("M2"), pool(price_usd=D("NaN"), price_quote=None, base=None, at=NOW - MINUTE),
        pool(pool="", price_usd=D(77)),
    ]  # fmt: skip
    record(kept(snapshot()), readings)
    told = points_of("M1", NOW - MINUTE, NOW + MINUTE)
    assert [(p.pool, p.source, p.at) for p in told] == [
        ("P2", "dexscreener", NOW), ("pool M1", "chain", NOW), ("pool M1", "dexscreener", NOW),
        ("pool M1", "dexscreener", NOW + MINUTE),
    ]  # fmt: skip
    other, chain, dex, later = told
    assert (dex.venue, dex.base, dex.quote, dex.quote_usd) == (
        "PumpSwap",
        D(40_000),
        D(100),
        D(200),
    )
    assert (chain.price_usd, chain.quote_usd, chain.liquidity_usd) == (D("0.5"), D(200), None)
    assert (later.base, later.quote, later.price_usd) == (None, None, D("0.5"))
    assert other.quote_usd is None, "nothing tells what its quote coin costs"
    assert [p.pool for p in points_of_many(["M1", "M2"], NOW, NOW)["M2"]] == ["pool M2"]
    assert points_of("M1", NOW + 2 * MINUTE, NOW + 3 * MINUTE) == []
    rows = pools_of("M1")
    assert [(row.pool.pk, row.point.at if row.point else None) for row in rows] == [
        ("pool M1", NOW + MINUTE), ("P2", NOW),
    ]  # fmt: skip


def test_a_pool_keeps_what_it_was_told_of_first() -> None:
    record(kept(snapshot()), [pool(opened_at=NOW - MINUTE)])
    stolen = pool("M9", pool="pool M1", venue="", opened_at=NOW - 9 * MINUTE, at=NOW + MINUTE)
    record(kept(snapshot("M9")), [stolen, pool("M3", venue="pump.fun")])
    first, curve = Pool.objects.get(pk="pool M1"), Pool.objects.get(mint="M3")
    assert (first.mint, first.venue, first.is_curve) == ("M1", "PumpSwap", False)
    assert (first.opened_at, first.seen_at) == (NOW - 9 * MINUTE, NOW + MINUTE)
    assert curve.is_curve


def test_what_may_not_be_kept_is_forgotten_before_three_minutes() -> None:
    whole = snapshot(holders=77, usd="2")
    mine = snapshot(usd="1.9")
    record(
        [Combined(whole, mine), Combined(snapshot("M2"), None), *kept(snapshot("M3"))],
        [pool(source="birdeye")], [SafetyReading("birdeye", "M1", NOW, can_mint=True)],
    )  # fmt: skip
    assert states_of(["M1"])["M1"].holders == 77
    assert counts() == {
        "TokenState": 3, "Bucket": 2, "Candle": 4, "Pool": 0, "PoolPoint": 0, "SafetyReport": 0,
    }  # fmt: skip
    assert sorted(Bucket.objects.values_list("mint", "close_usd")) == [("M1", 1.9), ("M3", 1.0)]
    assert set(Candle.objects.values_list("mint", "close_usd")) == {("M1", 1.9), ("M3", 1.0)}
    assert forget_unstorable(at=NOW + timedelta(seconds=110)) == 0
    assert forget_unstorable(at=NOW + timedelta(seconds=120)) == 2
    assert states_of(["M1", "M2", "M3"]) == {"M1": mine, "M3": snapshot("M3")}
    state = TokenState.objects.get(pk="M1")
    assert (state.holders, state.price_usd, state.kept) == (None, D("1.9"), None)
    assert state.snapshot == written(mine)
    assert forget_unstorable(at=NOW + timedelta(seconds=130)) == 0


def test_safety_is_kept_as_a_history_of_changes() -> None:
    told = {"can_mint": True, "top10_share": D("0.400"), "creator": "C", "risks": ("Mutable",)}
    steps: list[tuple[int, dict[str, Any]]] = [
        (0, told),
        (1, told | {"top10_share": D("0.409"), "holders": 9}),
        (2, told | {"top10_share": D("0.411")}),
        (3, told | {"top10_share": D("0.411"), "can_mint": False}),
        (2, {"rugged": True}),
    ]
    for minute, fields in steps:
        at = NOW + minute * MINUTE
        record(
            kept(snapshot()),
            safety=[SafetyReading("rugcheck", "M1", at, score=D(minute), **fields)],
        )
    rows = report_rows("M1")
    assert [(r.report.since, r.report.read_at, r.report.is_latest) for r in rows] == [
        (NOW + 3 * MINUTE, NOW + 3 * MINUTE, True),
        (NOW + 2 * MINUTE, NOW + 2 * MINUTE, False),
        (NOW, NOW + MINUTE, False),
    ]
    assert (rows[0].reading.can_mint, rows[0].reading.score) == (False, 3)
    assert rows[2].reading == SafetyReading("rugcheck", "M1", NOW + MINUTE, score=D(1), **told)


def test_runs_that_skip_fail_or_die_are_rows_with_a_reason() -> None:
    died = begin_run(at=NOW - 5 * MINUTE)
    run = begin_run(at=NOW)
    skipped = skip_run(at=NOW + MINUTE)
    assert (skipped.state, skipped.reason) == ("skipped", "another run is under way since 12:01:40")
    fail_run(run, "no source told anything", at=NOW + 2 * MINUTE, outcome=Outcome(4, missing=["x"]))
    for one in (died, run):
        one.refresh_from_db()
    assert (died.state, died.reason) == ("failed", "ended without a word")
    assert (run.state, run.reason, run.universe, run.missing) == (
        "failed", "no source told anything", 4, ["x"],
    )  # fmt: skip
    heard()
    assert record(kept(snapshot()), run=run).state == "failed"
    assert (states_of(["M1"]), heard(), latest_run()) == ({}, [], None)


def test_as_many_statements_for_a_thousand_tokens_as_for_ten() -> None:
    def statements(n: int, at: datetime) -> int:
        mints = [f"{n} {i}" for i in range(n)]
        run = begin_run(at=at)
        with CaptureQueriesContext(connection) as queries:
            record_snapshots(
                run, kept(*(snapshot(m, at) for m in mints)), [pool(m, at) for m in mints],
                [SafetyReading("chain", m, at, can_mint=True) for m in mints],
                at=at, outcome=Outcome(n), quotes_usd={},
            )  # fmt: skip
        return len(queries)

    assert statements(10, NOW) == statements(1_000, NOW + MINUTE) == 14
    assert counts() == {
        "TokenState": 1010, "Bucket": 1010, "Candle": 2020, "Pool": 1010, "PoolPoint": 1010,
        "SafetyReport": 1010,
    }  # fmt: skip


def test_many_tokens_are_read_back_in_one_query_each() -> None:
    mints = [f"M{i}" for i in range(50)]
    run = record(kept(*(snapshot(m) for m in mints)), [pool(m) for m in mints])
    asks = [
        lambda: states_of(mints), lambda: states_of_run(run.pk),
        lambda: buckets_of(mints, NOW, NOW + 5 * MINUTE), lambda: points_of_many(mints, NOW, NOW),
    ]  # fmt: skip
    for ask in asks:
        with CaptureQueriesContext(connection) as queries:
            assert sorted(ask()) == sorted(mints)
        assert len(queries) == 1


def test_the_universe_is_what_must_be_read_then_what_is_new_then_what_is_traded() -> None:
    volume = {"1h": Activity(volume_usd=D(900))}
    record(kept(snapshot("busy", activity=volume), snapshot("quiet"), snapshot("watched")))
    day, new = NOW - timedelta(hours=25), NOW - MINUTE
    found, traded = Listing.Kind.DISCOVERED, Listing.Kind.TRADED
    list_tokens(["busy", "quiet"], kind=found, source="a", name="top", at=new)
    list_tokens(["watched"], kind=Listing.Kind.WATCHED, source="signals", at=new)
    list_tokens(["new", str(WSOL)], kind=traded, source="trades", at=new)
    list_tokens(["unknown"], kind=found, source="a", name="top", at=NOW - timedelta(hours=2))
    list_tokens(["gone"], kind=found, source="a", name="top", at=day)
    note_mints({"seen": 6, "busy": 6, str(WSOL): 9})
    order = ["watched", "new", "busy", "quiet", "seen", "unknown"]
    assert universe(NOW, limit=10) == order
    assert universe(NOW, limit=3) == order[:3]
    list_tokens(["gone"], kind=found, source="a", name="top", at=NOW)
    list_tokens(["gone"], kind=found, source="a", name="top", at=day)
    assert "gone" in universe(NOW, limit=10), "named again it counts again, and is not made older"
    assert Listing.objects.filter(mint="gone").count() == 1


def test_lists_are_asked_for_with_every_fifth_run() -> None:
    due = []
    for minute in range(12):
        at = NOW + minute * MINUTE
        due.append(is_discovery_due())
        run = begin_run(at=at)
        outcome = Outcome(3, discovered=3 if due[-1] else 0)
        record_snapshots(run, [], [], [], at=at, outcome=outcome, quotes_usd={})
        skip_run(at=at)
    assert [i for i, one in enumerate(due) if one] == [0, 5, 10]


def test_safety_is_asked_for_of_the_first_that_are_due() -> None:
    ages = {"old": 30, "fresh": 0, "older": 40}
    told = [SafetyReading("rugcheck", mint, NOW - age * MINUTE) for mint, age in ages.items()]
    told.append(SafetyReading("chain", "none", NOW))
    record(kept(snapshot()), safety=told)
    mints = ["fresh", "old", "none", "older", "other"]
    assert safety_wanted(mints, "rugcheck", now=NOW, limit=9) == ["none", "other", "older", "old"]
    assert safety_wanted(mints, "rugcheck", now=NOW, limit=1) == ["none"]


def test_everything_is_kept_as_long_as_it_is_said() -> None:
    days = timedelta(days=1)
    for age in (0 * days, 4 * days, 31 * days, 91 * days, 800 * days):
        at = NOW - age
        list_tokens([f"M{age.days}"], kind=Listing.Kind.TRADED, source="trades", at=at)
        told = SafetyReading("chain", "M", at, can_mint=bool(age.days % 2))
        record(kept(snapshot(f"M{age.days}", at)), [pool(f"M{age.days}", at)], [told], at=at)
    SafetyReport.objects.update(is_latest=False)
    Candle.objects.create(
        mint="M800", span="1h", source="quotes", at=NOW - 800 * days, read_at=NOW, open_usd=1,
        high_usd=1, low_usd=1, close_usd=1,
    )  # fmt: skip
    assert forget_market(at=NOW, seconds=0) == 0
    forget_market(at=NOW, seconds=60)
    assert set(Bucket.objects.values_list("mint", flat=True)) == {"M0"}
    assert set(PoolPoint.objects.values_list("mint", flat=True)) == {"M0"}
    assert set(TokenState.objects.values_list("mint", flat=True)) == {"M0", "M4"}
    assert set(Listing.objects.values_list("mint", flat=True)) == {"M0", "M4"}
    assert set(Candle.objects.values_list("mint", "span")) == {
        ("M0", "1m"), ("M4", "1m"), ("M0", "5m"), ("M4", "5m"), ("M31", "5m"),
    }  # fmt: skip
    assert MarketRun.objects.count() == 2
    assert forget_market(at=NOW, seconds=60) == 0
