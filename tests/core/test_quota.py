"""The budget shared through Redis: seconds, months, many processes, and the time without it."""

import multiprocessing
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pytest_django import Settings

from aura.core import quota
from aura.core.errors import RateLimited


@pytest.fixture
def vendor(settings: Settings) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    settings.QUOTAS = {name: (100, 1000.0)}
    yield name
    client = quota._redis()
    client.delete(f"{quota._prefix(name)}:second", quota._month_key(name))


def set_budget(settings: Settings, vendor: str, budget: int, rate: float) -> None:
    settings.QUOTAS = {vendor: (budget, rate)}


@pytest.fixture
def away(settings: Settings) -> Iterator[None]:
    kept = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/r.sock"
    quota._redis.cache_clear()
    quota._script.cache_clear()
    yield
    settings.REDIS_URL = kept
    quota._redis.cache_clear()
    quota._script.cache_clear()
    quota._away_until, quota._warned = 0.0, False
    quota._buckets.clear()


def test_credits_are_counted_in_the_month(vendor: str) -> None:
    quota.spend(vendor, 10, wait=1)
    quota.spend(vendor, 1, wait=1)
    quota.charge(vendor, 4)
    assert quota.levels() == [quota.Level(vendor, 15, 100, 1000.0)]
    month = f"aura:sandbox:quota:{{{vendor}}}:{datetime.now(UTC):%Y-%m}"
    left = cast("int", quota._redis().ttl(month))
    assert 69 * 86_400 < left <= 70 * 86_400


def test_the_month_ends_at_its_budget_to_the_credit(vendor: str) -> None:
    quota.spend(vendor, 99, wait=1)
    with pytest.raises(RateLimited) as caught:
        quota.spend(vendor, 2, wait=1)
    assert 0 < caught.value.retry_after <= 31 * 86_400
    assert str(caught.value) == f"{vendor}: the month's 100 credits are used up"
    quota.spend(vendor, 1, wait=1)
    assert quota.levels()[0].used == 100


def test_more_calls_than_a_second_allows_are_limited(vendor: str, settings: Settings) -> None:
    set_budget(settings, vendor, 100, 0.5)
    quota.spend(vendor, 1)
    with pytest.raises(RateLimited) as caught:
        quota.spend(vendor, 1, wait=1.5)
    assert 1.8 < caught.value.retry_after <= 2.0
    assert quota.levels()[0].used == 1, "a refused call costs nothing"


def test_who_may_wait_waits_in_turn(
    vendor: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_budget(settings, vendor, 100, 2.0)
    waits: list[float] = []
    monkeypatch.setattr(quota, "sleep", waits.append)
    for _ in range(4):
        quota.spend(vendor, 1, wait=10)
    assert waits == [pytest.approx(0.5 * n, abs=0.1) for n in (1, 2, 3)]


def test_a_batch_takes_as_many_calls(
    vendor: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_budget(settings, vendor, 100, 4.0)
    waits: list[float] = []
    monkeypatch.setattr(quota, "sleep", waits.append)
    quota.spend(vendor, 9, calls=9, wait=10)
    assert waits == [pytest.approx(2.0, abs=0.1)]


def test_the_bucket_fills_again(vendor: str, settings: Settings) -> None:
    set_budget(settings, vendor, 100, 20.0)
    quota.spend(vendor, 1, calls=2)
    with pytest.raises(RateLimited):
        quota.spend(vendor, 1)
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
    assert quota.levels()[0].used == 50


def test_without_redis_calls_go_on_at_the_rate_and_warn_once(
    vendor: str, away: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    set_budget(settings, vendor, 1, 0.5)
    quota.spend(vendor, 5)
    with pytest.raises(RateLimited) as caught:
        quota.spend(vendor, 5)
    assert caught.value.retry_after == pytest.approx(2.0, abs=0.1)
    quota.charge(vendor, 5)
    assert quota.levels() == [quota.Level(vendor, None, 1, 0.5)]
    assert [r.getMessage() for r in caplog.records] == [
        "quota without Redis, each process for itself: ConnectionError"
    ]
