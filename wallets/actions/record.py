"""The one way in for transactions, whether pushed, swept or replayed."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from aura.core import exact
from aura.core.events import announce
from market.actions import note_mints
from wallets.actions.books import Key, books_of, fold_books
from wallets.actions.derive import Derived, derive, reprice
from wallets.actions.stats import refresh_stats
from wallets.domain.parse import parse
from wallets.domain.values import Transaction, Undecodable
from wallets.events import BooksChanged, TradesRecorded
from wallets.models import Activity, QuarantinedPayload, RawTransaction, Trade, Transfer, Wallet


@dataclass(slots=True)
class Recorded:
    """What became of a batch: counts, and the reasons of what was put aside."""

    new: int = 0
    known: int = 0
    quarantined: int = 0
    trades: int = 0
    reasons: list[str] = field(default_factory=list)


Incoming = tuple[Transaction, Mapping[str, Any]]


def record_transactions(payloads: Iterable[Any], *, source: str) -> Recorded:
    """Record raw transactions and everything that follows from them, in one transaction.

    A payload that cannot be read is quarantined with its reason and hinders no other. The state
    afterwards depends only on the set of transactions, not on their order, on duplicates or on
    how they were split into batches.
    """
    result = Recorded()
    incoming: dict[str, Incoming] = {}
    for payload in payloads:
        try:
            read = parse(payload)
            if read.slot is None:
                raise Undecodable("no slot: its place on the chain is not known")
        except Undecodable as reason:
            quarantine_payload(payload, reason=str(reason), source=source)
            result.quarantined += 1
            result.reasons.append(str(reason))
            continue
        incoming.setdefault(read.signature, (read, payload))
    if incoming:
        note_mints(_decimals(read for read, _ in incoming.values()))
        _record(list(incoming.values()), source, result)
    return result


def quarantine_payload(payload: Any, *, reason: str, source: str) -> None:
    """Put aside what cannot be read, once per content, with how often it came."""
    body = payload if isinstance(payload, bytes) else exact.dumps(payload).encode()
    digest = hashlib.sha256(body).hexdigest()
    _, is_new = QuarantinedPayload.objects.get_or_create(
        digest=digest,
        defaults={"source": source, "reason": reason, "payload": zlib.compress(body)},
    )
    if not is_new:
        QuarantinedPayload.objects.filter(digest=digest).update(count=F("count") + 1)


def derive_wallet(wallet: Wallet) -> None:
    """Read the transactions kept so far for a wallet that was not recorded when they came."""
    raws = RawTransaction.objects.filter(owners__contains=[wallet.address])
    pairs = [(raw, parse(unpack(raw))) for raw in raws.order_by("slot", "tx_index", "signature")]
    if pairs:
        _settle({wallet.address: wallet}, pairs, Recorded())


def unpack(raw: RawTransaction) -> Any:
    """Return the payload of a raw row as it came."""
    return exact.loads(zlib.decompress(raw.payload))


def owners_of(read: Transaction) -> list[str]:
    """Return whose transaction it is: its signers, and owners of changed token accounts."""
    owners = set(read.signers)
    for account in read.token_accounts:
        if account.pre != account.post:
            owners.update(o for o in (account.pre_owner, account.post_owner) if o)
    return sorted(owners)


def _decimals(reads: Iterable[Transaction]) -> dict[str, int]:
    return {a.mint: a.decimals for read in reads for a in read.token_accounts}


@transaction.atomic
def _record(incoming: Sequence[Incoming], source: str, result: Recorded) -> None:
    owners = {owner for read, _ in incoming for owner in owners_of(read)}
    wallets = _locked(owners)
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
    result.new += len(rows) - len(known)
    result.known += len(known)
    placed_anew = [rows[r.signature] for r, _ in incoming if _place(rows[r.signature], r)]
    pairs = [(rows[read.signature], read) for read, _ in incoming]
    _settle(wallets, pairs, result, placed_anew=placed_anew)


def _locked(addresses: Iterable[str]) -> dict[str, Wallet]:
    """Lock the recorded wallets among the addresses, in one order for everybody."""
    rows = Wallet.objects.filter(address__in=list(addresses)).order_by("pk")
    return {wallet.address: wallet for wallet in rows.select_for_update(of=("self",))}


def _raw(read: Transaction, payload: Mapping[str, Any], source: str) -> RawTransaction:
    return RawTransaction(
        signature=read.signature,
        slot=read.slot or 0,
        tx_index=read.tx_index,
        block_time=_moment(read.block_time),
        version=str(read.version),
        failed=read.failed,
        fee_payer=read.signers[0],
        fee_lamports=read.fee_lamports,
        owners=owners_of(read),
        payload=zlib.compress(exact.dumps(payload).encode()),
        source=source,
    )


def _moment(unix: int | None) -> datetime | None:
    return None if unix is None else datetime.fromtimestamp(unix, UTC)


def _place(row: RawTransaction, read: Transaction) -> bool:
    """Fill in a place or time that an earlier copy of the transaction did not tell."""
    return _fill(row, read.tx_index, _moment(read.block_time))


def _fill(row: RawTransaction, tx_index: int | None, block_time: datetime | None) -> bool:
    better: dict[str, Any] = {}
    if row.tx_index is None and tx_index is not None:
        better["tx_index"] = row.tx_index = tx_index
    if row.block_time is None and block_time is not None:
        better["block_time"] = row.block_time = block_time
    if not better:
        return False
    RawTransaction.objects.filter(pk=row.pk).update(**better)
    Trade.objects.filter(transaction=row).update(**better)
    Transfer.objects.filter(transaction=row).update(**better)
    return True


@transaction.atomic
def place_in_time(slot: int, moment: datetime) -> int:
    """Give the transactions of a slot that came without a time the slot's; return how many."""
    return _place_slot(slot, lambda row: _fill(row, None, moment))


