"""Storing folded books: only the rows that changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from wallets.domain.ledger import Book
from wallets.domain.ledger import Disposal as DisposalValue
from wallets.domain.ledger import Lot as LotValue
from wallets.domain.ledger import Position as PositionValue
from wallets.domain.ordering import OrderKey
from wallets.models import Disposal, Holding, Lot, Position

# Where an event stands in its book: chain order, then trades before transfers, then the leg.
Place = tuple[OrderKey, int, int]
Key = tuple[int, str]
Folded = Mapping[Key, tuple[Book, Place]]


def these(keys: Iterable[Key]) -> Q:
    """Match exactly these (wallet, mint) pairs."""
    wallets: dict[int, list[str]] = defaultdict(list)
    for wallet_id, mint in keys:
        wallets[wallet_id].append(mint)
    return reduce(or_, (Q(wallet_id=w, mint__in=mints) for w, mints in wallets.items()))


def forget_books(keys: set[Key]) -> None:
    """Delete books of which nothing is left."""
    if keys:
        for model in (Disposal, Lot, Position, Holding):
            model._default_manager.filter(these(keys)).delete()


def store_on(folded: Folded) -> None:
    """Store what a fold that went on has touched."""
    if not folded:
        return
    lots, positions, disposals = [], [], []
    for key, (book, _) in folded.items():
        lots += [_row(Lot, key, lot) for lot in book.touched_lots.values()]
        positions += [_row(Position, key, p) for p in book.touched_positions.values()]
        disposals += [_row(Disposal, key, piece) for piece in book.disposals]
    _upsert(Lot, lots, ["raw_left", "cost_left_lamports"])
    _upsert(
        Position, positions, [n for n in PositionValue.__slots__ if n not in ("no", "opened_at")]
    )
    Disposal.objects.bulk_create(disposals)
    _store_heads(folded)


def store_anew(folded: Folded) -> None:
    """Store books that were folded from their beginning: from the first row that differs on.

    What came late stands near the end as a rule, so most rows stay as they are.
    """
    if not folded:
        return
    _replace(Lot, LotValue, {k: list(b.touched_lots.values()) for k, (b, _) in folded.items()})
    _replace(
        Position,
        PositionValue,
        {k: list(b.touched_positions.values()) for k, (b, _) in folded.items()},
    )
    _replace(Disposal, DisposalValue, {k: b.disposals for k, (b, _) in folded.items()})
    _store_heads(folded)


def _replace(model: Any, value: type[Any], wanted: Mapping[Key, Sequence[Any]]) -> None:
    """Make each book's numbered rows the wanted ones."""
    names = value.__slots__
    found: dict[Key, list[tuple[Any, ...]]] = defaultdict(list)
    rows = model.objects.filter(these(wanted)).order_by("no")
    for wallet_id, mint, *told in rows.values_list("wallet_id", "mint", *names):
        found[wallet_id, mint].append(tuple(told))
    fresh, stale = [], Q()
    for key, values in wanted.items():
        kept = found[key]
        same = _same(kept, [tuple(getattr(v, name) for name in names) for v in values])
        fresh += [_row(model, key, v) for v in values[same:]]
        if same < len(kept):
            stale |= Q(wallet_id=key[0], mint=key[1], no__gte=kept[same][0])
    if stale:
        model.objects.filter(stale).delete()
    model.objects.bulk_create(fresh)


def _same(kept: Sequence[tuple[Any, ...]], wanted: Sequence[tuple[Any, ...]]) -> int:
    """Count how many rows at the beginning are the same."""
    same = 0
    for ours, theirs in zip(kept, wanted, strict=False):
        if ours != theirs:
            break
        same += 1
    return same


def _row(model: Any, key: Key, value: Any) -> Any:
    fields = {name: getattr(value, name) for name in value.__slots__}
    return model(wallet_id=key[0], mint=key[1], **fields)


def _store_heads(folded: Folded) -> None:
    heads = [_head(*key, book, last) for key, (book, last) in folded.items()]
    names = [f.name for f in Holding._meta.fields if f.name not in ("id", "wallet", "mint")]
    Holding.objects.bulk_create(
        heads, update_conflicts=True, unique_fields=["wallet", "mint"], update_fields=names
    )


def _head(wallet_id: int, mint: str, book: Book, last: Place) -> Holding:
    (slot, unplaced, index, signature), rank, leg = last
    return Holding(
        wallet_id=wallet_id,
        mint=mint,
        raw=book.raw,
        cost_lamports=book.cost_lamports,
        unknown_raw=book.unknown_raw,
        folded_slot=slot,
        folded_index=None if unplaced else index,
        folded_signature=signature,
        folded_rank=rank,
        folded_leg=leg,
        next_lot=book.next_lot,
        next_disposal=book.next_disposal,
        next_position=book.next_position,
    )


def _upsert(model: Any, rows: Sequence[Any], changing: list[str]) -> None:
    model.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["wallet", "mint", "no"],
        update_fields=changing,
    )
