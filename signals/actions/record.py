"""Writing the record: entries in one line, each after the one before."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from aura.core import clock
from signals.domain.chain import GENESIS, canonical, link
from signals.domain.controls import Eligible, draw
from signals.domain.grading import DELAY, SIZES_USD, STORED_WITHIN
from signals.models import Control, Grade, RecordEntry, Signal
from signals.queries.bodies import control_body, signal_body, when

RECORD_LOCK: Final = 0x5245434F  # "RECO": the advisory lock all recorders share


def append_entry(
    kind: RecordEntry.Kind,
    values: dict[str, Any],
    *,
    signal: Signal | None = None,
    control: Control | None = None,
) -> RecordEntry:
    """Append one entry to the record in the current transaction.

    Recorders take turns under an advisory lock held until commit, so that numbers have no gaps
    and follow commit order. Announce after it: the lock of facts is always taken last. Raises
    NotCanonical for values that have no one way to be written, IntegrityError for a subject that
    stands in the record already.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append_entry() belongs inside the transaction of what it records")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RECORD_LOCK])
    last = RecordEntry.objects.order_by("-no").first()
    no, prev_hash = (1, GENESIS) if last is None else (last.no + 1, last.hash)
    at = clock.now()
    # days never run backwards, whatever the clock does: a root covers all before it
    if last is not None and at.date() < last.day:
        at = datetime.combine(last.day, datetime.min.time(), at.tzinfo)
    body = canonical(values | {"no": no, "kind": str(kind), "at": when(at)})
    return RecordEntry.objects.create(
        no=no, kind=kind, signal=signal, control=control, day=at.date(), body=body,
        prev_hash=prev_hash, hash=link(prev_hash, body),
    )  # fmt: skip


@transaction.atomic
def enter_signal(
    signal: Signal, subject: Eligible, eligible: Iterable[Eligible] = ()
) -> list[Control]:
    """Enter a signal just raised into the record, draw its controls, and ask for their grades.

    Its components must be there already. `eligible` are the tokens that passed the gates of the
    same scan; for a shadow none are given, as nothing is claimed of shadows. The draw is seeded
    by the scan and the entry before, so nobody can choose it. Returns the controls.
    """
    signal.refresh_from_db()  # what is recorded is what the columns hold, rounding included
    parts = signal.components.published().values_list("strategy", flat=True)
    entry = append_entry(RecordEntry.Kind.SIGNAL, signal_body(signal, parts), signal=signal)
    mints = draw(subject, eligible, seed=f"{signal.scan_id}:{entry.prev_hash}")
    controls = [
        Control(signal=signal, mint=mint, drawn_at=signal.published_at, bucket=subject.bucket)
        for mint in mints
    ]
    Control.objects.bulk_create(controls)
    for control in controls:
        append_entry(
            RecordEntry.Kind.CONTROL, control_body(control), signal=signal, control=control
        )  # fmt: skip
    due_at = signal.published_at + DELAY + STORED_WITHIN
    Grade.objects.bulk_create(
        [_ungraded(due_at, size, signal=signal) for size in SIZES_USD]
        + [
            _ungraded(due_at, size, control=control, grading=signal.grading)
            for control in controls
            for size in SIZES_USD
        ]
    )
    return controls


def _ungraded(
    due_at: datetime,
    size_usd: int,
    *,
    signal: Signal | None = None,
    control: Control | None = None,
    grading: str = "",
) -> Grade:
    version = signal.grading if signal is not None else grading
    return Grade(signal=signal, control=control, size_usd=size_usd, grading=version, due_at=due_at)