@transaction.atomic
def place_in_block(slot: int, signatures: Sequence[str]) -> int:
    """Give the transactions of a slot their places in the block; return how many were told."""
    places = {signature: index for index, signature in enumerate(signatures)}
    return _place_slot(slot, lambda row: _fill(row, places.get(row.signature), None))


def _place_slot(slot: int, fill: Callable[[RawTransaction], bool]) -> int:
    rows = list(RawTransaction.objects.filter(slot=slot).order_by("signature"))
    _locked({owner for row in rows for owner in row.owners})
    placed = [row for row in rows if fill(row)]
    moved = _books_of_placed(placed)
    changed = sorted({wallet_id for wallet_id, _ in moved})
    fold_books(dict.fromkeys(moved))
    refresh_stats(changed)
    if changed:
        announce(BooksChanged(changed))
    return len(placed)


def _settle(
    wallets: Mapping[str, Wallet],
    pairs: Sequence[tuple[RawTransaction, Transaction]],
    result: Recorded,
    *,
    placed_anew: Sequence[RawTransaction] = (),
) -> None:
    """Derive what is not derived yet, fold the books it touches, tell the news."""
    done = set(
        Activity.objects.filter(
            wallet__in=wallets.values(), transaction__in=[raw for raw, _ in pairs]
        ).values_list("wallet_id", "transaction_id")
    )
    derived = derive(wallets, pairs, done)
    moved = _books_of_placed(placed_anew)
    fold_books(books_of(derived.rows) | dict.fromkeys(moved))
    refresh_stats(derived.active_ids | {wallet_id for wallet_id, _ in moved})
    result.trades += len(derived.trades)
    _tell(derived, {wallet_id for wallet_id, _ in moved})


def _books_of_placed(raws: Sequence[RawTransaction]) -> set[Key]:
    """Return the books moved by transactions whose place or time became known late."""
    if not raws:
        return set()
    reprice(raws)
    return set(
        books_of(
            [
                *Trade.objects.filter(transaction__in=raws),
                *Transfer.objects.filter(transaction__in=raws),
            ]
        )
    )


def _tell(derived: Derived, moved: set[int]) -> None:
    traded = {trade.wallet_id for trade in derived.trades}
    if derived.trades:
        announce(TradesRecorded([trade.pk for trade in derived.trades], sorted(traded)))
    changed = sorted((derived.active_ids | moved) - traded)
    if changed:
        announce(BooksChanged(changed))
