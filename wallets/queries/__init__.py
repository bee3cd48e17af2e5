"""What pages ask of the wallets app: rows with their tokens, figures, movers, one position."""

from wallets.queries.books import (
    HoldingRow,
    PositionRow,
    PositionStory,
    holdings_of,
    position_rows,
    position_story,
    positions_of,
)
from wallets.queries.day import Day, Mover, day_of
from wallets.queries.listing import (
    FILTERS,
    MAX_SEARCH,
    SORTS,
    USUAL_SORT,
    WhaleCards,
    nicknames_of,
    stats_of,
    whale_cards,
    whales,
)
from wallets.queries.tokens import TokenView, tokens_of
from wallets.queries.trades import (
    TradeFilter,
    TradeRow,
    latest_trades,
    newest_trade_id,
    older_than,
    recorded_after,
    trade_rows,
    with_status,
)

__all__ = [
    "FILTERS",
    "MAX_SEARCH",
    "SORTS",
    "USUAL_SORT",
    "Day",
    "HoldingRow",
    "Mover",
    "PositionRow",
    "PositionStory",
    "TokenView",
    "TradeFilter",
    "TradeRow",
    "WhaleCards",
    "day_of",
    "holdings_of",
    "latest_trades",
    "newest_trade_id",
    "nicknames_of",
    "older_than",
    "position_rows",
    "position_story",
    "positions_of",
    "recorded_after",
    "stats_of",
    "tokens_of",
    "trade_rows",
    "whale_cards",
    "whales",
    "with_status",
]
