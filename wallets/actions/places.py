"""What becomes known late: places and times on the chain, and prices in USD."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from aura.core.locks import again_after_deadlock
from wallets.actions.books import books_of, fold_books
from wallets.actions.derive import Derived, reprice
from wallets.actions.settle import (
    announce_changed,
    books_of_placed,
    locked_wallets,
    place,
    tell_news,
)
from wallets.models import RawTransaction, Trade


@again_after_deadlock
@transaction.atomic
def place_in_time(slot: int, moment: datetime) -> int:
    """Give the transactions of a slot that came without a time the slot's; return how many."""
    return _place_slot(slot, lambda row: place(row, None, moment))


@again_after_deadlock
@transaction.atomic
def place_in_block(slot: int, signatures: Sequence[str]) -> int:
    """Give the transactions of a slot their places in the block; return how many were told."""
    places = {signature: index for index, signature in enumerate(signatures)}
    return _place_slot(slot, lambda row: place(row, places.get(row.signature), None))


def _place_slot(slot: int, fill: Callable[[RawTransaction], bool]) -> int:
    in_slot = RawTransaction.objects.filter(slot=slot).order_by("signature")
    locked_wallets({owner for row in in_slot for owner in row.owners})
    placed = [row for row in in_slot.all() if fill(row)]
    moved = books_of_placed(placed)
    fold_books(dict.fromkeys(moved))
    tell_news(Derived(), {wallet_id for wallet_id, _ in moved})
    announce_changed(placed)
    return len(placed)


@again_after_deadlock
@transaction.atomic
def price_trades(limit: int = 500) -> int:
    """Give trades that were recorded before a price of SOL was known their worth in USD.

    Their books are folded anew, because gains in USD follow from it. Returns how many trades.
    """
    waiting = list(Trade.objects.priceable()[:limit].values_list("pk", "wallet__address"))
    locked_wallets({address for _, address in waiting})
    trades = Trade.objects.filter(pk__in=[pk for pk, _ in waiting])
    reprice(trades)
    moved = books_of(trades.all())
    fold_books(dict.fromkeys(moved))
    tell_news(Derived(), {wallet_id for wallet_id, _ in moved})
    return len(waiting)
