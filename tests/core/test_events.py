"""Facts: committed with the change, read once in order, never missed."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aura.core import events
from aura.models import Cursor, Fact
from wallets.events import BooksChanged, WalletsTracked


def _read(reader: str, **options: Any) -> list[Any]:
    seen: list[Any] = []
    while events.read_facts(reader, seen.extend, **options):
        pass
    return seen


@pytest.mark.django_db
def test_a_reader_gets_facts_in_order_and_only_once() -> None:
    assert _read("r") == []
    with transaction.atomic():
        events.announce(WalletsTracked([1]), BooksChanged([2]))
    with transaction.atomic():
        events.announce(WalletsTracked([3]))
    assert _read("r", limit=2) == [WalletsTracked([1]), BooksChanged([2]), WalletsTracked([3])]
    assert _read("r") == []


@pytest.mark.django_db
def test_a_fact_of_a_rolled_back_change_never_happened() -> None:
    _read("r")
    with transaction.atomic():
        events.announce(WalletsTracked([1]))
        transaction.set_rollback(True)
    assert Fact.objects.count() == 0
    assert _read("r") == []


@pytest.mark.django_db
def test_when_the_act_fails_the_cursor_stays() -> None:
    _read("r")
    with transaction.atomic():
        events.announce(WalletsTracked([1]))

    def fail(facts: list[Any]) -> None:
        raise RuntimeError("pushed half")

    with pytest.raises(RuntimeError):
        events.read_facts("r", fail)
    assert _read("r") == [WalletsTracked([1])]


@pytest.mark.django_db
def test_facts_of_a_kind_nobody_knows_any_more_are_passed_over() -> None:
    _read("r")
    Fact.objects.create(kind="gone.Thing", body={})
    with transaction.atomic():
        events.announce(WalletsTracked([1]))
    assert _read("r") == [WalletsTracked([1])]
    assert Cursor.objects.get(reader="r").position == Fact.objects.latest("pk").pk


@pytest.mark.django_db(transaction=True)
def test_announce_outside_a_transaction_is_a_defect() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        events.announce(WalletsTracked([1]))


@pytest.mark.django_db(transaction=True)
def test_positions_follow_commit_order() -> None:
    """A second appender waits for the first to commit, so no reader overtakes a position."""
    _read("r")
    first_holds, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            events.announce(WalletsTracked([1]))
            first_holds.set()
            may_commit.wait(10)
        connection.close()

    def quick() -> None:
        first_holds.wait(10)
        with transaction.atomic():
            events.announce(WalletsTracked([2]))
        connection.close()

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for thread in threads:
        thread.start()
    first_holds.wait(10)
    assert _read("r") == []
    may_commit.set()
    for thread in threads:
        thread.join(10)
    assert _read("r") == [WalletsTracked([1]), WalletsTracked([2])]


def test_a_fact_is_named_by_its_app() -> None:
    @dataclass(frozen=True)
    class Example:
        n: int

    assert events.kind_of(WalletsTracked) == "wallets.WalletsTracked"
    assert events.kind_of(Example).endswith(".Example")


@pytest.mark.django_db
def test_a_fact_of_another_shape_is_passed_over() -> None:
    _read("r")
    Fact.objects.create(kind="wallets.WalletsTracked", body={"wallet": 5})
    with transaction.atomic():
        events.announce(WalletsTracked([1]))
    assert _read("r") == [WalletsTracked([1])]


def _aged(days: int) -> Fact:
    row = Fact.objects.create(kind="wallets.WalletsTracked", body={"wallet_ids": [days]})
    Fact.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=days))
    return row


@pytest.mark.django_db
def test_facts_are_forgotten_when_every_reader_has_passed_them() -> None:
    month, ten, nine, new = _aged(31), _aged(10), _aged(9), _aged(1)
    Cursor.objects.create(reader="quick", position=new.pk)
    Cursor.objects.create(reader="slow", position=ten.pk)
    assert events.forget_facts() == 2
    assert list(Fact.objects.order_by("pk")) == [nine, new]
    Cursor.objects.filter(reader="slow").update(position=month.pk)
    assert events.forget_facts() == 0
    Cursor.objects.filter(reader="slow").update(position=new.pk)
    assert events.forget_facts() == 1
    assert list(Fact.objects.all()) == [new]


@pytest.mark.django_db
def test_without_readers_facts_stay_for_a_month() -> None:
    _aged(31)
    kept = _aged(10)
    assert events.forget_facts() == 1
    assert list(Fact.objects.all()) == [kept]
