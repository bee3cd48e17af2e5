"""The curated list: who is on it, since when and why, and who left it and why."""

from typing import Any, Final

from django.db import transaction

from aura.core import clock
from aura.core.errors import Refused
from aura.core.live import refresh_audiences
from aura.models import AuditEntry
from wallets.models import CuratedEntry, Wallet, WalletStats

REASON_LENGTH: Final = 500
# What an entry keeps of the figures of its day.
_KEPT: Final = (
    "trades",
    "closed_positions",
    "wins",
    "win_rate",
    "win_rate_low",
    "win_rate_high",
    "realised_lamports",
    "realised_usd",
    "volume_lamports",
    "coverage",
    "last_trade_at",
)


@transaction.atomic
def curate_wallet(
    wallet: Wallet,
    *,
    curated: bool = True,
    character: str | None = None,
    by: Any = None,
    reason: str = "",
) -> None:
    """Put a wallet on the curated list, or take it off; open pages hear of it at once.

    Each stay on the list is one entry that keeps the figures of the day it began and of the day
    it ended. A wallet that is on the list, or off it, already stays so and gets no second entry.
    What a person (`by`) changes is written to the audit log; he says why, else it is Refused.
    """
    why = _reason(reason)
    row = Wallet.objects.select_for_update().get(pk=wallet.pk)
    standing = CuratedEntry.objects.standing().filter(wallet=row).first()
    # An entry tells what happened, the flag is its shadow: where they differ the entry is right.
    changes = curated is (standing is None) or row.curated is not curated
    if changes and by is not None and not why:
        raise Refused("Say why: the reason is shown with the list.")
    if curated and standing is None:
        _enter(row, by, why)
    elif not curated and standing is not None:
        _leave(row, standing, by, why)
    if character is not None:
        _describe(wallet, character, by)
    wallet.curated = curated
    wallet.save(update_fields=["curated"])
    if changes and by is not None:
        AuditEntry.objects.create(
            by=by,
            action="wallet.curated" if curated else "wallet.uncurated",
            subject=wallet.address,
            detail={"reason": why},
        )
    transaction.on_commit(refresh_audiences, robust=True)


@transaction.atomic
def describe_wallet(wallet: Wallet, *, character: str, by: Any = None) -> None:
    """Say what kind of trader a wallet is (whale, smart, kol …); a person's word is audited."""
    _describe(wallet, character, by)


def _describe(wallet: Wallet, character: str, by: Any) -> None:
    wallet.character = character
    wallet.save(update_fields=["character"])
    if by is not None:
        AuditEntry.objects.create(
            by=by,
            action="wallet.described",
            subject=wallet.address,
            detail={"character": character},
        )


def _enter(wallet: Wallet, by: Any, reason: str) -> None:
    CuratedEntry.objects.create(
        wallet=wallet,
        entered_at=clock.now(),
        by=by,
        reason=reason,
        figures_at_entry=_figures(wallet),
    )


def _leave(wallet: Wallet, entry: CuratedEntry, by: Any, reason: str) -> None:
    entry.left_at = max(clock.now(), entry.entered_at)
    entry.by_left, entry.reason_left = by, reason
    entry.figures_at_exit = _figures(wallet)
    entry.save(update_fields=["left_at", "by_left", "reason_left", "figures_at_exit"])


def _figures(wallet: Wallet) -> dict[str, Any]:
    """Return the wallet's figures as they are now; empty while it has none."""
    return WalletStats.objects.filter(wallet=wallet).values(*_KEPT).first() or {}


def _reason(given: str) -> str:
    tidy = " ".join("".join(c if c.isprintable() else " " for c in given).split())
    if len(tidy) > REASON_LENGTH:
        raise Refused(f"A reason has at most {REASON_LENGTH} characters.")
    return tidy
