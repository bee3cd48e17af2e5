"""Reading a wallet's past: asked for, taken up, noted, cancelled, ended."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from aura.core.errors import LimitReached, Refused
from aura.core.events import announce
from aura.core.queue import enqueue
from aura.models import AuditEntry
from billing.entitlements import longest_history
from wallets.events import CoverageChanged
from wallets.models import HistoryRead, Wallet

# A repair costs the vendor's credits, and the hour's second finds what the first one did.
REPAIR_EVERY: Final = timedelta(hours=1)
# What the longest plan's "all" and the list shown to everybody come to by themselves.
CURATED_HISTORY: Final = timedelta(days=180)
MOST_FAILURES: Final = 10
READ_TASK: Final = "wallets.tasks.read_histories"


@transaction.atomic
def ask_reading(
    wallet: Wallet,
    *,
    kind: HistoryRead.Kind,
    horizon: datetime | None,
    at: datetime,
    by: Any = None,
) -> HistoryRead:
    """Ask for a wallet's past to be read from `at` back to `horizon` (None: to its beginning).

    Raises Refused while another reading of it goes on, and LimitReached when a person asks for a
    repair within the hour of the last one; staff may.
    """
    locked = Wallet.objects.select_for_update().get(pk=wallet.pk)
    readings = HistoryRead.objects.filter(wallet=locked)
    if readings.open().exists():
        raise Refused("This wallet's history is being read already.")
    if by is not None and not by.is_staff:
        lately = readings.filter(kind=kind, asked_at__gt=at - REPAIR_EVERY)
        if lately.exclude(state=HistoryRead.State.CANCELLED).exists():
            raise LimitReached(
                "This wallet was read again within the hour.", limit=1, lifted_by="an hour's wait"
            )
    reading = HistoryRead.objects.create(
        wallet=locked, kind=kind, horizon=horizon, asked_at=at, next_at=at, asked_by=by
    )
    if by is not None:
        AuditEntry.objects.create(by=by, action=f"wallet.{kind}", subject=locked.address)
    announce(CoverageChanged([locked.pk]))
    enqueue(READ_TASK)
    return reading


@transaction.atomic
def ask_backfill(wallet: Wallet, *, at: datetime) -> HistoryRead | None:
    """Ask for older history than is recorded, as far as the longest plan of a follower goes.

    None when there is nothing to ask for: all of it is read, or enough, or somebody is at it, or
    the first sweep has yet to come.
    """
    wallet.refresh_from_db()
    if wallet.whole_history or wallet.complete_since is None:
        return None
    wanted = _wanted_history(wallet)
    if wanted is None and not wallet.curated and not wallet.follows.exists():
        return None
    horizon = None if wanted is None else at - wanted
    if horizon is not None and wallet.complete_since <= horizon:
        return None
    if HistoryRead.objects.filter(wallet=wallet).open().exists():
        return None
    return ask_reading(wallet, kind=HistoryRead.Kind.BACKFILL, horizon=horizon, at=at)


def _wanted_history(wallet: Wallet) -> timedelta | None:
    """Return how far back somebody may look; None: without end."""
    followers = list(wallet.follows.values_list("user_id", flat=True))
    if not followers:
        return CURATED_HISTORY if wallet.curated else None
    longest = longest_history(followers)
    if longest is None or not wallet.curated:
        return longest
    return max(longest, CURATED_HISTORY)


@transaction.atomic
def take_reading(at: datetime) -> HistoryRead | None:
    """Take up the open reading that waits longest; nobody else has it until the claim runs out."""
    due = HistoryRead.objects.open().filter(next_at__lte=at).order_by("next_at", "pk")
    reading = due.select_for_update(skip_locked=True).first()
    if reading is None:
        return None
    reading.state = HistoryRead.State.RUNNING
    reading.next_at = at + timedelta(minutes=15)
    reading.save(update_fields=["state", "next_at"])
    return reading


@transaction.atomic
def note_reading(
    reading: HistoryRead, *, read: int, new: int, reached_at: datetime | None, cursor: str
) -> bool:
    """Note a page that was read and recorded; say whether to go on: it may have been cancelled."""
    row = HistoryRead.objects.select_for_update().get(pk=reading.pk)
    row.read += read
    row.new += new
    row.cursor, row.vendor = cursor, reading.vendor
    if reached_at is not None:
        row.reached_at = min(reached_at, row.reached_at or reached_at)
    row.failures, row.reason = 0, ""
    row.save(update_fields=["read", "new", "cursor", "vendor", "reached_at", "failures", "reason"])
    announce(CoverageChanged([row.wallet_id]))
    return row.is_open


@transaction.atomic
def postpone_reading(reading: HistoryRead, *, until: datetime, reason: str = "") -> None:
    """Let a reading wait; with a reason, a turn has failed and the tenth in a row is the last."""
    row = HistoryRead.objects.select_for_update().get(pk=reading.pk)
    if not row.is_open:
        return
    row.state, row.next_at = HistoryRead.State.ASKED, until
    row.reason = reason[:300]
    if reason:
        row.failures += 1
        if row.failures >= MOST_FAILURES:
            row.state, row.ended_at = HistoryRead.State.FAILED, until
    row.save(update_fields=["state", "next_at", "reason", "failures", "ended_at"])
    announce(CoverageChanged([row.wallet_id]))


@transaction.atomic
def end_reading(reading: HistoryRead, *, at: datetime, exhausted: bool) -> None:
    """Note that a reading came to its horizon, or with `exhausted` to the wallet's beginning.

    Everything from there on is recorded now: the coverage stamp says so.
    """
    row = HistoryRead.objects.select_for_update().get(pk=reading.pk)
    wallet = Wallet.objects.select_for_update().get(pk=row.wallet_id)
    if not row.is_open:
        return
    row.state, row.ended_at, row.reason = HistoryRead.State.DONE, at, ""
    row.save(update_fields=["state", "ended_at", "reason"])
    reached = row.horizon if row.horizon is not None else row.reached_at
    if reached is not None:
        wallet.complete_since = min(reached, wallet.complete_since or reached)
    wallet.whole_history = wallet.whole_history or exhausted
    wallet.save(update_fields=["complete_since", "whole_history"])
    announce(CoverageChanged([wallet.pk]))


@transaction.atomic
def cancel_reading(wallet: Wallet, *, at: datetime, by: Any) -> bool:
    """Cancel the open reading of a wallet; what it recorded stays. Say whether there was one."""
    row = HistoryRead.objects.select_for_update().filter(wallet=wallet).open().first()
    if row is None:
        return False
    row.state, row.ended_at, row.reason = HistoryRead.State.CANCELLED, at, ""
    row.save(update_fields=["state", "ended_at", "reason"])
    AuditEntry.objects.create(by=by, action=f"wallet.{row.kind}_cancelled", subject=wallet.address)
    announce(CoverageChanged([wallet.pk]))
    return True
