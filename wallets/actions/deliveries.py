"""The inbox: a body is kept first, answered at once, and read afterwards."""

import logging
import zlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from aura.core import exact
from aura.core.locks import alone
from wallets.actions.quarantine import is_passing, quarantine_payload
from wallets.actions.record import record_transactions
from wallets.models import Delivery

CHANNEL: Final = "aura_inbox"
BATCH: Final = 100
# A transaction is a thousand bytes and more: no body within the limit holds so many of them.
MOST_ITEMS: Final = 5_000
PRUNED_AT_ONCE: Final = 2_000
_READING: Final = 0x41555247

log = logging.getLogger(__name__)


@transaction.atomic
def keep_deliveries(bodies: Sequence[bytes], *, source: str) -> list[int]:
    """Keep bodies as they came and wake whoever reads the inbox; nothing is judged yet.

    Returns the deliveries' ids, in the order of the bodies.
    """
    rows = [Delivery(source=source, body=zlib.compress(body, 1)) for body in bodies]
    kept = Delivery.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return [delivery.pk for delivery in kept]


def keep_delivery(body: bytes, *, source: str) -> int:
    """Keep one body; see `keep_deliveries`."""
    return keep_deliveries([body], source=source)[0]


def record_waiting(*, limit: int = BATCH) -> int:
    """Record the oldest waiting deliveries, together; return how many were taken.

    One reader at a time: a second one takes nothing. What is recorded is committed before the
    deliveries are marked as read: after a crash in between they are read again, and find
    everything known. Where a batch defeats us, its deliveries are recorded one by one, and one
    that defeats us alone is quarantined with the reason instead of stopping the rest; only the
    database's troubles of the moment are raised, and the deliveries then wait on.
    """
    with alone(_READING) as mine:
        if not mine:
            return 0
        waiting = Delivery.objects.filter(state=Delivery.State.WAITING).order_by("pk")
        taken = list(waiting[:limit])
        readable = [(delivery, items) for delivery in taken if (items := _opened(delivery))]
        for source, some in groupby(readable, key=lambda pair: pair[0].source):
            _record(list(some), source)
        for delivery in taken:
            delivery.done_at = timezone.now()
        Delivery.objects.bulk_update(taken, ["state", "reason", "done_at"])
    return len(taken)


def _opened(delivery: Delivery) -> list[Any]:
    """Return what a delivery holds; one that holds nothing readable is quarantined."""
    body = zlib.decompress(delivery.body)
    try:
        return _payloads(body)
    except ValueError as error:
        _put_aside(delivery, body, str(error))
        return []


def _put_aside(delivery: Delivery, body: bytes, reason: str) -> None:
    quarantine_payload(body, reason=reason, source=delivery.source)
    delivery.state, delivery.reason = Delivery.State.QUARANTINED, reason


def _record(some: Sequence[tuple[Delivery, list[Any]]], source: str) -> None:
    """Record the payloads of several deliveries in one go, and give each its verdict."""
    everything = [payload for _, payloads in some for payload in payloads]
    try:
        result = record_transactions(everything, source=source)
    except Exception as error:
        if is_passing(error):
            raise
        if len(some) > 1:
            for one in some:
                _record([one], source)
            return
        ((delivery, _),) = some
        log.exception("delivery %s could not be recorded", delivery.pk)
        reason = f"could not be recorded: {type(error).__name__}"
        _put_aside(delivery, zlib.decompress(delivery.body), reason)
        return
    start = 0
    for delivery, payloads in some:
        end = start + len(payloads)
        refused = [result.refused[at] for at in range(start, end) if at in result.refused]
        is_all = len(refused) == len(payloads)
        delivery.state = Delivery.State.QUARANTINED if is_all else Delivery.State.RECORDED
        delivery.reason = "; ".join(dict.fromkeys(refused))[:2000]
        start = end


def _payloads(body: bytes) -> list[Any]:
    """Read a body as JSON: a list of transactions, or one. Raises ValueError with the reason."""
    if not body.strip():
        raise ValueError("empty body")
    try:
        content = exact.loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}"[:300]) from None
    if isinstance(content, dict):
        return [content]
    if not isinstance(content, list):
        raise ValueError(f"a list of transactions was expected, not {type(content).__name__}")
    if not content:
        raise ValueError("an empty list")
    if len(content) > MOST_ITEMS:
        raise ValueError(f"{len(content)} items are more than a delivery holds")
    return content


def prune_deliveries(*, recorded_before: datetime, quarantined_before: datetime) -> int:
    """Delete deliveries that were read long ago; return how many. What waits is never deleted.

    Recorded transactions have their payload in their own row, refused ones in quarantine.
    """
    ends = {
        Delivery.State.RECORDED: recorded_before,
        Delivery.State.QUARANTINED: quarantined_before,
    }
    pruned = 0
    for state, end in ends.items():
        old = Delivery.objects.filter(state=state, done_at__lt=end).order_by("pk")
        while ids := list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE]):
            pruned += Delivery.objects.filter(pk__in=ids).delete()[0]
    return pruned
