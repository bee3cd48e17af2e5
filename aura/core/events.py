"""Facts: news that travels up. A lower app announces, higher apps read with their own cursor.

A fact is one outbox row written inside the caller's transaction. Appenders take turns under an
advisory lock held until commit, so positions follow commit order and a reader that asks for
rows after its cursor never misses one.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.apps import apps
from django.db import connection, transaction

APPENDER_LOCK: Final = 0x41555241  # "AURA": the advisory lock all appenders share
CHANNEL: Final = "aura_facts"

_KINDS: dict[str, type] = {}
F = TypeVar("F", bound=type)


def fact(cls: F) -> F:
    """Register a frozen dataclass as a fact; its kind is `app.ClassName`."""
    _KINDS[kind_of(cls)] = cls
    return cls


def kind_of(cls: type) -> str:
    """Name a fact's kind: the app it belongs to and its class."""
    return f"{cls.__module__.split('.')[0]}.{cls.__name__}"


def kinds() -> dict[str, type]:
    """Return every registered fact class by its kind."""
    return dict(_KINDS)


def announce(*facts: Any) -> None:
    """Append facts in the current transaction and wake their readers at its commit.

    Call it last in a transaction: the appender's lock is held from here until commit.
    """
    if not facts:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("announce() belongs inside the transaction of the change it tells of")
    model = apps.get_model("aura", "Fact")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [APPENDER_LOCK])
        model.objects.bulk_create(
            [model(kind=kind_of(type(f)), body=dataclasses.asdict(f)) for f in facts]
        )
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def read_facts(reader: str, act: Callable[[list[Any]], None], *, limit: int = 200) -> int:
    """Hand the facts after the reader's cursor to `act`, then move the cursor.

    One reader's batches never overlap: its cursor row is locked meanwhile, and a second process
    that asks for the same reader gets nothing. `act` must bear a repeat: after a crash between
    the act and the commit, the same batch comes again. Returns how many facts were read.
    """
    cursors = apps.get_model("aura", "Cursor")
    model = apps.get_model("aura", "Fact")
    cursors.objects.get_or_create(reader=reader, defaults={"position": newest_position()})
    with transaction.atomic():
        row = cursors.objects.select_for_update(skip_locked=True).filter(reader=reader).first()
        if row is None:
            return 0
        rows = list(model.objects.filter(pk__gt=row.position).order_by("pk")[:limit])
        if not rows:
            return 0
        known = [_KINDS[r.kind](**r.body) for r in rows if r.kind in _KINDS]
        if known:
            act(known)
        row.position = rows[-1].pk
        row.save(update_fields=["position"])
    return len(rows)


def newest_position() -> int:
    """Return the position of the newest fact; a new reader starts here."""
    newest = apps.get_model("aura", "Fact").objects.order_by("-pk").values_list("pk").first()
    return int(newest[0]) if newest else 0
