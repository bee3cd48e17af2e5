"""What the queue calls; ids in. Names here are what queued tasks and schedules refer to."""

from wallets.tasks.finality import ask_for_dropped, settle_finality_turn, settle_provisional
from wallets.tasks.readings import read_histories
from wallets.tasks.sweeps import (
    is_pushed,
    sweep_all,
    sweep_due,
    sweep_partly,
    sweep_regularly,
    sweep_stale,
    sweep_wallet,
)
from wallets.tasks.upkeep import (
    forget_deliveries,
    price_late_trades,
    read_kept,
    record_left_over,
    refresh_windows,
    watch_heat,
)

__all__ = [
    "ask_for_dropped",
    "forget_deliveries",
    "is_pushed",
    "price_late_trades",
    "read_histories",
    "read_kept",
    "record_left_over",
    "refresh_windows",
    "settle_finality_turn",
    "settle_provisional",
    "sweep_all",
    "sweep_due",
    "sweep_partly",
    "sweep_regularly",
    "sweep_stale",
    "sweep_wallet",
    "watch_heat",
]
