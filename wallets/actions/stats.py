"""A wallet's figures, worked out from its trades, positions and costs."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from wallets.domain.statistics import wilson
from wallets.models import Activity, Disposal, Position, Trade, WalletStats

AT_ONCE: Final = 500


def refresh_stats(wallet_ids: Iterable[int]) -> None:
    """Work out the figures of these wallets and store them, some hundred wallets at a time.

    A wallet that has done nothing has none, also when what it had done is void.
    """
    ids = sorted(set(wallet_ids))
    for start in range(0, len(ids), AT_ONCE):
        _refresh(ids[start : start + AT_ONCE])


def _refresh(ids: list[int]) -> None:
    trades = _by_wallet(
        Trade.objects.filter(wallet__in=ids),
        n=Count("pk"),
        volume=Sum("value_lamports"),
        usd=Sum("value_usd"),
        unpriced=Count("pk", filter=Q(value_usd=None)),
        last=Max(Coalesce("block_time", "received_at")),
    )
    judged = Q(is_open=False, full_basis=True)
    positions = _by_wallet(
        Position.objects.filter(wallet__in=ids),
        closed=Count("pk", filter=judged),
        wins=Count("pk", filter=judged & Q(realised_lamports__gt=0)),
        open=Count("pk", filter=Q(is_open=True)),
        realised=Sum("realised_lamports"),
        usd=Sum("realised_usd"),
        unpriced=Count("pk", filter=Q(realised_usd=None)),
        unknown=Sum("unknown_proceeds_lamports"),
    )
    sold = _by_wallet(
        Disposal.objects.filter(wallet__in=ids, proceeds_lamports__isnull=False),
        all=Sum("proceeds_lamports"),
        known=Sum("proceeds_lamports", filter=Q(cost_lamports__isnull=False)),
    )
    outside = _by_wallet(
        Activity.objects.filter(wallet__in=ids, has_trade=False),
        network=Sum("network_lamports"), tip=Sum("tip_lamports"), platform=Sum("platform_lamports"),
    )  # fmt: skip
    active = [pk for pk in ids if pk in trades or pk in outside]
    WalletStats.objects.filter(wallet__in=set(ids) - set(active)).delete()
    rows = [
        _stats(pk, trades.get(pk, {}), positions.get(pk, {}), sold.get(pk, {}), outside.get(pk, {}))
        for pk in active
    ]
    names = [f.name for f in WalletStats._meta.fields if f.name != "wallet"]
    WalletStats.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["wallet"], update_fields=names
    )


def _by_wallet(rows: "QuerySet[Any]", **figures: Any) -> dict[int, dict[str, Any]]:
    grouped = rows.order_by().values("wallet_id").annotate(**figures)
    return {row["wallet_id"]: row for row in grouped}


def _stats(
    pk: int,
    trades: dict[str, Any],
    positions: dict[str, Any],
    sold: dict[str, Any],
    outside: dict[str, Any],
) -> WalletStats:
    closed, wins = positions.get("closed", 0), positions.get("wins", 0)
    low, high = wilson(wins, closed) or (None, None)
    return WalletStats(
        wallet_id=pk,
        trades=trades.get("n", 0),
        volume_lamports=trades.get("volume") or 0,
        volume_usd=None if trades.get("unpriced") else trades.get("usd", 0),
        last_trade_at=trades.get("last"),
        closed_positions=closed,
        wins=wins,
        win_rate=wins / closed if closed else None,
        win_rate_low=low,
        win_rate_high=high,
        open_positions=positions.get("open", 0),
        realised_lamports=positions.get("realised") or 0,
        realised_usd=None if positions.get("unpriced") else positions.get("usd"),
        unknown_proceeds_lamports=positions.get("unknown") or 0,
        fees_lamports=sum(outside.get(kind) or 0 for kind in ("network", "tip", "platform")),
        coverage=_share(sold.get("known") or 0, sold.get("all") or 0),
    )


def _share(part: int, whole: int) -> float | None:
    """Return a share between 0 and 1; None where costs ate all that sales fetched."""
    return min(1.0, max(0.0, part / whole)) if whole > 0 else None
