"""Grading what was called: from stored pool states alone, again and again to the same result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from aura.core.events import announce
from market.queries import points_of
from signals.actions.record import append_entry
from signals.domain.grading import GRADINGS, HORIZONS, SETTLES, Call, Graded
from signals.domain.moments import SILENCE
from signals.events import SignalGraded
from signals.models import Grade, RecordEntry, Signal
from signals.queries.bodies import outcome_body, signal_of


@dataclass(frozen=True, slots=True)
class Subject:
    """What is graded: a signal, or the control with that id."""

    signal_id: int | None = None
    control_id: int | None = None


def subjects_due(now: datetime, *, limit: int) -> list[Subject]:
    """Return what has something new to be graded, those who wait longest first."""
    due = Grade.objects.filter(settled_at=None, due_at__lte=now).order_by("due_at", "pk")
    found = dict.fromkeys(due.values_list("signal_id", "control_id")[: 2 * limit])
    return [Subject(*ids) for ids in found][:limit]


@transaction.atomic
def grade_subject(subject: Subject, *, now: datetime) -> bool:
    """Grade a signal or a control at every size by the states known now; say whether it settled.

    Once 24 hours and the time to write them down are over, the outcome enters the record and the
    grades never change again. Somebody else grading the same one meanwhile is left to it.
    """
    rows = Grade.objects.select_for_update(of=("self",), skip_locked=True).filter(
        signal=subject.signal_id, control=subject.control_id, settled_at=None
    )
    grades = list(rows.select_related("signal", "control__signal").order_by("size_usd"))
    if not grades:
        return False
    signal = signal_of(grades[0])
    is_final = _grade_by_points(grades, now)
    for row in grades:
        row.settled_at = now if is_final else None
        # Two rows: a statement each costs a third of one CASE over all their columns.
        row.save(update_fields=[*_GRADED, "due_at", "settled_at"])
    if is_final:
        body, control = outcome_body(grades), grades[0].control
        append_entry(RecordEntry.Kind.OUTCOME, body, signal=signal, control=control)
    if subject.signal_id is not None:
        announce(SignalGraded([signal.pk]))
    return is_final


def regraded(grades: Sequence[Grade], *, now: datetime) -> dict[str, Any]:
    """Return what the record would say of these grades by the states stored now; saves nothing."""
    rows = list(grades)
    _grade_by_points(rows, now)
    return outcome_body(rows)


_GRADED = (
    "outcome", "reason", "entry_at", "entry_price_usd", "outcome_at", "exit_return", "mfe", "mae",
    "evidence", "points", "points_hash", *(f"r_{name}" for name in HORIZONS),
)  # fmt: skip


def _grade_by_points(grades: Sequence[Grade], now: datetime) -> bool:
    """Fill the grades of one subject from the stored points; return whether that is final."""
    signal, control = signal_of(grades[0]), grades[0].control
    mint = signal.mint if control is None else control.mint
    published = signal.published_at
    points = points_of(mint, published - SILENCE, published + SETTLES)
    call = Call(published, "exit" if signal.direction == Signal.Direction.EXIT else "long")
    found = GRADINGS[signal.grading](call, points, now=now, sizes=[row.size_usd for row in grades])
    for row in grades:
        _fill(row, found[row.size_usd])
    return all(one.is_final for one in found.values())


def _fill(row: Grade, found: Graded) -> None:
    row.outcome, row.reason = found.outcome, found.reason
    row.entry_at, row.entry_price_usd = found.entry_at, found.entry_price_usd
    row.outcome_at, row.exit_return = found.outcome_at, found.exit_return
    row.mfe, row.mae = found.mfe, found.mae
    row.evidence, row.due_at = dict(found.evidence), found.next_due
    row.points, row.points_hash = found.points, found.points_hash
    for name in HORIZONS:
        setattr(row, f"r_{name}", found.horizons.get(name))
