"""What pages ask of the wallets app: rows with their tokens, figures, movers, one position."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Avg, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from aura.core.solana import USDC, WSOL, short
from market.models import Token
from wallets.models import Disposal, Follow, Holding, Lot, Position, Trade, Wallet, WalletStats

HIGH_WIN_RATE: Final = 0.6
MAX_SEARCH: Final = 64
_LABEL_LENGTH: Final = 12
_NAME_LENGTH: Final = 40
# A slot holds a few thousand transactions; an unknown place sorts after the known ones.
_UNKNOWN_PLACE: Final = 999_999


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as a page may show it: names cut short and freed of invisible characters.

    `decimals` is None for a mint nobody has described yet; then only raw units can be shown.
    """

    mint: str
    symbol: str
    name: str
    decimals: int | None

    @property
    def label(self) -> str:
        """The symbol, or the shortened mint where there is none."""
        return self.symbol or short(self.mint)

    @property
    def short(self) -> str:
        """The mint, shortened: a symbol proves nothing, the mint does."""
        return short(self.mint)


# Names only these mints may bear without their address beside them.
_KNOWN: Final = {
    str(WSOL): TokenView(str(WSOL), "SOL", "Solana", 9),
    str(USDC): TokenView(str(USDC), "USDC", "USD Coin", 6),
}


def _visible(text: str, length: int) -> str:
    tidy = "".join(c for c in text if c.isprintable()).strip()
    return tidy if len(tidy) <= length else tidy[: length - 1].rstrip() + "…"


def tokens_of(mints: Iterable[str]) -> dict[str, TokenView]:
    """Return a view of every mint, by mint, in one query."""
    wanted = set(mints)
    views = {mint: _KNOWN.get(mint) or TokenView(mint, "", "", None) for mint in wanted}
    for token in Token.objects.filter(pk__in=wanted - _KNOWN.keys()):
        views[token.mint] = TokenView(
            token.mint,
            _visible(token.symbol, _LABEL_LENGTH),
            _visible(token.name, _NAME_LENGTH),
            token.decimals,
        )
    return views


