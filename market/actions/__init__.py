"""Every write of the market app: one verb, one transaction."""

from market.actions.listings import list_tokens
from market.actions.retention import forget_market
from market.actions.runs import (
    Asked,
    Outcome,
    begin_run,
    fail_run,
    record_snapshots,
    skip_run,
)
from market.actions.series import MINUTES_KEPT, record_trades_in_candles, roll_candles
from market.actions.states import forget_unstorable
from market.actions.tokens import name_tokens, note_mints, record_sol_prices

__all__ = [
    "MINUTES_KEPT",
    "Asked",
    "Outcome",
    "begin_run",
    "fail_run",
    "forget_market",
    "forget_unstorable",
    "list_tokens",
    "name_tokens",
    "note_mints",
    "record_snapshots",
    "record_sol_prices",
    "record_trades_in_candles",
    "roll_candles",
    "skip_run",
]
