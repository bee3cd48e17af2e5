"""Grading from stored pool states: what is due, when it settles, and again to the same."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aura.core import clock
from aura.models import Fact
from market.models import PoolPoint
from signals import tasks
from signals.actions import Subject, grade_subject, subjects_due
from signals.domain.chain import canonical, digest
from signals.domain.grading import SETTLES
from signals.models import Grade, RecordEntry, Signal
from tests.signals.points import CALLED, LATER, held
from tests.signals.rows import make_signal, store_points

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock."""

    def set_to(now: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: now)

    return set_to


def hit_after_ten_minutes(name: str = "WIF") -> None:
    points = held(-60, 540, 1_000_000, 1_000) + held(600, DAY + 60, 800_000, 1_250)
    store_points(name, points)


def test_horizons_fill_as_they_come_and_the_outcome_settles(at: Any) -> None:
    signal = make_signal()
    hit_after_ten_minutes()
    at(CALLED + timedelta(minutes=2))
    assert tasks.grade_due() == 0
    told = []
    for minutes in (4, 9, 19, 64, 245, 1445, 1471):
        at(CALLED + timedelta(minutes=minutes))
        assert tasks.grade_due() == 1
        assert tasks.grade_due() == 0
        grade = signal.grades.get(size_usd=500)
        known = sum(getattr(grade, f"r_{name}") is not None for name in ("5m", "15m", "1h", "4h"))
        told.append((grade.outcome, known, grade.settled_at is not None))
    assert told == [
        ("open", 0, False), ("open", 1, False), ("hit", 2, False), ("hit", 3, False),
        ("hit", 4, False), ("hit", 4, False), ("hit", 4, True),
    ]  # fmt: skip
    assert grade.exit_return == Decimal("0.537468")
    assert [entry.kind for entry in RecordEntry.objects.all()] == ["signal", "outcome"]
    facts = Fact.objects.filter(kind="signals.SignalGraded")
    assert [fact.body for fact in facts] == [{"signal_ids": [signal.pk]}] * 7
    at(LATER)
    assert tasks.grade_due() == 0


def test_points_not_yet_seen_do_not_count_before_their_time() -> None:
    signal = make_signal()
    hit_after_ten_minutes()
    grade_subject(Subject(signal.pk), now=CALLED + timedelta(minutes=9))
    assert signal.grades.get(size_usd=500).outcome == "open"


def test_a_settled_grade_stays_whatever_comes_later() -> None:
    signal = make_signal()
    hit_after_ten_minutes()
    assert grade_subject(Subject(signal.pk), now=LATER)
    before = list(Grade.objects.order_by("pk").values())
    PoolPoint.objects.all().delete()
    assert not grade_subject(Subject(signal.pk), now=LATER + timedelta(days=1))
    assert list(Grade.objects.order_by("pk").values()) == before
    assert RecordEntry.objects.count() == 2


def test_the_same_points_give_the_same_bytes_however_often_it_was_looked_at() -> None:
    bodies = []
    for name, looks in (("one", [SETTLES]), ("two", [timedelta(minutes=m) for m in (4, 19, 99)])):
        signal = make_signal(name)
        hit_after_ten_minutes(name)
        for look in [*looks, SETTLES]:
            grade_subject(Subject(signal.pk), now=CALLED + look)
        body = json.loads(RecordEntry.objects.get(kind="outcome", signal=signal).body)
        for grade in signal.grades.all():
            # the pools' addresses differ, and with them both hashes
            told = body["grades"][str(grade.size_usd)]
            assert told.pop("evidence") == digest(canonical(grade.evidence))
            assert told.pop("points_hash") == grade.points_hash
            told["evidence"] = grade.evidence
        bodies.append(json.dumps(body["grades"]).replace(f"{name} pool", "pool"))
    one, two = bodies
    assert one == two


def test_a_control_is_graded_like_the_signal_and_from_its_moment(at: Any) -> None:
    signal = make_signal(controls=["A"])
    hit_after_ten_minutes("A")
    at(LATER)
    assert tasks.grade_due() == 2
    control = signal.controls.get()
    assert control.grades.get(size_usd=500).outcome == "hit"
    entry = RecordEntry.objects.get(kind="outcome", control=control)
    body = json.loads(entry.body)
    assert (body["control"], body["signal"], entry.signal) == (control.pk, None, signal)
    silent = signal.grades.get(size_usd=500)
    assert (silent.outcome, silent.points) == ("ungraded", 0)
    # nobody is told of a control's grade
    assert Fact.objects.filter(kind="signals.SignalGraded").count() == 1


def test_the_longest_waiting_come_first_and_a_turn_has_an_end(at: Any) -> None:
    later = make_signal("B", published_at=CALLED + timedelta(seconds=1))
    first = make_signal("A")
    assert subjects_due(LATER, limit=5) == [Subject(first.pk), Subject(later.pk)]
    assert subjects_due(LATER, limit=1) == [Subject(first.pk)]
    assert subjects_due(CALLED, limit=5) == []


def test_one_that_cannot_be_graded_leaves_the_others_alone(
    at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lost, signal = make_signal("A"), make_signal("B")
    Signal.objects.filter(pk=lost.pk).update(grading="2020-01-1")
    hit_after_ten_minutes("B")
    at(LATER)
    assert tasks.grade_due() == 1
    assert "not graded" in caplog.text
    assert signal.grades.exclude(settled_at=None).count() == 2
    assert lost.grades.filter(settled_at=None).count() == 2


def test_grading_one_subject_takes_a_fixed_number_of_queries() -> None:
    signal = make_signal(controls=["A", "B"])
    hit_after_ten_minutes()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        grade_subject(Subject(signal.pk), now=LATER)
    # savepoint twice; grades, points, two updates; lock, last entry, entry; lock, fact, notify
    assert len(queries) == 12
