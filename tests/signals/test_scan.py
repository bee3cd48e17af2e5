"""A scan at the level of rows: what the market read becomes signals, once, and lives on."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.actions import Outcome, begin_run, record_snapshots, skip_run
from market.domain.combine import Combined
from market.domain.readings import Activity
from market.domain.snapshots import Safety, Snapshot
from market.models import Bucket as BucketRow
from market.models import Listing, MarketRun
from signals.actions import scan_market
from signals.domain.assess import assess
from signals.domain.rules import RULES_VERSION, Rules
from signals.domain.verdicts import Assessment
from signals.domain.windows import Bucket, TokenWindow
from signals.loops import scan_news
from signals.models import Component, Control, Grade, RecordEntry, Scan, Signal, StrategyState
from signals.queries.pages_replay import replay
from tests.make import address, make_wallet
from tests.signals import scenes
from wallets.models import Holding

pytestmark = pytest.mark.django_db

START = datetime.fromtimestamp(scenes.AT, UTC)
TOLD: dict[str, Any] = {
    f.name: Decimal(str(v)) if isinstance(v, float) else v
    for f in fields(scenes.SAFE)
    if (v := getattr(scenes.SAFE, f.name)) is not None
}
SAFE = Safety(**TOLD, sources={"can_mint": "chain"})
SHIFT = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def clock_at_start(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    clock = Clock()
    monkeypatch.setattr("aura.core.clock.now", clock)
    return clock


class Clock:
    def __init__(self) -> None:
        self.at = START + timedelta(seconds=2)

    def __call__(self) -> datetime:
        return self.at


def seen(window: TokenWindow, mint: str, at: datetime = START, **changes: Any) -> Snapshot:
    """The snapshot a window made by hand would come of."""
    activity = {
        span: Activity(**{f.name: _decimal(getattr(flow, f.name)) for f in fields(flow)})
        for span, flow in window.flows.items()
    }
    told = {
        "venue": window.venue, "pool": f"pool {mint[:20]}", "liquidity_usd": window.liquidity_usd,
        "base": window.base, "quote": window.quote, "units": window.units,
        "market_cap_usd": window.market_cap_usd,
    }  # fmt: skip
    given = {name: _decimal(value) for name, value in told.items()} | {
        "holders": window.holders, "opened_at": START - timedelta(days=2), "safety": SAFE,
        "activity": activity,
        "sources": {"price_usd": "dexscreener"} | {
            f"{span} volume_usd": "dexscreener" for span in activity
        },
    }  # fmt: skip
    price = _decimal(window.price_usd)
    return Snapshot(
        mint=mint, at=at, read_at=at - timedelta(seconds=20), price_usd=price,
        prices={"dexscreener": price, "jupiter": price}, is_verified=True,
        **(given | changes),
    )  # fmt: skip


def _decimal(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def store_day(mint: str, buckets: Iterable[Bucket]) -> None:
    BucketRow.objects.bulk_create(
        BucketRow(
            mint=mint, at=datetime.fromtimestamp(one.at, UTC), read_at=START,
            **{f.name: getattr(one, f.name) for f in fields(one) if f.name != "at"},
        )
        for one in buckets
    )  # fmt: skip


def read(snapshots: Iterable[Snapshot], *, kept: bool = True) -> MarketRun:
    """Record a reading of the market as the task does."""
    snapshots = list(snapshots)
    at = max((one.at for one in snapshots), default=START)
    run = begin_run(at=at)
    made = [Combined(one, one if kept else None) for one in snapshots]
    assert record_snapshots(run, made, [], [], at=at, outcome=Outcome(len(made)), quotes_usd={})
    return run


def quiet(name: str, at: datetime = START) -> Snapshot:
    mint = address(f"mint {name}")
    if not BucketRow.objects.filter(mint=mint).exists():
        store_day(mint, scenes.day())
    return seen(scenes.window(), mint, at)


def burst(name: str = "BURST", at: datetime = START, **changes: Any) -> Snapshot:
    """A token bought in a hurry; own trades are not known here, so trades stand for traders."""
    mint = address(f"mint {name}")
    if not BucketRow.objects.filter(mint=mint).exists():
        store_day(mint, scenes.day())
    window = scenes.high_volume()
    flows = dict(window.flows) | {"1h": scenes.flow(20_000.0, 200, 120, 0.1)}
    return seen(replace(window, flows=flows), mint, at, **changes)


def watched() -> Snapshot:
    """The same token bought less hastily, at an unverified price."""
    whole = burst()
    flows = {"5m": scenes.flow(5_200.0, 16, 13, 0.0), "1h": scenes.flow(16_000.0, 150, 110, 0.0)}
    window = scenes.high_volume()
    weak = seen(replace(window, flows=dict(window.flows) | flows), whole.mint)
    held = replace(SAFE, top10_share=Decimal("0.49"), wash_share=Decimal("0.45"))
    prices = {"dexscreener": Decimal("0.01")}
    return replace(weak, is_verified=False, prices=prices, safety=held)


def test_raises_one_signal_with_its_parts_record_controls_and_grades() -> None:
    crowd = [quiet(f"Q{i}") for i in range(8)]
    run = read([burst(), *crowd])
    scan = scan_market(run.pk)
    assert scan is not None
    [signal] = Signal.objects.all()
    assert (signal.mint, signal.direction, signal.kind) == (
        address("mint BURST"), "long", "high_volume",
    )  # fmt: skip
    assert signal.published_at == START + timedelta(seconds=2)
    assert signal.opened_at == START
    assert [part.strategy for part in signal.components.all()] == ["high_volume"]
    assert scan.tokens == 9
    assert scan.counts["passed"] == 9
    assert scan.counts["strategies"]["high_volume"] == {"fires": 1, "quiet": 8}
    assert scan.counts["lists"]["high_volume"][0] == signal.mint
    assert scan.read_lines()[signal.mint]["states"]["high_volume"] == "fires"
    assert Control.objects.filter(signal=signal).count() == 5
    kinds = list(RecordEntry.objects.order_by("no").values_list("kind", flat=True))
    assert kinds == ["signal", *["control"] * 5]
    assert Grade.objects.count() == 2 + 5 * 2
    watched = Listing.objects.filter(kind="watched").values_list("mint", flat=True)
    assert set(watched) == {
        signal.mint, *Control.objects.values_list("mint", flat=True),
    }  # fmt: skip


def test_the_same_reading_is_scanned_once() -> None:
    run = read([burst()])
    assert scan_market(run.pk) is not None
    assert scan_market(run.pk) is None
    assert (Scan.objects.count(), Signal.objects.count()) == (1, 1)


def test_a_signal_that_goes_on_is_one_signal(clock_at_start: Clock) -> None:
    scan_market(read([burst()]).pk)
    for i in (1, 2, 3):
        clock_at_start.at = START + i * SHIFT
        scan_market(read([burst(at=START + i * SHIFT)]).pk)
    [signal] = Signal.objects.all()
    assert signal.seen_at == START + 3 * SHIFT
    [part] = signal.components.all()
    assert (part.joined_at, part.fired_at) == (START, START + 3 * SHIFT)
    assert Scan.objects.count() == 4


def test_a_token_nobody_read_ages_and_expires(clock_at_start: Clock) -> None:
    scan_market(read([burst(), quiet("Q")]).pk)
    half_life = Component.objects.get().half_life_s
    later = START + timedelta(seconds=4 * half_life + 1)
    clock_at_start.at = later
    scan_market(read([quiet("Q", later)]).pk)
    signal = Signal.objects.get()
    assert signal.closed_at == later
    assert signal.close_reason == "expired: no rule held for 4 half-lives"


def test_a_closed_signal_rests_before_another_is_raised(clock_at_start: Clock) -> None:
    scan_market(read([burst()]).pk)
    seconds = 4 * Component.objects.get().half_life_s + 1
    gone = START + timedelta(seconds=seconds)
    clock_at_start.at = gone
    scan_market(read([quiet("Q", gone)]).pk)
    again = gone + timedelta(minutes=4)
    clock_at_start.at = again
    scan_market(read([burst(at=again)]).pk)
    assert Signal.objects.count() == 1, "within its rest"
    rested = gone + timedelta(minutes=34)
    clock_at_start.at = rested
    scan_market(read([burst(at=rested)]).pk)
    assert Signal.objects.open().count() == 1
    assert Signal.objects.count() == 2


def test_a_gate_that_turns_kills_the_signal_with_its_reason(clock_at_start: Clock) -> None:
    scan_market(read([burst()]).pk)
    clock_at_start.at = START + SHIFT
    unsafe = replace(SAFE, can_freeze=True)
    scan_market(read([burst(at=START + SHIFT, safety=unsafe)]).pk)
    signal = Signal.objects.get(direction="long")
    assert signal.closed_at == START + SHIFT
    assert "freeze" in signal.close_reason


def test_a_refused_token_leaves_its_reason_in_the_log() -> None:
    scan = scan_market(read([burst(liquidity_usd=Decimal(4_000))]).pk)
    assert scan is not None
    [line] = scan.read_lines().values()
    assert [gate for gate, _ in line["refusals"]] == ["tradable.liquidity"]
    assert scan.counts["gates"] == {"tradable.liquidity": 1}
    assert not Signal.objects.exists()


def test_what_is_stored_replays_to_the_same_verdict() -> None:
    scan_market(read([burst(), *(quiet(f"Q{i}") for i in range(12))]).pk)
    told = replay(Signal.objects.get())
    assert (told.state, told.note, told.differences) == ("same", "", ())


def test_a_watch_that_becomes_an_alert_is_called_anew(clock_at_start: Clock) -> None:
    scan_market(read([watched()]).pk)
    [watch] = Signal.objects.all()
    assert (watch.lane, watch.is_watch, watch.announcements.count()) == ("watch", True, 0)
    clock_at_start.at = START + SHIFT
    scan_market(read([burst(at=START + SHIFT)]).pk)
    watch.refresh_from_db()
    assert (watch.closed_at, watch.close_reason) == (START + SHIFT, "becomes an alert")
    alert = Signal.objects.open().get()
    assert (alert.lane, alert.is_watch, alert.opened_at) == ("alert", False, START + SHIFT)
    assert alert.announcements.count() == 1
    assert list(RecordEntry.objects.values_list("signal_id", flat=True)) == [watch.pk, alert.pk]
    assert alert.components.get().joined_at == START, "the rule has held since then"


def test_a_token_that_cannot_be_judged_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = burst("ODD")

    def judge(window: TokenWindow, rules: Rules) -> Assessment:
        if window.mint == odd.mint:
            raise ArithmeticError("a figure without an end")
        return assess(window, rules)

    monkeypatch.setattr("signals.actions.scan.assess", judge)
    scan = scan_market(read([odd, burst()]).pk)
    assert scan is not None
    assert (scan.tokens, scan.counts["odd"]) == (1, [odd.mint])
    assert Signal.objects.get().mint == address("mint BURST")


def test_to_leave_is_said_of_what_somebody_holds() -> None:
    """The pool lost 85 % of its units within the hour."""
    drained = replace(quiet("DRAINED"), units=Decimal(150), base=Decimal(150_000))
    scan = scan_market(read([drained]).pk)
    assert scan is not None
    assert scan.read_lines()[drained.mint]["exits"] == ["liquidity_drain"]
    assert not Signal.objects.exists(), "nobody is known to hold it"
    wallet = make_wallet("holder")
    Holding.objects.create(
        wallet=wallet, mint=drained.mint, raw=5, folded_slot=1, folded_signature="s",
        folded_rank=0, folded_leg=0,
    )  # fmt: skip
    later = replace(drained, at=START + SHIFT)
    scan_market(read([later]).pk)
    [signal] = Signal.objects.all()
    assert (signal.direction, signal.kind, signal.lane) == ("exit", "liquidity_drain", "alert")


def test_a_retired_strategy_calls_nothing() -> None:
    entry = RecordEntry.objects.create(
        no=1, kind="retired", day=START.date(), body="{}", prev_hash="0" * 64, hash="1" * 64
    )
    StrategyState.objects.create(
        world="sandbox", strategy="high_volume", rules=RULES_VERSION, retired_at=START,
        reason="lift", entry=entry,
    )  # fmt: skip
    scan_market(read([burst()]).pk)
    assert not Signal.objects.exists()


def test_the_loop_scans_the_newest_reading_and_says_what_it_passed_over() -> None:
    scan_news()
    first, second = read([burst()]), read([burst(at=START + SHIFT)])
    skip_run(at=START)
    while scan_news():
        pass
    told = dict(Scan.objects.values_list("market_run_id", "state"))
    assert told == {first.pk: "skipped", second.pk: "ran"}
    assert "newer" in Scan.objects.get(state="skipped").reason


def test_a_scan_that_fails_is_recorded_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scan_news()
    read([burst()])
    with monkeypatch.context() as patched:
        patched.setattr("signals.actions.scan.discover", lambda *_: 1 / 0)
        assert scan_news()
    [scan] = Scan.objects.all()
    assert (scan.state, scan.reason) == ("skipped", "the scan failed: ZeroDivisionError")
    read([burst(at=START + SHIFT)])
    assert scan_news()
    assert Signal.objects.count() == 1


def test_a_scan_costs_the_same_queries_for_few_and_many(
    django_assert_num_queries: Any,
) -> None:
    few = read([quiet(f"Q{i}") for i in range(3)])
    with django_assert_num_queries(24):
        scan_market(few.pk)
    many = read([quiet(f"Q{i}", START + SHIFT) for i in range(30)])
    with django_assert_num_queries(24):
        scan_market(many.pk)
