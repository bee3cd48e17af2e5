"""Trades with their tokens: rows of pages, filters, the latest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from wallets.models import Follow, RawTransaction, Trade, Wallet
from wallets.queries.tokens import TokenView, tokens_of

# A slot holds a few thousand transactions; an unknown place sorts after the known ones.
_UNKNOWN_PLACE: Final = 999_999


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade with the tokens it names; what every trade row, first or pushed, is drawn from."""

    trade: Trade
    token: TokenView
    other: TokenView

    @property
    def is_provisional(self) -> bool:
        """Whether the chain could still drop it."""
        return self.trade.transaction.status == RawTransaction.Status.PROVISIONAL

    @property
    def raw(self) -> int:
        """Raw units of the token bought or sold."""
        bought = self.trade.mint_out == self.trade.mint
        return int(self.trade.raw_out if bought else self.trade.raw_in)

    @property
    def other_raw(self) -> int:
        """Raw units of what was paid, or received."""
        bought = self.trade.mint_out == self.trade.mint
        return int(self.trade.raw_in if bought else self.trade.raw_out)

    @property
    def order(self) -> str:
        """A text that sorts as the chain does, for pages to keep rows in order."""
        place = _UNKNOWN_PLACE if self.trade.tx_index is None else self.trade.tx_index
        return f"{self.trade.slot:012d}.{place:06d}.{self.trade.pk:012d}"


def trade_rows(trades: Iterable[Trade]) -> list[TradeRow]:
    """Join trades (with their wallets selected) to their tokens, in the order given."""
    rows = list(trades)
    tokens = tokens_of(m for t in rows for m in (t.mint_in, t.mint_out))
    return [
        TradeRow(t, tokens[t.mint], tokens[t.mint_in if t.mint == t.mint_out else t.mint_out])
        for t in rows
    ]


@dataclass(frozen=True, slots=True)
class TradeFilter:
    """Which trades a feed shows; amounts in lamports.

    Unless `everything` is asked for, what the user muted and what is below his own minimum for a
    wallet is left out.
    """

    side: str = ""
    min_lamports: int = 0
    followed: bool = False
    everything: bool = False

    def apply(self, trades: "QuerySet[Trade]", user: Any, at: datetime) -> "QuerySet[Trade]":
        """Narrow a query to what the filter lets through at that time."""
        if self.side:
            trades = trades.filter(side=self.side)
        if self.min_lamports:
            trades = trades.filter(value_lamports__gte=self.min_lamports)
        if self.followed:
            trades = trades.filter(wallet__in=Follow.objects.visible_to(user).values("wallet"))
        if not self.everything:
            mine = Follow.objects.visible_to(user).filter(wallet=OuterRef("wallet"))
            trades = trades.exclude(Exists(mine.quiet(at, below_usd=OuterRef("value_usd"))))
        return trades


def latest_trades(user: Any, *, at: datetime, only: TradeFilter | None = None) -> "QuerySet[Trade]":
    """Return the trades of every wallet visible to the user that are news to him, newest first."""
    visible = Wallet.objects.visible_to(user).values("pk")
    trades = with_status(Trade.objects.filter(wallet__in=visible))
    return (only or TradeFilter()).apply(trades, user, at).order_by("-slot", "-tx_index", "-id")


def with_status(trades: "QuerySet[Trade]") -> "QuerySet[Trade]":
    """Fetch with each trade what its row needs: the wallet, and whether it is final."""
    joined = trades.select_related("wallet", "transaction")
    return joined.defer("transaction__payload", "transaction__owners")


def older_than(trades: "QuerySet[Trade]", last: Trade) -> "QuerySet[Trade]":
    """Return what follows `last` in a newest-first list; unknown places come first in a slot."""
    if last.tx_index is None:
        within = Q(tx_index=None, pk__lt=last.pk) | Q(tx_index__isnull=False)
    else:
        within = Q(tx_index__lt=last.tx_index) | Q(tx_index=last.tx_index, pk__lt=last.pk)
    return trades.filter(Q(slot__lt=last.slot) | (Q(slot=last.slot) & within))


def newest_trade_id() -> int:
    """Return the id of the trade recorded last; ids grow with recording, not with chain time."""
    return int(Trade.objects.aggregate(newest=Coalesce(Max("pk"), 0))["newest"])


def recorded_after(user: Any, trade_id: int, *, ceiling: int = 1_000) -> int:
    """Count the visible trades recorded after one, up to a ceiling that keeps it cheap."""
    visible = Wallet.objects.visible_to(user).values("pk")
    return Trade.objects.filter(pk__gt=trade_id, wallet__in=visible)[:ceiling].count()
