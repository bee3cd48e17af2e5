"""Two who lock crosswise: PostgreSQL ends one of them, and he tries again."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from aura.core.locks import again_after_deadlock
from aura.models import Cursor

pytestmark = pytest.mark.django_db(transaction=True)


def lock_crosswise(*, again: bool) -> list[str]:
    """Two threads lock two rows in opposite order, at the first try at the same time; what failed.

    Each adds one to both rows.
    """
    Cursor.objects.bulk_create(Cursor(reader=name, position=0) for name in "ab")
    meet = threading.Barrier(2, timeout=20)
    failed: list[str] = []

    def verb(first: str, second: str, tries: list[int]) -> None:
        with transaction.atomic():
            tries.append(1)
            for name in (first, second):
                row = Cursor.objects.select_for_update().get(reader=name)
                row.position += 1
                row.save()
                if len(tries) == 1 and name == first:
                    meet.wait()

    def run(first: str, second: str) -> None:
        work = again_after_deadlock(verb) if again else verb
        try:
            work(first, second, [])
        except OperationalError:
            failed.append(first)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failed


def test_without_it_one_of_them_fails() -> None:
    assert len(lock_crosswise(again=False)) == 1
    assert sorted(Cursor.objects.values_list("position", flat=True)) == [1, 1]


def test_the_victim_tries_again_and_nothing_is_done_twice(caplog: pytest.LogCaptureFixture) -> None:
    assert lock_crosswise(again=True) == []
    assert sorted(Cursor.objects.values_list("position", flat=True)) == [2, 2]
    assert [r.message for r in caplog.records] == ["verb met a deadlock, trying again"]


def test_any_other_trouble_is_raised_at_once() -> None:
    tries: list[int] = []

    @again_after_deadlock
    def verb() -> None:
        tries.append(1)
        raise OperationalError("the server is going away")

    with pytest.raises(OperationalError):
        verb()
    assert tries == [1]
