"""Loops: one leads, a notification wakes it, another takes over."""

import threading
import time

import psycopg
import pytest
from django.db import connection

from aura.core import loops
from aura.core.loops import LEAD_LOCK, Leader, Loop, is_led


def _wait(until: threading.Event, seconds: float = 5.0) -> bool:
    return until.wait(seconds)


def _started(leader: Leader) -> threading.Thread:
    thread = threading.Thread(target=leader.run, daemon=True)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_notification_starts_a_turn_at_once() -> None:
    turned, turns = threading.Event(), []

    def turn() -> bool:
        turns.append(time.monotonic())
        turned.set()
        return False

    leader = Leader([Loop("test", turn, wake_on=("aura_test",), every=60)])
    thread = _started(leader)
    assert _wait(turned), "the first turn comes when leading starts"
    turned.clear()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('aura_test', '')")
    assert _wait(turned)
    leader.stop.set()
    thread.join(10)
    assert len(turns) == 2


@pytest.mark.django_db(transaction=True)
def test_one_leads_and_the_other_takes_over() -> None:
    order: list[str] = []
    seen = {name: threading.Event() for name in "ab"}

    def turning(name: str) -> Loop:
        def turn() -> bool:
            if name not in order:
                order.append(name)
            seen[name].set()
            return False

        return Loop(name, turn, every=0.1)

    first, second = Leader([turning("a")]), Leader([turning("b")])
    one = _started(first)
    assert _wait(seen["a"])
    two = _started(second)
    assert not seen["b"].wait(0.5), "only one leads"
    first.stop.set()
    one.join(10)
    assert _wait(seen["b"])
    second.stop.set()
    two.join(10)
    assert order == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_a_failing_turn_is_tried_again_and_harms_no_other() -> None:
    tried, other = [], threading.Event()
    again = threading.Event()

    def fails() -> bool:
        tried.append(1)
        if len(tried) > 1:
            again.set()
            return False
        raise RuntimeError("on purpose")

    def works() -> bool:
        other.set()
        return False

    leader = Leader([Loop("fails", fails, every=60), Loop("works", works, every=60)])
    thread = _started(leader)
    assert _wait(other)
    assert _wait(again)
    leader.stop.set()
    thread.join(10)


@pytest.mark.django_db(transaction=True)
def test_when_the_database_ends_the_connection_the_loops_end_and_lead_again() -> None:
    """Another could lead by now: no turn of the old lead runs beside one of the new."""
    began: list[int] = []
    ended: list[int] = []
    running, most = [0], [0]
    leads = threading.Semaphore(0)

    def turn() -> bool:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.05)
        running[0] -= 1
        if len(began) == len(ended):
            began.append(1)
            leads.release()
        return False

    leader = Leader([Loop("test", turn, every=0.01, end=lambda: ended.append(1))])
    thread = _started(leader)
    assert leads.acquire(timeout=5)
    assert is_led()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objid = %s AND granted",
            [LEAD_LOCK],
        )
        assert len(cursor.fetchall()) == 1
    assert leads.acquire(timeout=10), "it leads again"
    assert (len(ended), most[0]) == (1, 1)
    leader.stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(ended) == 2
    # the server lets go of the lock a moment after the connection has ended
    until = time.monotonic() + 10
    while is_led() and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_led()


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_no_longer_ours_ends_the_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, turned = threading.Event(), threading.Event()

    def turn() -> bool:
        turned.set()
        return False

    monkeypatch.setattr(loops, "HEARTBEAT", 0.1)
    monkeypatch.setattr(loops, "_HELD", "SELECT %s::bigint > 0 AND %s")
    leader = Leader([Loop("test", turn, every=0.1, end=ended.set)])
    thread = _started(leader)
    assert _wait(turned)
    assert _wait(ended)
    leader.stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_at_the_start_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turned, tried = threading.Event(), []
    connect = loops._listening_connection

    def away_once() -> object:
        tried.append(1)
        if len(tried) == 1:
            raise psycopg.OperationalError("the database system is starting up")
        return connect()

    monkeypatch.setattr(loops, "_listening_connection", away_once)

    def turn() -> bool:
        turned.set()
        return False

    leader = Leader([Loop("test", turn, every=60)])
    thread = _started(leader)
    assert _wait(turned)
    leader.stop.set()
    thread.join(10)
    assert len(tried) == 2
