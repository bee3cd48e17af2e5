"""What the queue calls; ids in. Names here are what queued tasks and schedules refer to."""

from market.tasks.names import fill_sol_history, name_new_tokens, poll_sol_price
from market.tasks.reading import read_market
from market.tasks.upkeep import forget_old, forget_unstorable_states, roll_quotes

__all__ = [
    "fill_sol_history",
    "forget_old",
    "forget_unstorable_states",
    "name_new_tokens",
    "poll_sol_price",
    "read_market",
    "roll_quotes",
]
