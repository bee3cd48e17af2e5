"""What keeps the line in order: left-over work, late prices, old deliveries, hot wallets."""

import time
from datetime import timedelta
from typing import Final

from django.utils import timezone

from aura.core import clock
from aura.core.locks import alone
from wallets.actions import (
    derive_wallet,
    inspect_wallet,
    mark_hot_wallets,
    price_trades,
    prune_deliveries,
    record_waiting,
    slide_windows,
)
from wallets.models import Delivery, Wallet
from wallets.queries.ranking import inspections_due, windows_due

# A turn takes up nothing new after so many seconds: others wait for the same workers.
TURN: Final = 60.0
LEFT_OVER: Final = timedelta(minutes=1)
DELIVERIES_KEPT: Final = timedelta(days=3)
REFUSALS_KEPT: Final = timedelta(days=30)
# Wallets whose figures are worked out anew in one turn, and at once: live recording waits for
# those that are locked.
AT_MOST: Final = 5_000
WALLETS_AT_ONCE: Final = 50
_FIGURES: Final = 0x41555248


def read_kept(wallet_id: int) -> int:
    """Read for a new wallet the many transactions kept before it was recorded."""
    wallet = Wallet.objects.filter(pk=wallet_id).first()
    return 0 if wallet is None else derive_wallet(wallet)


def record_left_over() -> int:
    """Record deliveries that have waited for a minute, as when no loop runs; for a bounded turn."""
    taken, deadline = 0, time.monotonic() + TURN
    while time.monotonic() < deadline and _is_left_over() and (n := record_waiting()):
        taken += n
    return taken


def _is_left_over() -> bool:
    """Whether the oldest waiting delivery has waited longer than the loop that reads them takes."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING).order_by("pk")
    oldest = waiting.values_list("received_at", flat=True).first()
    return oldest is not None and timezone.now() - oldest > LEFT_OVER


def price_late_trades() -> int:
    """Price trades that came before their minute's price of SOL; for a bounded turn."""
    priced, deadline = 0, time.monotonic() + TURN
    while time.monotonic() < deadline and (n := price_trades()):
        priced += n
    return priced


def forget_deliveries() -> int:
    """Delete the deliveries that have done their duty."""
    now = timezone.now()
    return prune_deliveries(
        recorded_before=now - DELIVERIES_KEPT, quarantined_before=now - REFUSALS_KEPT
    )


def watch_heat() -> int:
    """Stop following live the wallets that are too busy for it, and take up again the calm ones."""
    return mark_hot_wallets(at=clock.now())


def refresh_windows() -> int:
    """Work out figures anew where a window has slid, and inspect wallets that are due.

    For a bounded turn; returns how many wallets. What somebody else is writing waits for the next.
    """
    now, deadline, done = clock.now(), time.monotonic() + TURN, 0
    with alone(_FIGURES) as mine:
        slid = windows_due(now, limit=AT_MOST) if mine else []
        for start in range(0, len(slid), WALLETS_AT_ONCE):
            if time.monotonic() < deadline:
                done += slide_windows(slid[start : start + WALLETS_AT_ONCE], now=now)
        for wallet_id in inspections_due(now, limit=AT_MOST) if mine else []:
            if time.monotonic() >= deadline:
                break
            done += inspect_wallet(wallet_id, now=now)
    return done
