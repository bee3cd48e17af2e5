"""The one way in for transactions, whether pushed, swept or replayed."""

import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from aura.core import exact
from market.actions import note_mints
from wallets.actions.quarantine import is_passing, quarantine_payloads
from wallets.actions.settle import locked_wallets, moment, place, settle, tell_news
from wallets.domain.bounds import confirm_bounds
from wallets.domain.parse import parse
from wallets.domain.values import Transaction, Undecodable
from wallets.models import RawTransaction

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorded:
    """What became of a batch: counts, and the reasons of what was put aside."""

    new: int = 0
    known: int = 0
    quarantined: int = 0
    trades: int = 0
    reasons: list[str] = field(default_factory=list)


Incoming = tuple[Transaction, Mapping[str, Any]]
Refused = list[tuple[Any, str]]


def record_transactions(payloads: Iterable[Any], *, source: str) -> Recorded:
    """Record raw transactions and everything that follows from them, in one transaction.

    A payload that cannot be read or stored is quarantined with its reason and hinders no other.
    The state afterwards depends only on the set of transactions, not on their order, on
    duplicates or on how they were split into batches. Raises only what passes: the database's
    troubles of the moment.
    """
    result = Recorded()
    refused: Refused = []
    incoming: dict[str, Incoming] = {}
    for payload in payloads:
        try:
            read = parse(payload)
            confirm_bounds(read)
        except Undecodable as reason:
            refused.append((payload, str(reason)))
            continue
        first, kept = incoming.get(read.signature, (read, payload))
        incoming[read.signature] = (_completed(first, read), kept)
    if incoming:
        note_mints(_decimals(read for read, _ in incoming.values()))
        _record_or_part(list(incoming.values()), source, result, refused)
    if refused:
        quarantine_payloads(refused, source=source)
        result.quarantined = len(refused)
        result.reasons = list(dict.fromkeys(reason for _, reason in refused))
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
    incoming: Sequence[Incoming], source: str, result: Recorded, refused: Refused
) -> None:
    """Record a batch; where that fails for good, its halves, down to the one that is the cause."""
    try:
        done = _record(incoming, source)
    except Exception as error:
        if is_passing(error):
            raise
        if len(incoming) == 1:
            read, payload = incoming[0]
            log.exception("transaction %s could not be recorded", read.signature)
            refused.append((payload, f"could not be recorded: {type(error).__name__}"))
            return
        half = len(incoming) // 2
        _record_or_part(incoming[:half], source, result, refused)
        _record_or_part(incoming[half:], source, result, refused)
        return
    result.new += done.new
    result.known += done.known
    result.trades += done.trades


@transaction.atomic
def _record(incoming: Sequence[Incoming], source: str) -> Recorded:
    wallets = locked_wallets({owner for read, _ in incoming for owner in owners_of(read)})
    signatures = [read.signature for read, _ in incoming]
    known = RawTransaction.objects.in_bulk(signatures, field_name="signature")
    RawTransaction.objects.bulk_create(
        sorted(
            (_raw(r, p, source) for r, p in incoming if r.signature not in known),
            key=lambda row: row.signature,
        ),
        ignore_conflicts=True,
    )
    rows = RawTransaction.objects.in_bulk(signatures, field_name="signature")
    pairs = [(rows[read.signature], read) for read, _ in incoming]
    # Rows of nobody's wallet are locked here alone: in one order, as every writer does.
    in_order = sorted(pairs, key=lambda pair: pair[0].signature)
    placed = [raw for raw, read in in_order if place(raw, read.tx_index, moment(read.block_time))]
    derived, moved = settle(wallets, pairs, placed_anew=placed)
    tell_news(derived, moved)
    return Recorded(new=len(rows) - len(known), known=len(known), trades=len(derived.trades))


def _raw(read: Transaction, payload: Mapping[str, Any], source: str) -> RawTransaction:
    return RawTransaction(
        signature=read.signature,
        slot=read.slot or 0,
        tx_index=read.tx_index,
        block_time=moment(read.block_time),
        version=str(read.version),
        failed=read.failed,
        fee_payer=read.signers[0],
        fee_lamports=read.fee_lamports,
        owners=owners_of(read),
        payload=zlib.compress(exact.dumps(payload).encode()),
        source=source,
    )
