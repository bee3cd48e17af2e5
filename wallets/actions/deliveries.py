"""The inbox: a body is kept first, answered at once, and read afterwards."""

import logging
import zlib
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from aura.core import exact
from wallets.actions.quarantine import is_passing, quarantine_payload
from wallets.actions.record import Recorded, record_transactions
from wallets.models import Delivery

CHANNEL: Final = "aura_inbox"
BATCH: Final = 20
# A transaction is a thousand bytes and more: no body within the limit holds so many of them.
MOST_ITEMS: Final = 5_000
PRUNED_AT_ONCE: Final = 2_000

log = logging.getLogger(__name__)


@transaction.atomic
def keep_delivery(body: bytes, *, source: str) -> Delivery:
    """Keep a body as it came and wake whoever reads the inbox; nothing is judged yet."""
    delivery = Delivery.objects.create(source=source, body=zlib.compress(body, 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return delivery


def record_waiting(*, limit: int = BATCH) -> int:
    """Record the oldest waiting deliveries; return how many were taken.

    Each is claimed by a lock that other readers skip, so two readers share the work. A delivery
    that defeats us entirely is quarantined with the reason instead of stopping the rest; only
    the database's troubles of the moment are raised, and the delivery then waits on.
    """
    taken = 0
    for _ in range(limit):
        if not _record_next():
            break
        taken += 1
    return taken


def _record_next() -> bool:
    with transaction.atomic():
        waiting = Delivery.objects.filter(state=Delivery.State.WAITING).order_by("pk")
        delivery = waiting.select_for_update(skip_locked=True).first()
        if delivery is None:
            return False
        _read(delivery)
        delivery.done_at = timezone.now()
        delivery.save(update_fields=["state", "reason", "done_at"])
    return True


def _read(delivery: Delivery) -> None:
    body = zlib.decompress(delivery.body)
    try:
        payloads = _payloads(body)
    except ValueError as error:
        quarantine_payload(body, reason=str(error), source=delivery.source)
        delivery.state, delivery.reason = Delivery.State.QUARANTINED, str(error)
        return
    try:
        with transaction.atomic():
            result = record_transactions(payloads, source=delivery.source)
    except Exception as error:
        if is_passing(error):
            raise
        log.exception("delivery %s could not be recorded", delivery.pk)
        reason = f"could not be recorded: {type(error).__name__}"
        quarantine_payload(body, reason=reason, source=delivery.source)
        delivery.state, delivery.reason = Delivery.State.QUARANTINED, reason
        return
    delivery.state = _verdict(result)
    delivery.reason = "; ".join(result.reasons)[:2000]


def _verdict(result: Recorded) -> Delivery.State:
    nothing_else = result.quarantined and not (result.new or result.known)
    return Delivery.State.QUARANTINED if nothing_else else Delivery.State.RECORDED


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
