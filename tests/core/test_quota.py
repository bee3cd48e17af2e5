"""The budget shared through Redis: seconds, months, purposes, processes, the time without it."""

import asyncio
import multiprocessing
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from pytest_django import Settings

from aura.core import memory, quota
from aura.core.errors import RateLimited
from aura.core.quota import keys, spending


@pytest.fixture
def vendor(settings: Settings) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    settings.QUOTAS = {name: (100, 1000.0)}
    return name


def set_budget(settings: Settings, vendor: str, budget: int, rate: float) -> None:
    settings.QUOTAS = {vendor: (budget, rate)}


@pytest.fixture
def away(settings: Settings) -> Iterator[None]:
    kept = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/r.sock"
    memory.forget()
    yield
    settings.REDIS_URL = kept
    memory.forget()
    spending._buckets.clear()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(spending, "sleep", slept.append)
    return slept


def level() -> quota.Level:
    return quota.levels()[0]


def first_of_next_month() -> datetime:
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def refused(vendor: str, cost: int = 1, **options: Any) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        quota.spend(vendor, cost, **options)
    return caught.value


def test_credits_are_counted_in_the_month(vendor: str) -> None:
    quota.spend(vendor, 10, wait=1)
    quota.spend(vendor, 1, wait=1)
    quota.charge(vendor, 4)
    assert (level().used, level().left, level().budget) == (15, 85, 100)
    month = f"aura:sandbox:quota:{{{vendor}}}:{datetime.now(UTC):%Y-%m}"
    left = cast("int", memory.client().ttl(month))
    assert 69 * 86_400 < left <= 70 * 86_400


def test_the_month_ends_at_its_budget_to_the_credit(vendor: str) -> None:
    quota.spend(vendor, 99, wait=1)
    error = refused(vendor, 2, wait=1)
    until = first_of_next_month()
    assert str(error) == (
        f"{vendor}: the month's 100 credits are used up until {until:%Y-%m-%d} 00:00 UTC"
    )
    assert error.retry_after == pytest.approx((until - datetime.now(UTC)).total_seconds(), abs=5)
    quota.spend(vendor, 1, wait=1)
    assert level().used == 100


@pytest.mark.parametrize(
    ("what", "most"), [(quota.BACKFILL, 60), (quota.SWEEP, 90), (quota.LIVE, 100)]
)
def test_each_purpose_ends_at_its_ceiling_to_the_credit(
    vendor: str, what: quota.Purpose, most: int
) -> None:
    quota.spend(vendor, most - 1, wait=1)
    with quota.spending_for(what):
        error = refused(vendor, 2, wait=1)
        quota.spend(vendor, 1, wait=1)
        refused(vendor, 1, wait=1)
    assert level().used == most
    if what is not quota.LIVE:
        assert str(error) == (
            f"{vendor}: {most}% of the month's 100 credits are used up, the most that a {what} "
            f"may use until {first_of_next_month():%Y-%m-%d} 00:00 UTC"
        )
        quota.spend(vendor, 1, wait=1)
        assert level().used == most + 1, "live work goes on"


def test_who_used_what_is_told(vendor: str) -> None:
    quota.spend(vendor, 5, wait=1)
    with quota.spending_for(quota.SWEEP):
        quota.spend(vendor, 20, calls=3, wait=1)
        with quota.spending_for(quota.BACKFILL):
            quota.spend(vendor, 30, wait=1)
            refused(vendor, 30, wait=1)
        quota.charge(vendor, 2)
    assert quota.purpose() is quota.LIVE
    told = level()
    assert told.by_purpose == {"live": 5, "sweep": 22, "backfill": 30}
    assert (told.used, told.calls_24h, told.refused_24h) == (57, 5, 1)


async def test_the_purpose_follows_into_threads_of_asyncio(vendor: str) -> None:
    with quota.spending_for(quota.SWEEP):
        await asyncio.to_thread(quota.spend, vendor, 3, wait=1)
    assert level().by_purpose == {"sweep": 3}


def test_more_calls_than_a_second_allows_are_limited(vendor: str, settings: Settings) -> None:
    set_budget(settings, vendor, 100, 0.5)
    quota.spend(vendor, 1)
    error = refused(vendor, wait=1.5)
    assert 1.8 < error.retry_after <= 2.0
    assert str(error) == f"{vendor}: more than 0.5 calls a second"
    assert level().used == 1, "a refused call costs nothing"


def test_who_may_wait_waits_in_turn(vendor: str, settings: Settings, waits: list[float]) -> None:
    set_budget(settings, vendor, 100, 2.0)
    for _ in range(4):
        quota.spend(vendor, 1, wait=10)
    assert waits == [pytest.approx(0.5 * n, abs=0.1) for n in (1, 2, 3)]


