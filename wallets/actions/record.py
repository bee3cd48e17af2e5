"""The one way in for transactions, whether pushed, swept or replayed."""

import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from aura.core import clock, exact
from aura.core.locks import again_after_deadlock
from market.actions import note_mints
from wallets.actions.quarantine import is_passing, quarantine_payloads
from wallets.actions.settle import locked_wallets, moment, place, settle, tell_news
from wallets.domain.bounds import confirm_bounds
from wallets.domain.finality import ASK_AFTER, is_long_final
from wallets.domain.parse import parse
from wallets.domain.values import Transaction, Undecodable
from wallets.models import RawTransaction

# What these bring was read from a node's history: old transactions in it are final.
HISTORIES: Final = frozenset({"sweep", "replay", "prototype"})
# What a payload tells, all of it replaced when a dropped transaction is told again.
_TOLD: Final = (
    "slot", "tx_index", "block_time", "version", "failed", "fee_payer", "fee_lamports", "owners",
    "payload",
)  # fmt: skip

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorded:
    """What became of a batch: counts, and the reasons of what was put aside."""

    new: int = 0
    known: int = 0
    quarantined: int = 0
    trades: int = 0
    # The reason of each refused payload, by its place in the batch.
    refused: dict[int, str] = field(default_factory=dict)
    # When each transaction recorded for the first time happened, where that is known.
    new_times: list[datetime] = field(default_factory=list)

    @property
    def reasons(self) -> list[str]:
        """Why payloads were put aside, each reason once."""
        return list(dict.fromkeys(self.refused.values()))


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A payload that was read, and its place in the batch."""

    at: int
    read: Transaction
    payload: Mapping[str, Any]


def record_transactions(payloads: Iterable[Any], *, source: str) -> Recorded:
    """Record raw transactions and everything that follows from them, in one transaction.

    A payload that cannot be read or stored is quarantined with its reason and hinders no other.
    The state afterwards depends only on the set of transactions, not on their order, on
    duplicates or on how they were split into batches. Raises only what passes: the database's
    troubles of the moment.
    """
    result = Recorded()
    aside: list[tuple[Any, str]] = []
    incoming: dict[str, _Incoming] = {}
    for at, payload in enumerate(payloads):
        try:
            read = parse(payload)
            confirm_bounds(read)
        except Undecodable as reason:
            aside.append((payload, str(reason)))
            result.refused[at] = str(reason)
            continue
        first = incoming.get(read.signature)
        if first is None:
            incoming[read.signature] = _Incoming(at, read, payload)
        else:
            whole = _completed(first.read, read)
            incoming[read.signature] = _Incoming(first.at, whole, first.payload)
    if incoming:
        note_mints(_decimals(item.read for item in incoming.values()))
        aside += _record_or_part(list(incoming.values()), source, result)
    if aside:
        quarantine_payloads(aside, source=source)
        result.quarantined = len(aside)
    return result


def owners_of(read: Transaction) -> list[str]:
    """Return whose transaction it is: its signers, and owners of changed token accounts."""
    owners = set(read.signers)
    for account in read.token_accounts:
        if account.pre != account.post:
            owners.update(o for o in (account.pre_owner, account.post_owner) if o)
    return sorted(owners)


def _completed(first: Transaction, copy: Transaction) -> Transaction:
    """Return the first copy with the place and time that only a later copy tells."""
    if first.tx_index is None or first.block_time is None:
        index = copy.tx_index if first.tx_index is None else first.tx_index
        time = copy.block_time if first.block_time is None else first.block_time
        return replace(first, tx_index=index, block_time=time)
    return first


def _decimals(reads: Iterable[Transaction]) -> dict[str, int]:
    return {a.mint: a.decimals for read in reads for a in read.token_accounts}


def _record_or_part(
    incoming: Sequence[_Incoming], source: str, result: Recorded
) -> list[tuple[Any, str]]:
    """Record a batch; where that fails for good, its halves, down to the one that is the cause.

    Returns what could not be recorded, with the reason.
    """
    try:
        done = _record(incoming, source)
    except Exception as error:
        if is_passing(error):
            raise
        if len(incoming) == 1:
            (item,) = incoming
            log.exception("transaction %s could not be recorded", item.read.signature)
            reason = f"could not be recorded: {type(error).__name__}"
            result.refused[item.at] = reason
            return [(item.payload, reason)]
        half = len(incoming) // 2
        first = _record_or_part(incoming[:half], source, result)
        return first + _record_or_part(incoming[half:], source, result)
    result.new += done.new
    result.known += done.known
    result.trades += done.trades
    result.new_times += done.new_times
    return []


@again_after_deadlock
@transaction.atomic
def _record(incoming: Sequence[_Incoming], source: str) -> Recorded:
    reads = [item.read for item in incoming]
    wallets = locked_wallets({owner for read in reads for owner in owners_of(read)})
    signatures = [read.signature for read in reads]
    known = RawTransaction.objects.in_bulk(signatures, field_name="signature")
    fresh = [item for item in incoming if item.read.signature not in known]
    RawTransaction.objects.bulk_create(
        sorted((_raw(item, source) for item in fresh), key=lambda row: row.signature),
        ignore_conflicts=True,
    )
    rows = RawTransaction.objects.in_bulk(signatures, field_name="signature")
    pairs = [(rows[read.signature], read) for read in reads]
    placed = []
    # Rows of nobody's wallet are locked here alone: in one order, as every writer does.
    for item in sorted(incoming, key=lambda item: item.read.signature):
        row = rows[item.read.signature]
        if row.status == RawTransaction.Status.VOID:
            _tell_again(row, item, from_history=source in HISTORIES)
        elif place(row, item.read.tx_index, moment(item.read.block_time)):
            placed.append(row)
    derived, moved = settle(wallets, pairs, placed_anew=placed)
    tell_news(derived, moved)
    return Recorded(
        new=len(rows) - len(known),
        known=len(known),
        trades=len(derived.trades),
        new_times=[t for i in fresh if (t := moment(i.read.block_time)) is not None],
    )


def _tell_again(row: RawTransaction, item: _Incoming, *, from_history: bool) -> None:
    """Let a transaction that was dropped and is told again stand as it is told now.

    Only the chain's own history says so: a delivery may be a late copy of what was dropped, and
    only has the chain asked at once.
    """
    if from_history:
        anew = _raw(item, row.source)
        for name in _TOLD:
            setattr(row, name, getattr(anew, name))
        row.status, row.status_at = RawTransaction.Status.PROVISIONAL, anew.status_at
    row.ask_at = timezone.now()
    row.save(update_fields=[*_TOLD, "status", "status_at", "ask_at"])


def _raw(item: _Incoming, source: str) -> RawTransaction:
    read, now = item.read, timezone.now()
    time = moment(read.block_time)
    is_final = source in HISTORIES and is_long_final(time, clock.now())
    return RawTransaction(
        signature=read.signature,
        slot=read.slot or 0,
        tx_index=read.tx_index,
        block_time=time,
        version=str(read.version),
        failed=read.failed,
        fee_payer=read.signers[0],
        fee_lamports=read.fee_lamports,
        owners=owners_of(read),
        payload=zlib.compress(exact.dumps(item.payload).encode()),
        source=source,
        status=RawTransaction.Status.FINAL if is_final else RawTransaction.Status.PROVISIONAL,
        status_at=now,
        ask_at=None if is_final else now + ASK_AFTER,
    )
