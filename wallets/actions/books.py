"""Folding trades and transfers into lots, positions and holdings, and storing what changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q

from wallets.actions.book_rows import Key, Place, forget_books, store_anew, store_on, these
from wallets.domain.ledger import Acquired, Book, Disposed, Event, Origin
from wallets.domain.ledger import Lot as LotValue
from wallets.domain.ledger import Position as PositionValue
from wallets.domain.money import QUOTES, USD_STEP
from wallets.domain.ordering import order_key
from wallets.models import Holding, Lot, Position, Trade, Transfer

Row = Trade | Transfer
Placed = list[tuple[Place, Event]]


def books_of(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    """Sort rows into the books (wallet, mint) they move; money has no book."""
    books: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        mints = (row.mint,) if isinstance(row, Transfer) else (row.mint_in, row.mint_out)
        for mint in mints:
            if mint not in QUOTES:
                books[row.wallet_id, mint].append(row)
    return books


def fold_books(books: Mapping[Key, Sequence[Row] | None]) -> None:
    """Bring books up to date; each comes with the rows recorded just now, or None to fold anew.

    The caller holds the wallets' rows locked. When everything new stands after what a book has
    folded, the fold goes on from its open lots; when something arrived late, the book is folded
    anew from all its rows. Both end in the same rows, whatever the order of arrival. A batch
    costs the same few queries however many books it moves.
    """
    if not books:
        return
    holdings = _holdings(books)
    fresh = {key: _placed(rows, key[1]) for key, rows in books.items() if rows is not None}
    going_on = {
        key for key, placed in fresh.items()
        if key in holdings and _place_of(holdings[key]) < placed[0][0]
    }  # fmt: skip
    anew = {key for key in books if key not in going_on and (key in holdings or key not in fresh)}
    todo = fresh | {key: _placed(rows, key[1]) for key, rows in _all_rows(anew).items()}
    forget_books({key for key in anew if not todo.get(key)})
    state = _open_books({key: holdings[key] for key in going_on})
    folded = {
        key: (state.get(key, Book()).fold(event for _, event in placed), placed[-1][0])
        for key, placed in todo.items()
        if placed
    }
    store_on({key: told for key, told in folded.items() if key not in anew})
    store_anew({key: told for key, told in folded.items() if key in anew})


def _holdings(keys: Iterable[Key]) -> dict[Key, Holding]:
    return {(h.wallet_id, h.mint): h for h in Holding.objects.filter(these(keys))}


def _all_rows(keys: set[Key]) -> dict[Key, list[Row]]:
    """Return every row of these books."""
    if not keys:
        return {}
    wallets, mints = {w for w, _ in keys}, {m for _, m in keys}
    moved = Q(mint_in__in=mints) | Q(mint_out__in=mints)
    rows: list[Row] = [
        *Trade.objects.filter(moved, wallet_id__in=wallets),
        *Transfer.objects.filter(wallet_id__in=wallets, mint__in=mints),
    ]
    return {key: found for key, found in books_of(rows).items() if key in keys}


def _placed(rows: Iterable[Row], mint: str) -> Placed:
    """Turn rows into the book's events, in its order."""
    found: Placed = []
    for row in rows:
        rank = int(isinstance(row, Transfer))
        place = (order_key(row.slot, row.tx_index, row.signature), rank, row.leg)
        found.append((place, _moved(row) if isinstance(row, Transfer) else _traded(row, mint)))
    return sorted(found, key=lambda pair: pair[0])


def _traded(trade: Trade, mint: str) -> Event:
    """Read a trade from one book's side.

    Costs go into what is bought or come off what a sale for SOL fetches; of a token-to-token
    swap the bought side bears them.
    """
    value, usd = trade.value_lamports, trade.value_usd
    if trade.mint_out == mint:
        cost = None if value is None else value + trade.costs_lamports
        return Acquired(
            trade.signature,
            trade.block_time,
            trade.raw_out,
            "buy",
            cost,
            _scaled(usd, value, cost),
            value_lamports=value,
        )
    costs = 0 if trade.side == Trade.Side.SWAP else trade.costs_lamports
    proceeds = None if value is None else value - costs
    return Disposed(
        trade.signature,
        trade.block_time,
        trade.raw_in,
        is_sale=True,
        proceeds_lamports=proceeds,
        value_lamports=value,
        proceeds_usd=_scaled(usd, value, proceeds),
    )


def _scaled(usd: Decimal | None, value: int | None, net: int | None) -> Decimal | None:
    """Scale a trade's worth in USD to the amount after costs, at the same price of SOL.

    Rounded as the columns are: a fold that goes on from rows must see what one fold saw.
    """
    if usd is None or not value or net is None:
        return None
    return (usd * net / value).quantize(USD_STEP)


def _moved(transfer: Transfer) -> Event:
    if transfer.raw > 0:
        origin: Origin = "liquidity" if transfer.kind == Transfer.Kind.LIQUIDITY else "transfer"
        return Acquired(transfer.signature, transfer.block_time, transfer.raw, origin, None)
    return Disposed(transfer.signature, transfer.block_time, -transfer.raw, is_sale=False)


def _place_of(holding: Holding) -> Place:
    key = order_key(holding.folded_slot, holding.folded_index, holding.folded_signature)
    return (key, holding.folded_rank, holding.folded_leg)


def _open_books(holdings: Mapping[Key, Holding]) -> dict[Key, Book]:
    """Return books as an earlier fold left them: counters, open lots, open position."""
    books = {
        key: Book(next_lot=h.next_lot, next_disposal=h.next_disposal, next_position=h.next_position)
        for key, h in holdings.items()
    }
    if books:
        wanted = these(books)
        for lot in Lot.objects.filter(wanted, raw_left__gt=0).order_by("no"):
            books[lot.wallet_id, lot.mint].lots.append(_value(lot, LotValue))
        for position in Position.objects.filter(wanted, is_open=True):
            books[position.wallet_id, position.mint].position = _value(position, PositionValue)
    return books


def _value(row: Any, cls: type[Any]) -> Any:
    return cls(**{name: getattr(row, name) for name in cls.__slots__})
