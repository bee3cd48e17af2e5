"""Putting aside what cannot be recorded, and telling it from what only has to wait."""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F

from aura.core import exact
from wallets.models import QuarantinedPayload

# SQLSTATE classes of troubles that pass: connection, rollback of a rival, resources, locks,
# operator, system. https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING: Final = frozenset({"08", "40", "53", "55", "57", "58"})
_UNWRITABLE: Final = b"(cannot be written as JSON again)"


def is_passing(error: BaseException) -> bool:
    """Say whether an error is the database's trouble of the moment, not the payload's fault.

    What passes is tried again; anything else would come back for ever.
    """
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return str(state)[:2] in _PASSING


def quarantine_payload(payload: Any, *, reason: str, source: str) -> None:
    """Put aside what cannot be read, once per content, with how often it came."""
    quarantine_payloads([(payload, reason)], source=source)


@transaction.atomic
def quarantine_payloads(refused: Iterable[tuple[Any, str]], *, source: str) -> None:
    """Put payloads aside with their reasons: a few queries, however many there are."""
    rows: dict[str, QuarantinedPayload] = {}
    for payload, reason in refused:
        body = payload if isinstance(payload, bytes) else _written(payload)
        digest = hashlib.sha256(body).hexdigest()
        if digest not in rows:
            rows[digest] = QuarantinedPayload(
                digest=digest, source=source, reason=reason.replace("\0", "?"),
                payload=zlib.compress(body), count=0,
            )  # fmt: skip
        rows[digest].count += 1
    came: dict[int, list[str]] = defaultdict(list)
    for digest, row in rows.items():
        came[row.count].append(digest)
        row.count = 0
    QuarantinedPayload.objects.bulk_create(
        [rows[digest] for digest in sorted(rows)], ignore_conflicts=True, batch_size=500
    )
    for times, digests in came.items():
        QuarantinedPayload.objects.filter(digest__in=digests).update(count=F("count") + times)


def _written(payload: Any) -> bytes:
    try:
        return exact.dumps(payload).encode()
    except (ValueError, RecursionError):
        return _UNWRITABLE
