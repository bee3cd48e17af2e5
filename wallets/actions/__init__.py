"""Every write of the wallets app, one verb each."""

from wallets.actions.books import fold_books
from wallets.actions.deliveries import (
    keep_deliveries,
    keep_delivery,
    prune_deliveries,
    record_waiting,
)
from wallets.actions.finality import (
    Settled,
    ask_voids_later,
    settle_finality,
    void_transactions,
)
from wallets.actions.follows import (
    follow_wallet,
    rename_follow,
    set_threshold,
    unfollow_wallet,
)
from wallets.actions.heat import mark_hot_wallets
from wallets.actions.places import place_in_block, place_in_time, price_trades
from wallets.actions.readings import (
    ask_backfill,
    ask_reading,
    cancel_reading,
    end_reading,
    note_reading,
    postpone_reading,
    take_reading,
)
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
    "Settled",
    "ask_backfill",
    "ask_reading",
    "ask_sweeps",
    "ask_voids_later",
    "cancel_reading",
    "curate_wallet",
    "derive_wallet",
    "end_reading",
    "fold_books",
    "follow_wallet",
    "keep_deliveries",
    "keep_delivery",
    "mark_hot_wallets",
    "mark_swept",
    "note_reading",
    "note_registration",
    "note_swept_slot",
    "place_in_block",
    "place_in_time",
    "postpone_reading",
    "postpone_sweep",
    "price_trades",
    "prune_deliveries",
    "rebuild",
    "record_transactions",
    "record_waiting",
    "refresh_stats",
    "rename_follow",
    "set_threshold",
    "settle_finality",
    "state_hash",
    "take_reading",
    "track_wallet",
    "unfollow_wallet",
    "void_transactions",
]
