"""Facts: news that travels up. A lower app announces, higher apps read with their own cursor.

A fact is one outbox row written inside the caller's transaction. Appenders take turns under an
advisory lock held until commit, so positions follow commit order and a reader that asks for
rows after its cursor never misses one.
"""

import dataclasses
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

APPENDER_LOCK: Final = 0x41555241  # "AURA": the advisory lock all appenders share
CHANNEL: Final = "aura_facts"
KEPT_FOR: Final = timedelta(days=7)
GONE_AFTER: Final = timedelta(days=30)

log = logging.getLogger(__name__)

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
    that asks for the same reader gets nothing. `act` runs inside that transaction, so that what
    it writes and the cursor commit together; what it does elsewhere must be short and bear a
    repeat, for after a crash before the commit the same batch comes again. A fact whose kind or
    shape is not known any more is passed over. Returns how many facts were read.
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
        known = [news for row in rows if (news := _news(row)) is not None]
        if known:
            act(known)
        row.position = rows[-1].pk
        row.save(update_fields=["position"])
    return len(rows)


def _news(row: Any) -> Any:
    """Return the fact a row tells of; None for one that an older version wrote otherwise."""
    cls = _KINDS.get(row.kind)
    try:
        return None if cls is None else cls(**row.body)
    except TypeError:
        log.error("fact %s of kind %s has another shape now; passed over", row.pk, row.kind)
        return None


def forget_facts() -> int:
    """Delete facts over a week old that every reader has passed; return how many.

    A reader that has not come for a month is gone, or finds its place again after a gap.
    """
    facts = apps.get_model("aura", "Fact").objects
    slowest = apps.get_model("aura", "Cursor").objects.aggregate(at=Min("position"))["at"]
    now = timezone.now()
    old = Q(at__lt=now - GONE_AFTER)
    if slowest is not None:
        old |= Q(at__lt=now - KEPT_FOR, pk__lte=slowest)
    pruned = 0
    while ids := list(facts.filter(old).order_by("pk").values_list("pk", flat=True)[:5_000]):
        pruned += facts.filter(pk__in=ids).delete()[0]
    return pruned


def newest_position() -> int:
    """Return the position of the newest fact; a new reader starts here."""
    newest = apps.get_model("aura", "Fact").objects.order_by("-pk").values_list("pk").first()
    return int(newest[0]) if newest else 0
