"""Every write of the wallets app, one verb each."""

from wallets.actions.books import fold_books
from wallets.actions.deliveries import keep_delivery, record_waiting
from wallets.actions.follows import follow_wallet, rename_follow, unfollow_wallet
from wallets.actions.rebuild import RebuildReport, rebuild, state_hash
from wallets.actions.record import (
    Recorded,
    derive_wallet,
    place_in_block,
    place_in_time,
    record_transactions,
)
from wallets.actions.stats import refresh_stats
from wallets.actions.tracking import curate_wallet, mark_swept, track_wallet

__all__ = [
    "RebuildReport",
    "Recorded",
    "curate_wallet",
    "derive_wallet",
    "fold_books",
    "follow_wallet",
    "keep_delivery",
    "mark_swept",
    "place_in_block",
    "place_in_time",
    "rebuild",
    "record_transactions",
    "record_waiting",
    "refresh_stats",
    "rename_follow",
    "state_hash",
    "track_wallet",
    "unfollow_wallet",
]