def test_a_queue_of_sweeps_keeps_no_live_call_waiting(
    vendor: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep waits in its own lane; only when its turn has come does it enter the vendor's."""
    set_budget(settings, vendor, 100, 10.0)
    slept: list[float] = []

    def interrupt(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            # While the sweep waits in its lane, a live call is made: it need not wait.
            time.sleep(0.12)
            with quota.spending_for(quota.LIVE):
                quota.spend(vendor, 1, wait=0)

    monkeypatch.setattr(spending, "sleep", interrupt)
    with quota.spending_for(quota.SWEEP):
        quota.spend(vendor, 1, wait=10)
        quota.spend(vendor, 1, wait=10)
    assert slept[0] == pytest.approx(1 / 8, abs=0.05), "eight a second are for sweeps"
    assert level().by_purpose == {"live": 1, "sweep": 2}


def test_backfills_and_sweeps_together_leave_a_fifth_of_the_rate(
    vendor: str, settings: Settings, waits: list[float]
) -> None:
    set_budget(settings, vendor, 1000, 1.0)
    with quota.spending_for(quota.BACKFILL):
        quota.spend(vendor, 1, wait=60)
        error = refused(vendor, wait=1.5)
    assert str(error) == f"{vendor}: more than 0.5 calls a second for backfill"
    with quota.spending_for(quota.SWEEP):
        error = refused(vendor, wait=1.0)
        assert error.retry_after == pytest.approx(1 / 0.8, abs=0.1), "the backfill took its turn"
        assert str(error) == f"{vendor}: more than 0.8 calls a second for sweep"
    assert waits == []


def test_a_batch_takes_as_many_calls(vendor: str, settings: Settings, waits: list[float]) -> None:
    set_budget(settings, vendor, 100, 4.0)
    quota.spend(vendor, 9, calls=9, wait=10)
    assert waits == [pytest.approx(2.0, abs=0.1)]


def test_the_bucket_fills_again(vendor: str, settings: Settings) -> None:
    set_budget(settings, vendor, 100, 20.0)
    quota.spend(vendor, 1, calls=2)
    refused(vendor)
    time.sleep(0.12)
    quota.spend(vendor, 1)


def test_a_vendor_without_a_budget_is_a_mistake(vendor: str) -> None:
    with pytest.raises(LookupError, match="no budget for stranger"):
        quota.spend("stranger", 1)


def _spend_many(vendor: str, quotas: dict[str, Any], results: Any) -> None:
    from django.conf import settings

    settings.QUOTAS = quotas
    taken = 0
    for _ in range(40):
        try:
            quota.spend(vendor, 1, wait=5)
        except RateLimited:
            continue
        taken += 1
    results.put(taken)


def test_two_processes_share_one_budget(vendor: str, settings: Settings) -> None:
    set_budget(settings, vendor, 50, 1000.0)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    children = [
        context.Process(target=_spend_many, args=(vendor, settings.QUOTAS, results))
        for _ in range(2)
    ]
    for child in children:
        child.start()
    assert sum(results.get(timeout=20) for _ in children) == 50
    for child in children:
        child.join()
    assert level().used == 50


def test_without_redis_calls_go_on_at_the_rate_and_warn_once(
    vendor: str, away: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    set_budget(settings, vendor, 1, 0.5)
    assert quota.spend(vendor, 5) is False
    error = refused(vendor, 5)
    assert error.retry_after == pytest.approx(2.0, abs=0.1)
    quota.charge(vendor, 5)
    quota.note_error(vendor, "away too")
    quota.note_fallback(vendor, "other", "away too")
    quota.clear_exhausted(vendor)
    assert quota.note_exhausted(vendor) == 900
    assert quota.levels() == [quota.Level(vendor, None, 1, 0.5)]
    assert (quota.pressure(vendor), quota.stretch(vendor)) == (0.0, 1)
    assert [r.getMessage() for r in caplog.records] == [
        "without Redis, each process for itself: ConnectionError"
    ]


def _end_rest(vendor: str) -> None:
    """Let a rest be over, or a minute have passed, as if time had gone by."""
    past = f"{time.time() - 1:.3f}"
    memory.client().hset(
        keys.key_of(vendor, "exhausted"), mapping={"until": past, "probe_at": past}
    )  # fmt: skip


def test_a_vendor_that_says_it_is_used_up_rests_and_live_work_asks_each_minute(
    vendor: str,
) -> None:
    assert quota.note_exhausted(vendor, said="max usage reached") == 900
    with quota.spending_for(quota.SWEEP):
        error = refused(vendor, wait=5)
    assert error.retry_after == pytest.approx(900, abs=5)
    until = datetime.now(UTC) + timedelta(seconds=error.retry_after)
    assert str(error) == (
        f"{vendor}: it says that its credits are used up; no sweep call "
        f"until {until:%Y-%m-%d %H:%M} UTC"
    )
    error = refused(vendor, wait=5)
    assert error.retry_after == pytest.approx(60, abs=5)
    assert level().used == 0
    memory.client().hset(keys.key_of(vendor, "exhausted"), "probe_at", f"{time.time() - 1:.3f}")
    assert quota.spend(vendor, 1, wait=1) is True, "a probe"
    assert refused(vendor, wait=5).retry_after == pytest.approx(60, abs=5), "one a minute"
    assert quota.note_exhausted(vendor) == pytest.approx(900, abs=5), "the rest lasts"
    assert (quota.pressure(vendor), quota.stretch(vendor)) == (1.0, 8)
    quota.clear_exhausted(vendor)
    assert quota.spend(vendor, 1, wait=1) is False
    assert (level().exhausted_since, level().exhausted_until) == (None, None)


def test_each_rest_is_twice_as_long_up_to_six_hours(vendor: str) -> None:
    rests = []
    for _ in range(7):
        rests.append(round(quota.note_exhausted(vendor) / 60))
        _end_rest(vendor)
        with quota.spending_for(quota.SWEEP):
            assert quota.spend(vendor, 1, wait=1) is True
    assert rests == [15, 30, 60, 120, 240, 360, 360]
    quota.clear_exhausted(vendor)
    assert quota.note_exhausted(vendor) == 900, "a success begins anew"


def test_a_rest_can_be_given_and_is_shown(vendor: str) -> None:
    until = datetime.now(UTC) + timedelta(hours=2)
    assert quota.note_exhausted(vendor, until) == pytest.approx(7200, abs=2)
    told = level()
    assert told.exhausted_until is not None
    assert told.exhausted_since is not None
    assert abs(told.exhausted_until - until) < timedelta(seconds=2)
    assert abs(datetime.now(UTC) - told.exhausted_since) < timedelta(seconds=5)
    _end_rest(vendor)
    assert level().exhausted_until is None


def test_errors_and_fallbacks_are_counted_with_the_last_reason(vendor: str) -> None:
    assert (level().last_error, level().last_fallback) == (None, None)
    quota.note_error(vendor, "answered 500")
    quota.note_error(vendor, "answered 502")
    quota.note_fallback(vendor, "solana-rpc", "credits used up")
    told = level()
    assert (told.errors_24h, told.fallbacks_24h) == (2, 1)
    assert told.last_error is not None
    assert told.last_fallback is not None
    assert told.last_error.text == "answered 502"
    assert told.last_fallback.text == "to solana-rpc: credits used up"
    assert abs(datetime.now(UTC) - told.last_fallback.at) < timedelta(seconds=5)


def test_the_last_24_hours_are_counted_and_not_more(vendor: str) -> None:
    for hours_ago, count in ((0, 1), (23, 10), (24, 100)):
        memory.client().hincrby(keys.hour_key(vendor, hours_ago), "calls", count)
    assert level().calls_24h == 11


@pytest.mark.parametrize(
    ("used", "gone", "pressed", "stretch"),
    [
        (0, 0.5, 0.0, 1),
        (45, 0.5, 0.0, 1),  # half of the sweeps' 90, half of the month: on pace
        (54, 0.5, 0.2, 1),
        (60, 0.5, 1 / 3, 2),
        (72, 0.5, 0.6, 4),
        (81, 0.5, 0.8, 8),
        (90, 0.5, 1.0, 8),
        (100, 0.5, 1.0, 8),
        (9, 0.0, 0.1, 1),
        (89, 0.999, 0.0, 1),
    ],
)
def test_pressure_compares_what_is_left_with_the_time_left(
    vendor: str,
    monkeypatch: pytest.MonkeyPatch,
    used: int,
    gone: float,
    pressed: float,
    stretch: int,
) -> None:
    from aura.core.quota import gauge

    monkeypatch.setattr(gauge, "month_gone", lambda _: gone)
    quota.charge(vendor, used)
    assert quota.pressure(vendor) == pytest.approx(pressed, abs=1e-9)
    assert (quota.stretch(vendor), level().stretch) == (stretch, stretch)
    assert level().pressure == quota.pressure(vendor)


def test_the_share_of_the_month() -> None:
    from aura.core.quota.gauge import month_gone

    assert month_gone(datetime(2026, 11, 1, tzinfo=UTC)) == 0
    assert month_gone(datetime(2026, 11, 16, tzinfo=UTC)) == 0.5
    assert month_gone(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == pytest.approx(1, abs=1e-6)
    assert month_gone(datetime(2028, 2, 15, 12, tzinfo=UTC)) == 0.5


def test_the_month_is_projected_at_the_pace_of_the_last_day(
    vendor: str, settings: Settings
) -> None:
    set_budget(settings, vendor, 10**9, 1000.0)
    assert level().projected == 0
    quota.charge(vendor, 24_000)
    now = datetime.now(UTC)
    left = (first_of_next_month() - now).total_seconds() / 3600
    # All of it was spent in this hour: an installation of less than an hour counts as one hour.
    assert level().projected == pytest.approx(24_000 + 24_000 * left, rel=0.01)
    memory.client().hincrby(keys.hour_key(vendor, 23), "credits", 1)
    lasted = 23 + now.minute / 60
    assert level().projected == pytest.approx(24_000 + 24_001 * left / lasted, rel=0.01)
