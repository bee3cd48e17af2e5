"""The Whales page: cards, the list, one wallet's figures and the user's own names."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Avg, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from wallets.models import Follow, Wallet, WalletStats

HIGH_WIN_RATE: Final = 0.6
MAX_SEARCH: Final = 64


def nicknames_of(user: Any) -> dict[str, str]:
    """Return the user's own names by address; a followed wallet without a name has an empty one."""
    return dict(Follow.objects.visible_to(user).values_list("wallet__address", "nickname"))


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
