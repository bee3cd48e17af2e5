"""Which wallets are recorded, and how completely."""

from datetime import datetime

from django.db import transaction

from aura.core import solana
from aura.core.errors import Refused
from aura.core.events import announce
from aura.core.queue import enqueue
from wallets.actions.record import derive_wallet
from wallets.events import WalletsTracked
from wallets.models import Wallet


@transaction.atomic
def track_wallet(address: str, *, sweep: bool = True) -> tuple[Wallet, bool]:
    """Record a wallet from now on; say whether it is new. Raises Refused for a bad address.

    Transactions already kept that it took part in are read for it at once, and with `sweep` a
    first sweep of its history is queued.
    """
    try:
        checked = solana.address(address)
    except ValueError as error:
        raise Refused(f"That is no Solana address: {error}.") from None
    kind = Wallet.Kind.WALLET if solana.is_on_curve(checked) else Wallet.Kind.PROGRAM_OWNED
    wallet, is_new = Wallet.objects.get_or_create(address=checked, defaults={"kind": kind})
    if is_new:
        derive_wallet(wallet)
        announce(WalletsTracked([wallet.pk]))
        if sweep:
            enqueue("wallets.tasks.sweep_wallet", wallet.pk)
    return wallet, is_new


@transaction.atomic
def curate_wallet(wallet: Wallet, *, curated: bool = True, character: str = "") -> None:
    """Put a wallet on the curated list, or take it off."""
    wallet.curated = curated
    wallet.character = character or wallet.character
    wallet.save(update_fields=["curated", "character"])


def mark_swept(
    wallet: Wallet,
    *,
    at: datetime,
    up_to_slot: int | None,
    complete_since: datetime | None,
    is_partial: bool,
    unseen: bool,
) -> None:
    """Note how far a sweep came; the slot only moves forward, completeness only backward."""
    with transaction.atomic():
        row = Wallet.objects.select_for_update().get(pk=wallet.pk)
        row.swept_at = at
        row.is_partial = is_partial
        row.unseen = unseen
        if up_to_slot is not None:
            row.sweep_slot = max(up_to_slot, row.sweep_slot or 0)
        if complete_since is not None and (
            row.complete_since is None or complete_since < row.complete_since
        ):
            row.complete_since = complete_since
        row.save(update_fields=["swept_at", "is_partial", "unseen", "sweep_slot", "complete_since"])
