"""Loops: one leads, a notification wakes it, another takes over."""

import threading
import time

import pytest
from django.db import connection

from aura.core.loops import Leader, Loop


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
