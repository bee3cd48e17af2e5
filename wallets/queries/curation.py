"""The curated list as pages and staff see it: who qualifies, who is on it, who came and went."""

from datetime import datetime
from typing import Final

from django.db.models import F, Q, QuerySet

from wallets.models import CuratedEntry, Wallet
from wallets.queries.ranking import RANK_COVERAGE

# A win rate of fewer positions proves nothing.
MIN_CLOSED: Final = 30
# What the chain has no history of is not shown to everybody, also where it is on the list.
_SEEN: Final = Q(wallet__unseen=False)
QUALIFIES: Final = Q(
    stats__closed_positions__gte=MIN_CLOSED,
    stats__coverage__gte=RANK_COVERAGE,
    stats__win_rate_low__isnull=False,
)


def propose_curated() -> "QuerySet[Wallet]":
    """Rank the wallets that qualify for the curated list and are not on it.

    Qualified are watched wallets of traders (no vaults) with at least 30 closed positions of full
    basis and a coverage of at least 0.9; ranked by the lower end of the win rate's 95 % interval.
    """
    known = Wallet.objects.watched().filter(curated=False, kind=Wallet.Kind.WALLET)
    ranked = known.filter(QUALIFIES).select_related("stats")
    return ranked.order_by("-stats__win_rate_low", "-stats__closed_positions", "pk")


def curated_members(*, on: datetime | None = None) -> "QuerySet[CuratedEntry]":
    """Return the entries of the wallets seen on chain that are or were on the list at a moment.

    Ranked by the lower end of the win rate as it is today.
    """
    entries = CuratedEntry.objects
    standing = entries.standing() if on is None else entries.on(on)
    return (
        standing.filter(_SEEN)
        .select_related("wallet__stats")
        .order_by(F("wallet__stats__win_rate_low").desc(nulls_last=True), "wallet")
    )


def curated_history() -> "QuerySet[CuratedEntry]":
    """Return every stay on the list of wallets seen on chain, the latest entered first."""
    stays = CuratedEntry.objects.filter(_SEEN).select_related("wallet")
    return stays.order_by("-entered_at", "-pk")


def curated_version(*, on: datetime | None = None) -> int:
    """Count the changes that made the list what it is, or was at a moment: its version.

    A wallet seen on chain only later counts from the day it was put on the list.
    """
    entered = CuratedEntry.objects.filter(_SEEN)
    left = entered.exclude(left_at=None)
    if on is not None:
        entered, left = entered.filter(entered_at__lte=on), left.filter(left_at__lte=on)
    return entered.count() + left.count()


def stays_of(wallet: Wallet) -> "QuerySet[CuratedEntry]":
    """Return a wallet's stays on the curated list, the latest first."""
    return CuratedEntry.objects.filter(wallet=wallet).order_by("-entered_at", "-pk")
