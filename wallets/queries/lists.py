"""A user's follows and lists: his own words for wallets, what he mutes, what he lists."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Func, OuterRef, QuerySet
from django.db.models.functions import Lower

from wallets.models import Follow, ListedWallet, Wallet, WalletList


def follows_of(user: Any, *, at: datetime) -> dict[str, dict[str, Any]]:
    """Return what a page's script lays over shared fragments, by address of a followed wallet.

    `name` is the user's nickname (may be empty), `muted` is there while it is muted: True for
    good, else until when in unix seconds; `min` is there when he set one: USD as a string.
    """
    rows = Follow.objects.visible_to(user).select_related("wallet")
    told = rows.only("nickname", "min_trade_usd", "muted_at", "muted_until", "wallet__address")
    return {follow.wallet.address: _told(follow, at) for follow in told}


def _told(follow: Follow, at: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {"name": follow.nickname}
    if follow.is_muted(at):
        told["muted"] = True if follow.muted_until is None else int(follow.muted_until.timestamp())
    if follow.min_trade_usd:
        told["min"] = str(follow.min_trade_usd)
    return told


def tags_of(user: Any) -> list[str]:
    """List the tags a user has given to any wallet, in alphabetical order."""
    each = Follow.objects.visible_to(user).annotate(tag=Func(F("tags"), function="unnest"))
    return sorted(set(each.values_list("tag", flat=True)))


def lists_of(user: Any) -> "QuerySet[WalletList]":
    """List a user's own lists by name; `size` is how many wallets each holds."""
    mine = WalletList.objects.visible_to(user)
    return mine.annotate(size=Count("entries")).order_by(Lower("name"))


def lists_beside(user: Any, wallet: Wallet) -> "QuerySet[WalletList]":
    """List a user's own lists by name; `holds` is whether the wallet is on each."""
    on = ListedWallet.objects.filter(list=OuterRef("pk"), wallet=wallet)
    mine = WalletList.objects.visible_to(user)
    return mine.annotate(holds=Exists(on)).order_by(Lower("name"))


def listed(kept: WalletList, *, visible: bool = True) -> "QuerySet[Wallet]":
    """Return the wallets of a list with their figures, the best proven win rate first.

    With `visible` False those its owner does not see any more, for he unfollowed them.
    """
    seen = Wallet.objects.visible_to(kept.user).values("pk")
    on = Wallet.objects.filter(lists=kept).select_related("stats")
    found = on.filter(pk__in=seen) if visible else on.exclude(pk__in=seen)
    return found.order_by(F("stats__win_rate_low").desc(nulls_last=True), "pk")
