"""What the wallets app's news leads to: fragments on open pages, candles and tokens to look at."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import redis

from aura.core import clock
from aura.core.events import read_facts
from aura.core.live import push
from market.actions import list_tokens, record_trades_in_candles
from market.models import Listing
from wallets.events import (
    BooksChanged,
    CoverageChanged,
    TradesChanged,
    TradesRecorded,
    TradesVoided,
)
from wallets.models import Trade, Wallet
from wallets.queries import TradeRow, stats_of, trade_rows, with_status
from wallets.queries.candles import minutes_of, trade_points

READER: Final = "pages"
MARKET_READER: Final = "market"

log = logging.getLogger(__name__)

# A page shows so many rows of one wallet, so more go in pieces; of a batch that is longer still, as
# when a history is read, the oldest would be pushed out again at once.
ROWS_A_PUSH: Final = 50
ROWS_AT_MOST: Final = 200
# A token is looked at by the scanner when a recorded wallet traded it so lately.
LOOKED_AT: Final = timedelta(hours=24)


def push_news() -> bool:
    """Push what happened since the last turn to the pages it concerns; say if there was news."""
    return read_facts(READER, _push) > 0


def _push(facts: list[Any]) -> None:
    _push_gone([f for f in facts if isinstance(f, TradesVoided)])
    _push_trades(_trades(facts, TradesRecorded), swap="afterbegin")
    _push_trades(_trades(facts, TradesChanged), swap="renew")
    about_figures = TradesRecorded | BooksChanged | CoverageChanged
    _push_figures({pk for f in facts if isinstance(f, about_figures) for pk in f.wallet_ids})


def _trades(facts: list[Any], kind: type[TradesRecorded] | type[TradesChanged]) -> list[int]:
    return [pk for f in facts if isinstance(f, kind) for pk in f.trade_ids]


def _push_gone(voided: list[TradesVoided]) -> None:
    """Take the rows of trades that are void off the pages that show them."""
    for fact in voided:
        audiences = [f"wallet:{pk}" for pk in fact.wallet_ids]
        for pk in fact.trade_ids:
            push(audiences, "wallets/gone.html", {}, target=f"#trade-{pk}", swap="delete")


def _push_trades(trade_ids: list[int], *, swap: str) -> None:
    """Send each wallet's newest trades, newest first, to whoever sees the wallet.

    With "renew" only rows that a page shows already are drawn anew.
    """
    if not trade_ids:
        return
    trades = with_status(Trade.objects.filter(pk__in=trade_ids))
    by_wallet: dict[Wallet, list[TradeRow]] = defaultdict(list)
    for row in trade_rows(trades.order_by("-slot", "-tx_index", "-id")):
        by_wallet[row.trade.wallet].append(row)
    for wallet, rows in by_wallet.items():
        with _not_stopping_the_rest(wallet):
            # the oldest piece first: each goes on top of what is there
            for start in reversed(range(0, min(len(rows), ROWS_AT_MOST), ROWS_A_PUSH)):
                push(
                    f"wallet:{wallet.pk}",
                    "wallets/trade_rows.html",
                    {"rows": rows[start : start + ROWS_A_PUSH]},
                    target=f'[data-trades="all"],[data-trades="{wallet.address}"]',
                    swap=swap,
                )


def _push_figures(wallet_ids: set[int]) -> None:
    """Send the wallets' figures: their rows on the Whales page, the cards on their own."""
    for wallet in Wallet.objects.filter(pk__in=wallet_ids).select_related("stats"):
        audience = f"wallet:{wallet.pk}"
        with _not_stopping_the_rest(wallet):
            context = {"wallet": wallet, "stats": stats_of(wallet)}
            push(
                audience, "wallets/whale_row.html", context,
                target=f"#whale-{wallet.pk}", swap="outerMorph",
            )  # fmt: skip
            push(
                audience, "wallets/stat_cards.html", context,
                target=f"#stats-{wallet.pk}", swap="outerMorph",
            )  # fmt: skip


def tell_market() -> bool:
    """Tell the market what recorded wallets traded since the last turn; say if there was news."""
    return read_facts(MARKET_READER, _tell_market) > 0


def _tell_market(facts: list[Any]) -> None:
    """Draw the candles of the minutes traded in anew, and have their tokens looked at."""
    traded = minutes_of(_trades(facts, TradesRecorded))
    gone = {
        (mint, datetime.fromisoformat(at))
        for fact in facts
        if isinstance(fact, TradesVoided)
        for mint, at in fact.minutes
    }
    now = clock.now()
    minutes = traded | minutes_of(_trades(facts, TradesChanged)) | gone
    if minutes:
        record_trades_in_candles(trade_points(minutes), minutes, at=now)
    lately = {mint for mint, at in traded if at > now - LOOKED_AT}
    list_tokens(lately, kind=Listing.Kind.TRADED, source="trades", at=now)


@contextmanager
def _not_stopping_the_rest(wallet: Wallet) -> Iterator[None]:
    """Log a fragment that cannot be rendered and go on; only a lost Redis stops the turn.

    The reader would otherwise meet the same fact for ever, and no page would hear of another.
    """
    try:
        yield
    except (redis.RedisError, OSError):
        raise
    except Exception:
        log.exception("no fragment for wallet %s", wallet.pk)
