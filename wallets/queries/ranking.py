"""Wallets beside each other: the population's prior, ranks by window, and what is to be renewed."""

from datetime import datetime
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast

from wallets.domain.statistics import Prior, Window, fit_prior
from wallets.models import Wallet, WalletStats, WindowStats

# Below this coverage too little of what was sold has a known cost for a rank to mean anything.
RANK_COVERAGE: Final = 0.9
# What a leaderboard may be ordered by. The raw win rate is not among them: of many equal wallets
# the luckiest would lead.
RANKS: Final = {
    "win": "win_rate_low",
    "shrunk": "shrunk",
    "adjusted": "adjusted_low",
    "strict": "strict_low",
    "pnl": "realised_lamports",
    "roi": "roi",
    "profit-factor": "profit_factor",
    "expectancy": "expectancy_lamports",
    "copy": "copy_return",
    "trades": "trades",
    "hold": "hold_seconds",
}
USUAL_RANK: Final = "win"


def population_prior(window: Window) -> Prior:
    """Fit the Beta prior of a window to all recorded wallets with a closed position in it."""
    wins = Cast(F("wins"), FloatField())
    sums = WindowStats.objects.filter(window=window, closed__gt=0).aggregate(
        wallets=Count("pk"), n=Sum("closed"), won=Sum("wins"),
        squares=Sum(F("closed") * F("closed")), ratios=Sum(wins * wins / F("closed")),
    )  # fmt: skip
    if not sums["wallets"]:
        return fit_prior(0, 0, 0, 0, 0.0)
    return fit_prior(sums["wallets"], sums["n"], sums["won"], sums["squares"], sums["ratios"])


def ranking(
    user: Any, window: Window, *, by: str = USUAL_RANK, ascending: bool = False
) -> "QuerySet[WindowStats]":
    """List the figures of the wallets visible to the user in a window, the best first.

    `by` is a key of RANKS. Each row carries `shrunk` (the rate drawn to the population) and
    `is_ranked`; wallets whose coverage is below 90 % or unknown come last, without a rank.
    """
    prior = population_prior(window)
    lent = Value(prior.a), Value(prior.a + prior.b)
    rate = (Cast(F("wins"), FloatField()) + lent[0]) / (F("closed") + lent[1])
    column = F(RANKS[by])
    order = column.asc(nulls_last=True) if ascending else column.desc(nulls_last=True)
    return (
        WindowStats.objects.filter(window=window)
        .filter(wallet__in=Wallet.objects.visible_to(user).values("pk"))
        .select_related("wallet")
        .annotate(
            shrunk=Case(When(closed__gt=0, then=rate), output_field=FloatField()),
            is_ranked=Case(When(coverage__gte=RANK_COVERAGE, then=True), default=False),
        )
        .order_by("-is_ranked", order, "wallet_id")
    )


def windows_due(now: datetime, *, limit: int) -> list[int]:
    """Return wallets whose windows have slid since, or which have none yet."""
    due = WindowStats.objects.filter(changes_at__lte=now).exclude(window=Window.ALL)
    ids = list(due.order_by().values_list("wallet_id", flat=True).distinct()[:limit])
    if len(ids) < limit:
        has_one = WindowStats.objects.filter(wallet=OuterRef("wallet"), window=Window.ALL)
        without = WalletStats.objects.filter(~Q(Exists(has_one)))
        ids += without.values_list("wallet_id", flat=True)[: limit - len(ids)]
    return ids


def inspections_due(now: datetime, *, limit: int) -> list[int]:
    """Return wallets to inspect: their books changed, or it is long ago; the longest due first."""
    due = WindowStats.objects.filter(window=Window.ALL, changes_at__lte=now)
    return list(due.order_by("changes_at").values_list("wallet_id", flat=True)[:limit])
