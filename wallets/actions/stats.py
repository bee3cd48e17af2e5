"""A wallet's figures, worked out from its trades, positions and costs."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Sum

from aura.core import clock
from wallets.actions.windows import forget_windows, store_windows
from wallets.domain.statistics import Window, wilson
from wallets.models import Activity, WalletStats
from wallets.queries.tallies import WindowSums, window_sums

AT_ONCE: Final = 500


def refresh_stats(wallet_ids: Iterable[int]) -> None:
    """Work out the figures of these wallets and store them, some hundred wallets at a time.

    A wallet that has done nothing has none, also when what it had done is void.
    """
    ids = sorted(set(wallet_ids))
    for start in range(0, len(ids), AT_ONCE):
        _refresh(ids[start : start + AT_ONCE])


def _refresh(ids: list[int]) -> None:
    now = clock.now()
    sums = window_sums(ids, now=now)
    outside = _paid_outside(ids)
    active = [pk for pk in ids if pk in outside or sums.get((pk, Window.ALL), WindowSums()).trades]
    idle = set(ids) - set(active)
    WalletStats.objects.filter(wallet__in=idle).delete()
    forget_windows(idle)
    rows = [
        _stats(pk, sums.get((pk, Window.ALL), WindowSums()), outside.get(pk, 0)) for pk in active
    ]
    names = [f.name for f in WalletStats._meta.fields if f.name != "wallet"]
    WalletStats.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["wallet"], update_fields=names
    )
    store_windows(active, sums, now=now)


def _paid_outside(ids: list[int]) -> dict[int, int]:
    """Return what was paid outside trades by each wallet that took part in anything but trades."""
    outside = Activity.objects.filter(wallet__in=ids, has_trade=False)
    paid = Sum("network_lamports") + Sum("tip_lamports") + Sum("platform_lamports")
    return dict(
        outside.order_by().values("wallet_id").annotate(paid=paid).values_list("wallet_id", "paid")
    )


def _stats(pk: int, found: WindowSums, fees_lamports: int) -> WalletStats:
    tally = found.tally
    low, high = wilson(tally.wins, tally.closed) or (None, None)
    is_priced = found.positions and not tally.unpriced
    return WalletStats(
        wallet_id=pk,
        trades=found.trades,
        volume_lamports=found.volume_lamports,
        volume_usd=found.volume_usd,
        last_trade_at=found.last_trade_at,
        closed_positions=tally.closed,
        wins=tally.wins,
        win_rate=tally.wins / tally.closed if tally.closed else None,
        win_rate_low=low,
        win_rate_high=high,
        open_positions=found.open_positions,
        realised_lamports=tally.realised_lamports,
        realised_usd=tally.realised_usd if is_priced else None,
        unknown_proceeds_lamports=found.unknown_lamports,
        fees_lamports=fees_lamports,
        coverage=tally.coverage,
    )