def nicknames_of(user: Any) -> dict[str, str]:
    """Return the user's own names by address; a followed wallet without a name has an empty one."""
    return dict(Follow.objects.visible_to(user).values_list("wallet__address", "nickname"))


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade with the tokens it names; what every trade row, first or pushed, is drawn from."""

    trade: Trade
    token: TokenView
    other: TokenView

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
    """Which trades a feed shows; amounts in lamports."""

    side: str = ""
    min_lamports: int = 0
    followed: bool = False

    def apply(self, trades: "QuerySet[Trade]", user: Any) -> "QuerySet[Trade]":
        """Narrow a query to what the filter lets through."""
        if self.side:
            trades = trades.filter(side=self.side)
        if self.min_lamports:
            trades = trades.filter(value_lamports__gte=self.min_lamports)
        if self.followed:
            trades = trades.filter(wallet__in=Follow.objects.visible_to(user).values("wallet"))
        return trades


def latest_trades(user: Any, *, only: TradeFilter | None = None) -> "QuerySet[Trade]":
    """Return the trades of every wallet visible to the user, newest first."""
    visible = Wallet.objects.visible_to(user).values("pk")
    trades = Trade.objects.filter(wallet__in=visible).select_related("wallet")
    return (only or TradeFilter()).apply(trades, user).order_by("-slot", "-tx_index", "-id")


def older_than(trades: "QuerySet[Trade]", last: Trade) -> "QuerySet[Trade]":
    """Return what follows `last` in a newest-first list; unknown places come first in a slot."""
    if last.tx_index is None:
        within = Q(tx_index=None, pk__lt=last.pk) | Q(tx_index__isnull=False)
    else:
        within = Q(tx_index__lt=last.tx_index) | Q(tx_index=last.tx_index, pk__lt=last.pk)
    return trades.filter(Q(slot__lt=last.slot) | (Q(slot=last.slot) & within))


@dataclass(frozen=True, slots=True)
class WhaleCards:
    """The four stat cards of the Whales page, over the wallets visible to the user."""

    wallets: int
    active: int
    win_rate: float | None
    volume_lamports: int
    volume_usd: Decimal | None


def whale_cards(user: Any) -> WhaleCards:
    """Count wallets, active ones (with trades), their mean win rate, and all volume.

    The volume in dollars is None when a price is missing: a part would pass for the whole.
    """
    active = Q(stats__trades__gt=0)
    found = Wallet.objects.visible_to(user).aggregate(
        wallets=Count("pk"),
        active=Count("pk", filter=active),
        win_rate=Avg("stats__win_rate", filter=active),
        volume_lamports=Coalesce(Sum("stats__volume_lamports"), 0),
        volume_usd=Coalesce(Sum("stats__volume_usd"), Decimal(0)),
        unpriced=Count("pk", filter=active & Q(stats__volume_usd=None)),
    )
    if found.pop("unpriced"):
        found["volume_usd"] = None
    return WhaleCards(**found)


FILTERS: Final = {
    "all": Q(),
    "active": Q(stats__trades__gt=0),
    "profitable": Q(stats__realised_lamports__gt=0),
    "high-win-rate": Q(stats__win_rate__gt=HIGH_WIN_RATE),
}
SORTS: Final = {
    "name": "shown_name",
    "win": "stats__win_rate_low",
    "trades": "stats__trades",
    "pnl": "stats__realised_lamports",
    "last": "stats__last_trade_at",
}
USUAL_SORT: Final = "-win"


def whales(
    user: Any, *, search: str = "", only: str = "all", sort: str = USUAL_SORT
) -> "QuerySet[Wallet]":
    """List the wallets visible to the user, with their figures.

    `search` looks in the user's nicknames and in addresses; `sort` is a key of SORTS, with a
    minus for descending; win rate sorts by the lower end of its interval. A wallet without the
    figure comes last either way.
    """
    mine = Follow.objects.visible_to(user).filter(wallet=OuterRef("pk")).values("nickname")
    found = (
        Wallet.objects.visible_to(user)
        .select_related("stats")
        .annotate(nickname=Subquery(mine[:1]))
        .annotate(shown_name=Lower(Coalesce(NullIf("nickname", Value("")), "address")))
        .filter(FILTERS[only])
    )
    if needle := search.strip()[:MAX_SEARCH]:
        found = found.filter(Q(nickname__icontains=needle) | Q(address__icontains=needle))
    column = F(SORTS[sort.removeprefix("-")])
    order = column.desc(nulls_last=True) if sort.startswith("-") else column.asc(nulls_last=True)
    return found.order_by(order, "pk")


def stats_of(wallet: Wallet) -> WalletStats:
    """Return the wallet's figures; zeros for one nothing is known of yet."""
    try:
        return wallet.stats
    except WalletStats.DoesNotExist:
        return WalletStats(wallet=wallet)


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position with its token."""

    position: Position
    token: TokenView


def positions_of(wallet: Wallet) -> "QuerySet[Position]":
    """List a wallet's positions, the latest opened first."""
    return Position.objects.filter(wallet=wallet).order_by(
        F("opened_at").desc(nulls_first=True), "-pk"
    )


def position_rows(positions: Iterable[Position]) -> list[PositionRow]:
    """Join positions to their tokens, in the order given."""
    rows = list(positions)
    tokens = tokens_of(p.mint for p in rows)
    return [PositionRow(p, tokens[p.mint]) for p in rows]


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """What is held of one token."""

    holding: Holding
    token: TokenView


def holdings_of(wallet: Wallet, *, limit: int = 50) -> list[HoldingRow]:
    """List what a wallet holds, the dearest bought first."""
    held = list(
        Holding.objects.filter(wallet=wallet, raw__gt=0).order_by("-cost_lamports", "pk")[:limit]
    )
    tokens = tokens_of(h.mint for h in held)
    return [HoldingRow(h, tokens[h.mint]) for h in held]


