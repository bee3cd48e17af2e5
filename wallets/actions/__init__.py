"""Every write of the wallets app, one verb each."""

from wallets.actions.books import fold_books
from wallets.actions.curation import curate_wallet, describe_wallet
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
    FollowTerms,
    edit_follow,
    follow_wallet,
    mute_follow,
    rename_follow,
    set_threshold,
    unfollow_wallet,
    unmute_follow,
)
from wallets.actions.heat import mark_hot_wallets
from wallets.actions.lists import (
    add_to_list,
    create_list,
    delete_list,
    place_on_lists,
    remove_from_list,
    rename_list,
    share_list,
    unshare_list,
)
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
    confirm_wallet,
    derive_wallet,
    mark_swept,
    note_registration,
    note_swept_slot,
    postpone_sweep,
    track_wallet,
)
from wallets.actions.windows import inspect_wallet, slide_windows

__all__ = [
    "FollowTerms",
    "RebuildReport",
    "Recorded",
    "Settled",
    "add_to_list",
    "ask_backfill",
    "ask_reading",
    "ask_sweeps",
    "ask_voids_later",
    "cancel_reading",
    "confirm_wallet",
    "create_list",
    "curate_wallet",
    "delete_list",
    "derive_wallet",
    "describe_wallet",
    "edit_follow",
    "end_reading",
    "fold_books",
    "follow_wallet",
    "inspect_wallet",
    "keep_deliveries",
    "keep_delivery",
    "mark_hot_wallets",
    "mark_swept",
    "mute_follow",
    "note_reading",
    "note_registration",
    "note_swept_slot",
    "place_in_block",
    "place_in_time",
    "place_on_lists",
    "postpone_reading",
    "postpone_sweep",
    "price_trades",
    "prune_deliveries",
    "rebuild",
    "record_transactions",
    "record_waiting",
    "refresh_stats",
    "remove_from_list",
    "rename_follow",
    "rename_list",
    "set_threshold",
    "settle_finality",
    "share_list",
    "slide_windows",
    "state_hash",
    "take_reading",
    "track_wallet",
    "unfollow_wallet",
    "unmute_follow",
    "unshare_list",
    "void_transactions",
]
