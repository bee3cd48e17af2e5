"""Transfers between wallets of one owner: lots change their book and keep cost and date."""

from wallets.domain.ledger.book import Book
from wallets.domain.ledger.shelves import PricedLot
from wallets.domain.ledger.values import Carried, Disposal, Disposed, Lot


def carry_out(book: Book, sent: Disposed, *, arrived: int | None = None) -> list[Carried]:
    """Take what a wallet sent to another of its owner out of its book.

    Return what the other book has to fold in its place, in the order the method took it. Nothing
    is realised; lots are taken as a sale would take them. Where fewer raw units `arrived` than
    were sent (a token that withholds a fee), the difference leaves first and takes its cost along.
    Raises ValueError for a sale and for more arriving than was sent.
    """
    arrived = sent.raw if arrived is None else arrived
    if sent.is_sale or not 0 < arrived <= sent.raw:
        raise ValueError("a carried transfer is no sale, and what arrives was sent")
    if arrived < sent.raw:
        book.apply(Disposed(sent.signature, sent.at, sent.raw - arrived, is_sale=False))
    before = len(book.disposals)
    book.apply(Disposed(sent.signature, sent.at, arrived, is_sale=False))
    return [_carried(book, piece, sent) for piece in book.disposals[before:]]


def _carried(book: Book, piece: Disposal, sent: Disposed) -> Carried:
    lot = book.touched_lots[piece.lot_no]
    cost_usd = None if lot.cost_usd is None else lot.cost_usd * piece.raw / lot.raw
    return Carried(
        lot.signature,
        lot.acquired_at,
        piece.raw,
        lot.origin,
        piece.cost_lamports,
        cost_usd,
        came_by=sent.signature,
        came_at=sent.at,
        paid=_price(lot, piece),
    )


def _price(lot: Lot, piece: Disposal) -> tuple[int, int] | None:
    """Return the price the lot is ranked by, of the lot itself where its method needs none."""
    if isinstance(lot, PricedLot):
        return lot.price
    return None if piece.cost_lamports is None else (piece.cost_lamports, piece.raw)