@dataclass(frozen=True, slots=True)
class PositionStory:
    """One position opened to what made it: its lots, and the pieces that left them."""

    position: Position
    token: TokenView
    lots: list[Lot]
    pieces: list[Disposal]
    proceeds_lamports: int
    cost_lamports: int
    gain_lamports: int

    @property
    def adds_up(self) -> bool:
        """Whether the matched pieces make exactly the result shown, both ways of counting."""
        return (
            self.gain_lamports
            == self.proceeds_lamports - self.cost_lamports
            == self.position.realised_lamports
        )


def position_story(position: Position) -> PositionStory:
    """Open a position; the sums are over the pieces with known cost and proceeds."""
    book = {"wallet": position.wallet_id, "mint": position.mint, "position_no": position.no}
    pieces = list(Disposal.objects.filter(**book).order_by("no"))
    matched = [p for p in pieces if p.gain_lamports is not None]
    return PositionStory(
        position=position,
        token=tokens_of([position.mint])[position.mint],
        lots=list(Lot.objects.filter(**book).order_by("no")),
        pieces=pieces,
        proceeds_lamports=sum(p.proceeds_lamports or 0 for p in matched),
        cost_lamports=sum(p.cost_lamports or 0 for p in matched),
        gain_lamports=sum(p.gain_lamports or 0 for p in matched),
    )


@dataclass(frozen=True, slots=True)
class Mover:
    """A wallet and what it realised since a moment."""

    wallet: Wallet
    realised_lamports: int
    realised_usd: Decimal | None
    sales: int


@dataclass(frozen=True, slots=True)
class Day:
    """What the visible wallets did since a moment; `movers` are the largest results, up or down."""

    trades: int
    traders: int
    volume_lamports: int
    realised_lamports: int
    realised_usd: Decimal | None
    movers: list[Mover]


def day_of(user: Any, *, since: datetime, movers: int = 5) -> Day:
    """Sum trades and realised results since then, by the chain's own time.

    Grouped by wallet in the database and summed here: one pass over each table.
    """
    visible = Wallet.objects.visible_to(user).values("pk")
    traded = list(
        Trade.objects.filter(wallet__in=visible, block_time__gte=since)
        .values("wallet")
        .annotate(trades=Count("pk"), lamports=Sum("value_lamports"))
    )
    sold = list(
        Disposal.objects.filter(
            wallet__in=visible, disposed_at__gte=since, gain_lamports__isnull=False
        )
        .values("wallet")
        .annotate(
            lamports=Sum("gain_lamports"),
            usd=Sum("gain_usd"),
            sales=Count("pk"),
            priced=Count("gain_usd"),
        )
    )
    sold.sort(key=lambda s: (-abs(s["lamports"]), s["wallet"]))
    for sale in sold:
        # a sum that leaves pieces out would pass for the whole
        sale["usd"] = sale["usd"] if sale["priced"] == sale["sales"] else None
    wallets = Wallet.objects.in_bulk([s["wallet"] for s in sold[:movers]])
    return Day(
        trades=sum(t["trades"] for t in traded),
        traders=len(traded),
        volume_lamports=sum(t["lamports"] or 0 for t in traded),
        realised_lamports=sum(s["lamports"] for s in sold),
        realised_usd=None
        if any(s["usd"] is None for s in sold)
        else sum((s["usd"] for s in sold), Decimal(0)),
        movers=[
            Mover(wallets[s["wallet"]], s["lamports"], s["usd"], s["sales"]) for s in sold[:movers]
        ],
    )


def newest_trade_id() -> int:
    """Return the id of the trade recorded last; ids grow with recording, not with chain time."""
    return int(Trade.objects.aggregate(newest=Coalesce(Max("pk"), 0))["newest"])


def recorded_after(user: Any, trade_id: int, *, ceiling: int = 1_000) -> int:
    """Count the visible trades recorded after one, up to a ceiling that keeps it cheap."""
    visible = Wallet.objects.visible_to(user).values("pk")
    return Trade.objects.filter(pk__gt=trade_id, wallet__in=visible)[:ceiling].count()
