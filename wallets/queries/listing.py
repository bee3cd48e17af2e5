"""The Whales page: cards, the list and one wallet's figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from wallets.models import Follow, ListedWallet, Wallet, WalletList, WalletStats

HIGH_WIN_RATE: Final = 0.6
MAX_SEARCH: Final = 64


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
FOLLOWED: Final = "followed"


@dataclass(frozen=True, slots=True)
class WhaleChoice:
    """Which wallets a list shows, and how sorted.

    `search` looks in the user's nicknames and in addresses; `only` is a key of FILTERS; `sort` is
    a key of SORTS, with a minus for descending; `tag` is one of the user's own; `listed` is
    FOLLOWED or the id of a list of his as text.
    """

    search: str = ""
    only: str = "all"
    sort: str = USUAL_SORT
    tag: str = ""
    listed: str = ""

    @property
    def narrows(self) -> bool:
        """Whether wallets may be missing that the user could see."""
        return bool(self.search or self.tag or self.listed or self.only != "all")


def whales(user: Any, choice: WhaleChoice) -> "QuerySet[Wallet]":
    """List the wallets visible to the user, with their figures, his nickname and his tags.

    Win rate sorts by the lower end of its interval. A wallet without the figure comes last either
    way. A list that is not the user's holds nothing for him.
    """
    follows = Follow.objects.visible_to(user).filter(wallet=OuterRef("pk"))
    found = (
        Wallet.objects.visible_to(user)
        .select_related("stats")
        .annotate(
            nickname=Subquery(follows.values("nickname")[:1]),
            own_tags=Subquery(follows.values("tags")[:1]),
        )
        .annotate(shown_name=Lower(Coalesce(NullIf("nickname", Value("")), "address")))
        .filter(FILTERS[choice.only])
    )
    if needle := choice.search.strip()[:MAX_SEARCH]:
        found = found.filter(Q(nickname__icontains=needle) | Q(address__icontains=needle))
    if choice.tag:
        found = found.filter(Exists(follows.filter(tags__contains=[choice.tag])))
    if choice.listed == FOLLOWED:
        found = found.filter(Exists(follows))
    elif choice.listed:
        own = ListedWallet.objects.filter(list__in=WalletList.objects.visible_to(user))
        found = found.filter(Exists(own.filter(list=int(choice.listed), wallet=OuterRef("pk"))))
    column = F(SORTS[choice.sort.removeprefix("-")])
    is_down = choice.sort.startswith("-")
    order = column.desc(nulls_last=True) if is_down else column.asc(nulls_last=True)
    return found.order_by(order, "pk")


def stats_of(wallet: Wallet) -> WalletStats:
    """Return the wallet's figures; zeros for one nothing is known of yet."""
    try:
        return wallet.stats
    except WalletStats.DoesNotExist:
        return WalletStats(wallet=wallet)
