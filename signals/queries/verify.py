"""Checking the record: the chain by itself, its columns, and the rows it tells of."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from django.db.models import Exists, OuterRef

from signals.domain.chain import (
    GENESIS,
    Break,
    Entry,
    Link,
    Root,
    day_of,
    export_lines,
    read_export,
    walk,
)
from signals.models import Component, Control, Grade, RecordEntry, Signal
from signals.queries.bodies import control_body, outcome_body, signal_body

AT_ONCE: Final = 500
# What an entry says of itself, not of its row.
_OWN: Final = frozenset({"no", "kind", "at"})

Regrade = Callable[[list[Grade]], dict[str, Any]]


@dataclass
class Verified:
    """What was checked, the root of every day, and the first break, if any."""

    entries: int = 0
    head: str = GENESIS
    roots: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    regraded: int = 0
    broken: Break | None = None


def stored_entries() -> Iterator[Entry]:
    """Yield the record as it is stored, in order."""
    for row in RecordEntry.objects.order_by("no").iterator(AT_ONCE):
        yield Entry(row.no, row.prev_hash, row.body, row.hash)


def export_record(world: str) -> Iterator[str]:
    """Yield the record as lines of a file; ValueError at a break, which it names."""
    return export_lines(_unbroken(stored_entries()), world=world)


def _unbroken(entries: Iterable[Entry]) -> Iterator[Link]:
    for one in walk(entries):
        if isinstance(one, Break):
            raise ValueError(str(one))
        yield one


def verify_file(lines: Iterable[str]) -> Verified:
    """Check an exported file by itself: every hash, and every root it names."""
    found = Verified()
    roots: list[Root] = []

    def entries() -> Iterator[Entry]:
        for one in read_export(lines):
            if isinstance(one, Root):
                roots.append(one)
            else:
                yield one

    for one in walk(entries()):
        if isinstance(one, Break):
            found.broken = one
            return found
        _note(found, one)
    for root in roots:
        if found.roots.get(root.day) != root.hash:
            reason = f"is {root.hash}, the entries make {found.roots.get(root.day, 'none')}"
            found.broken = Break(root.after, f"root of {root.day}", reason)
            break
    return found


def verify_stored(*, regrade: Regrade | None = None) -> Verified:
    """Check the stored record: the chain, then each entry against its columns and its row.

    Every signal, control and settled grade must stand in it. With `regrade`, outcomes are graded
    once more where it still gives what they were graded by.
    """
    found = Verified()
    links = walk(stored_entries())
    while batch := list(islice(links, AT_ONCE)):
        good = [one for one in batch if isinstance(one, Link)]
        found.broken = _first_difference(good, found, regrade)
        if found.broken is None and isinstance(batch[-1], Break):
            found.broken = _told_apart(batch[-1])
        if found.broken is not None:
            return found
    found.broken = _unrecorded(found.entries)
    return found


def _note(found: Verified, one: Link) -> None:
    found.entries, found.head = one.entry.no, one.entry.hash
    found.roots[day_of(one.values)] = one.entry.hash


def _first_difference(links: list[Link], found: Verified, regrade: Regrade | None) -> Break | None:
    rows = RecordEntry.objects.in_bulk([one.entry.no for one in links])
    subjects = _Subjects(list(rows.values()))
    for one in links:
        row = rows[one.entry.no]
        broken = _columns(row, one.values) or _row(row, one.values, subjects)
        if broken is None and regrade is not None and row.kind == RecordEntry.Kind.OUTCOME:
            broken = _again(row, one.values, subjects.grades_of(row), regrade, found)
        if broken is not None:
            return broken
        _note(found, one)
        found.rows += row.kind != RecordEntry.Kind.RETIRED
    return None


def _told_apart(broken: Break) -> Break:
    """Add to a body that does not make its hash what it says otherwise than its row."""
    row = RecordEntry.objects.filter(no=broken.no).first()
    if broken.field != "body" or row is None:
        return broken
    try:
        values = dict(json.loads(row.body))
    except (TypeError, ValueError):
        return broken
    other = _columns(row, values) or _row(row, values, _Subjects([row]))
    return broken if other is None else replace(broken, reason=f"{broken.reason}; {other}")


def _columns(row: RecordEntry, values: dict[str, Any]) -> Break | None:
    """Compare what the columns repeat with what the body says."""
    told: dict[str, Any] = {"kind": row.kind, "day": row.day.isoformat()}
    said: dict[str, Any] = {"kind": values.get("kind"), "day": day_of(values)}
    if row.kind != RecordEntry.Kind.RETIRED:
        told |= {"control": row.control_id}
        said |= {"control": values.get("control")}
        if row.control_id is None:
            told["signal"], said["signal"] = row.signal_id, values.get("signal")
    return _difference(row.no, said, told, "column")


def _row(row: RecordEntry, values: dict[str, Any], subjects: "_Subjects") -> Break | None:
    """Compare the body with the row it tells of; a retirement has its own figures only."""
    if row.kind == RecordEntry.Kind.RETIRED:
        return None
    said = {name: value for name, value in values.items() if name not in _OWN}
    if row.kind == RecordEntry.Kind.SIGNAL and row.signal_id is not None:
        signal = subjects.signals[row.signal_id]
        return _difference(row.no, said, signal_body(signal, subjects.parts[signal.pk]), "signal")
    if row.kind == RecordEntry.Kind.CONTROL and row.control_id is not None:
        return _difference(row.no, said, control_body(subjects.controls[row.control_id]), "control")
    grades = subjects.grades_of(row)
    if not grades or any(grade.settled_at is None for grade in grades):
        return Break(row.no, "outcome", "the grades it tells of are not there, or not settled")
    return _difference(row.no, said, outcome_body(grades), "grade")


def _again(
    row: RecordEntry,
    values: dict[str, Any],
    grades: list[Grade],
    regrade: Regrade,
    found: Verified,
) -> Break | None:
    """Grade once more; where other points are stored than then, that says nothing."""
    again = regrade(grades)
    said = {name: value for name, value in values.items() if name not in _OWN}
    for size, graded in again["grades"].items():
        if graded["points_hash"] != said["grades"][size]["points_hash"]:
            return None
    found.regraded += 1
    return _difference(row.no, said, again, "regraded")


def _difference(no: int, said: Any, told: Any, where: str) -> Break | None:
    """Name the first field in which two values differ."""
    if isinstance(said, dict) and isinstance(told, dict):
        for name in sorted({*said, *told}):
            if name not in told or name not in said:
                reason = "is only in the record" if name in said else "is not in the record"
                return Break(no, f"{where}.{name}", reason)
            if (broken := _difference(no, said[name], told[name], f"{where}.{name}")) is not None:
                return broken
        return None
    return None if said == told else Break(no, where, f"is {told!r}, recorded {said!r}")


def _unrecorded(last: int) -> Break | None:
    """Find what should stand in the record and does not."""
    entries = RecordEntry.objects
    mine = Exists(entries.filter(kind="signal", signal=OuterRef("pk")))
    signal = Signal.objects.exclude(mine).order_by("pk").first()
    if signal is not None:
        return Break(last + 1, "signal", f"signal {signal.pk} has no entry")
    drawn = Exists(entries.filter(kind="control", control=OuterRef("pk")))
    control = Control.objects.exclude(drawn).order_by("pk").first()
    if control is not None:
        return Break(last + 1, "control", f"control {control.pk} has no entry")
    settled = Grade.objects.exclude(settled_at=None)
    of_signal = Exists(entries.filter(kind="outcome", control=None, signal=OuterRef("signal_id")))
    of_control = Exists(entries.filter(kind="outcome", control=OuterRef("control_id")))
    grade = (
        (
            settled.exclude(control=None).exclude(of_control)
            | settled.exclude(signal=None).exclude(of_signal)
        )
        .order_by("pk")
        .first()
    )
    if grade is not None:
        return Break(last + 1, "outcome", f"grade {grade.pk} is settled and has no entry")
    return None


class _Subjects:
    """The rows a batch of entries tells of, in five queries."""

    def __init__(self, rows: list[RecordEntry]) -> None:
        signal_ids = {row.signal_id for row in rows if row.signal_id}
        control_ids = {row.control_id for row in rows if row.control_id}
        self.signals = Signal.objects.in_bulk(signal_ids)
        self.controls = Control.objects.select_related("signal").in_bulk(control_ids)
        self.parts: dict[int, list[str]] = defaultdict(list)
        parts = Component.objects.published().filter(signal__in=signal_ids)
        for signal_id, strategy in parts.values_list("signal_id", "strategy"):
            self.parts[signal_id].append(strategy)
        self._grades: dict[tuple[int | None, int | None], list[Grade]] = defaultdict(list)
        grades = Grade.objects.select_related("signal", "control__signal")
        for grade in grades.filter(signal__in=signal_ids) | grades.filter(control__in=control_ids):
            self._grades[grade.signal_id, grade.control_id].append(grade)

    def grades_of(self, row: RecordEntry) -> list[Grade]:
        """Return the grades of an entry's signal, or of its control."""
        key = (None, row.control_id) if row.control_id else (row.signal_id, None)
        return self._grades[key]
