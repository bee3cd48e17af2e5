"""Answers shared by all: one call for many callers, old answers while the vendor is away."""

import multiprocessing
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from aura.core import cache, memory
from aura.core.errors import Garbled, Unavailable


@pytest.fixture
def key() -> str:
    return f"test {uuid.uuid4().hex[:8]}"


@pytest.fixture
def away(settings: Settings) -> Iterator[None]:
    kept = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/r.sock"
    memory.forget()
    yield
    settings.REDIS_URL = kept
    memory.forget()


class Maker:
    """Counts what it makes; fails while it has an error; takes its time when it has a gate."""

    def __init__(self) -> None:
        self.made = 0
        self.error: Exception | None = None
        self.gate: threading.Event | None = None
        self.began = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            self.made += 1
            number = self.made
        self.began.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.error is not None:
            raise self.error
        return {"number": number}


def names(key: str) -> str:
    return f"aura:sandbox:shared:{key}"


def test_a_value_is_made_once_while_it_is_fresh(key: str) -> None:
    make = Maker()
    assert [cache.shared(key, 60, make) for _ in range(3)] == [{"number": 1}] * 3
    assert cache.shared(f"{key} other", 60, make) == {"number": 2}


def test_who_makes_it_gets_what_the_others_get(key: str) -> None:
    given = {"price": Decimal("0.1"), "pair": ("a", 18446744073709551615), "none": None}
    told = {"price": "0.1", "pair": ["a", 18446744073709551615], "none": None}
    for _ in range(2):
        assert cache.shared(key, 60, lambda: given) == told


def test_nothing_is_a_value_too(key: str) -> None:
    made: list[int] = []
    for _ in range(3):
        assert cache.shared(key, 60, lambda: made.append(1)) is None
    assert made == [1]


def test_a_value_that_is_due_is_made_anew(key: str) -> None:
    make = Maker()
    cache.shared(key, 0.05, make)
    time.sleep(0.08)
    assert cache.shared(key, 60, make) == {"number": 2}


def test_worlds_do_not_share(key: str, settings: Settings) -> None:
    make = Maker()
    cache.shared(key, 60, make)
    settings.WORLD = "solana"
    assert cache.shared(key, 60, make) == {"number": 2}


def test_many_threads_make_one_call(key: str) -> None:
    make = Maker()
    make.gate = threading.Event()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(cache.shared, key, 60, make) for _ in range(20)]
        assert make.began.wait(10)
        make.gate.set()
        assert [future.result(20) for future in asked] == [{"number": 1}] * 20
    assert cache._in_flight == {}


def test_many_threads_make_one_call_without_redis(key: str, away: None) -> None:
    make = Maker()
    make.gate = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(cache.shared, key, 60, make)
        assert make.began.wait(10)
        asked = [pool.submit(cache.shared, key, 60, make) for _ in range(7)]
        _until(lambda: pool._work_queue.qsize() == 0)
        time.sleep(0.1)
        make.gate.set()
        assert [future.result(20) for future in (first, *asked)] == [{"number": 1}] * 8
    assert cache.shared(key, 60, make) == {"number": 2}, "nothing is kept"


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _ask_many(key: str, calls: Any, ready: Any, results: Any) -> None:
    def make() -> str:
        with calls.get_lock():
            calls.value += 1
        time.sleep(0.3)
        return "made"

    memory.forget()
    ready.wait()
    with ThreadPoolExecutor(5) as pool:
        results.put(list(pool.map(lambda _: cache.shared(key, 60, make), range(5))))


def test_two_processes_with_many_threads_make_one_call(key: str) -> None:
    context = multiprocessing.get_context("fork")
    calls, ready, results = context.Value("i", 0), context.Barrier(2), context.Queue()
    children = [
        context.Process(target=_ask_many, args=(key, calls, ready, results)) for _ in range(2)
    ]
    for child in children:
        child.start()
    assert [results.get(timeout=20) for _ in children] == [["made"] * 5] * 2
    for child in children:
        child.join()
    assert calls.value == 1


def test_an_old_value_is_served_while_the_vendor_is_away(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    make = Maker()
    cache.shared(key, 0.02, make)
    time.sleep(0.05)
    make.error = Unavailable("vendor", "answered 500")
    for _ in range(5):
        assert cache.shared(key, 0.02, make) == {"number": 1}
    assert make.made == 2, "one try in five seconds"
    assert [r.getMessage() for r in caplog.records] == [
        f"{names(key)} is old, for it cannot be made anew: vendor: answered 500"
    ]
    memory.client().delete(f"{names(key)}:failed")
    make.error = None
    assert cache.shared(key, 60, make) == {"number": 3}


def test_an_old_value_is_not_served_for_ever(key: str) -> None:
    make = Maker()
    cache.shared(key, 0.02, make, grace=0.02)
    time.sleep(0.08)
    make.error = Garbled("vendor", "sent no JSON")
    with pytest.raises(Garbled):
        cache.shared(key, 0.02, make)


def test_only_a_vendors_error_is_covered_by_an_old_value(key: str) -> None:
    make = Maker()
    cache.shared(key, 0.02, make)
    time.sleep(0.05)
    make.error = KeyError("a mistake of ours")
    with pytest.raises(KeyError):
        cache.shared(key, 0.02, make)
    assert memory.client().exists(f"{names(key)}:lock") == 0


def test_an_error_reaches_all_who_waited_and_is_not_kept(key: str) -> None:
    make = Maker()
    make.gate = threading.Event()
    make.error = Unavailable("vendor", "answered 500")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(cache.shared, key, 60, make) for _ in range(4)]
        assert make.began.wait(10)
        _until(lambda: pool._work_queue.qsize() == 0)
        time.sleep(0.1)
        make.gate.set()
        assert [str(future.exception(20)) for future in asked] == ["vendor: answered 500"] * 4
    assert make.made == 1
    make.error = None
    assert cache.shared(key, 60, make) == {"number": 2}


def test_who_waits_too_long_for_another_process_makes_it_himself(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "WAIT", 0.1)
    memory.client().set(f"{names(key)}:lock", "of a process that hangs", ex=60)
    assert cache.shared(key, 60, Maker()) == {"number": 1}
    held = memory.client().get(f"{names(key)}:lock")
    assert held == b"of a process that hangs", "another's lock is left alone"


def test_who_waits_too_long_for_another_thread_makes_it_himself(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Maker()
    slow.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.shared, key, 60, slow)
        assert slow.began.wait(10)
        monkeypatch.setattr(cache, "WAIT", 0.1)
        assert cache.shared(key, 60, lambda: "own") == "own"
        slow.gate.set()
        assert first.result(20) == {"number": 1}


def test_a_lock_of_a_dead_process_falls_free(key: str) -> None:
    memory.client().set(f"{names(key)}:lock", "dead", px=100)
    assert cache.shared(key, 60, Maker()) == {"number": 1}
    assert memory.client().exists(f"{names(key)}:lock") == 0
