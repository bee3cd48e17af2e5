"""Turns the wallets app's news into fragments on open pages."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis

from aura.core.events import read_facts
from aura.core.live import push
from wallets.events import BooksChanged, TradesRecorded
from wallets.models import Trade, Wallet
from wallets.queries import TradeRow, stats_of, trade_rows

READER: Final = "pages"

log = logging.getLogger(__name__)

# A page shows so many rows of one wallet; a longer batch would push out its own rows again.
ROWS_A_PUSH: Final = 50


def push_news() -> bool:
    """Push what happened since the last turn to the pages it concerns; say if there was news."""
    return read_facts(READER, _push) > 0


def _push(facts: list[Any]) -> None:
    trade_ids = [pk for f in facts if isinstance(f, TradesRecorded) for pk in f.trade_ids]
    changed = {
        pk for f in facts if isinstance(f, TradesRecorded | BooksChanged) for pk in f.wallet_ids
    }
    _push_trades(trade_ids)
    _push_figures(changed)


def _push_trades(trade_ids: list[int]) -> None:
    """Send each wallet's newest trades, newest first, to whoever sees the wallet."""
    trades = Trade.objects.filter(pk__in=trade_ids).select_related("wallet")
    by_wallet: dict[Wallet, list[TradeRow]] = defaultdict(list)
    for row in trade_rows(trades.order_by("-slot", "-tx_index", "-id")):
        by_wallet[row.trade.wallet].append(row)
    for wallet, rows in by_wallet.items():
        with _not_stopping_the_rest(wallet):
            push(
                f"wallet:{wallet.pk}",
                "wallets/trade_rows.html",
                {"rows": rows[:ROWS_A_PUSH]},
                target=f'[data-trades="all"],[data-trades="{wallet.address}"]',
                swap="afterbegin",
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
