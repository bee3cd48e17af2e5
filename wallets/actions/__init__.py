"""Every write of the wallets app, one verb each."""

from wallets.actions.books import fold_books
from wallets.actions.deliveries import keep_delivery, prune_deliveries, record_waiting
from wallets.actions.follows import follow_wallet, rename_follow, unfollow_wallet
from wallets.actions.places import place_in_block, place_in_time, price_trades
from wallets.actions.rebuild import RebuildReport, rebuild, state_hash
from wallets.actions.record import Recorded, record_transactions
from wallets.actions.stats import refresh_stats
from wallets.actions.tracking import (
    ask_sweeps,
    curate_wallet,
    derive_wallet,
    mark_swept,
    note_registration,
    note_swept_slot,
    postpone_sweep,
    track_wallet,
)

__all__ = [
    "RebuildReport",
    "Recorded",
    "ask_sweeps",
    "curate_wallet",
    "derive_wallet",
    "fold_books",
    "follow_wallet",
    "keep_delivery",
    "mark_swept",
    "note_registration",
    "note_swept_slot",
    "place_in_block",
    "place_in_time",
    "postpone_sweep",
    "price_trades",
    "prune_deliveries",
    "rebuild",
    "record_transactions",
    "record_waiting",
    "refresh_stats",
    "rename_follow",
    "state_hash",
    "track_wallet",
    "unfollow_wallet",
]
