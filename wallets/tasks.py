"""What the queue calls: sweeps that fetch what push has missed, and what was left over."""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from aura.core import clock
from aura.core.errors import ProviderError, RateLimited
from aura.core.locks import alone
from wallets.actions import (
    ask_sweeps,
    derive_wallet,
    mark_swept,
    note_swept_slot,
    postpone_sweep,
    price_trades,
    prune_deliveries,
    record_transactions,
    record_waiting,
)
from wallets.domain.bounds import LAST_SECOND
from wallets.domain.sources import Payload, TransactionSource
from wallets.models import Delivery, PushRegistration, RawTransaction, Wallet
from wallets.providers import transaction_source

# How far back a first sweep reads, and how much of it at most; older history is a backfill's work.
FIRST_SWEEP: Final = timedelta(days=7)
FIRST_SWEEP_PAGES: Final = 20
PAGE: Final = 100
# A node may list a slot's transactions after those of later slots, as confirmations come in: the
# last minute before the cursor is read again. What is known already costs nothing.
OVERLAP_SLOTS: Final = 150
# The queue ends a task after 600 s. A turn begins no wallet after this many seconds, and a
# wallet's sweep no page; what is left goes on in the next turn.
TURN: Final = 200.0
# So many failures in a row end a turn: the source is away, not a wallet unreadable.
GIVE_UP_AFTER: Final = 3
SWEEP_AGAIN: Final = timedelta(minutes=15)
QUIET: Final = timedelta(minutes=4)
# Push works where the vendor has just shown our webhook, or a stream has just brought something.
PUSH_PROOF: Final = timedelta(minutes=15)
DELIVERIES_KEPT: Final = timedelta(days=3)
REFUSALS_KEPT: Final = timedelta(days=30)

_SWEEPING: Final = 0x41555244
_SWEEPER: Final = 0x41555245

log = logging.getLogger(__name__)


def sweep_wallet(wallet_id: int) -> int:
    """Record what the chain knows of one wallet and we do not; return how many were new.

    One sweep of a wallet runs at a time; a second one leaves it alone. Raises ProviderError.
    """
    with alone(_SWEEPING, wallet_id) as mine:
        wallet = Wallet.objects.filter(pk=wallet_id).first()
        if wallet is None or not mine:
            return 0
        source = transaction_source()
        if wallet.sweep_slot is None:
            return _sweep_first(wallet, source)
        return _sweep_since(wallet, wallet.sweep_slot, source)


def _sweep_since(wallet: Wallet, slot: int, source: TransactionSource) -> int:
    """Read on from the cursor, oldest first; the cursor moves with every page."""
    deadline = time.monotonic() + TURN
    since = max(0, slot - OVERLAP_SLOTS)
    new, newest, cursor = 0, slot, None
    while True:
        page = source.page_since(wallet.address, slot=since, cursor=cursor)
        new += record_transactions(page.items, source="sweep").new
        newest = max([newest, *(_slot(item) for item in page.items)])
        cursor = page.cursor
        if cursor is None:
            break
        note_swept_slot(wallet.pk, up_to_slot=newest)
        if time.monotonic() > deadline:
            ask_sweeps(Wallet.objects.filter(pk=wallet.pk), at=clock.now())
            return new
    mark_swept(
        wallet,
        at=clock.now(),
        up_to_slot=newest,
        complete_since=None,
        is_partial=not source.is_complete,
        unseen=wallet.unseen and not new,
    )
    return new


def _sweep_first(wallet: Wallet, source: TransactionSource) -> int:
    """Read a wallet's latest history, newest first, back to the horizon.

    Complete since: the horizon or the whole history, where that was reached; else the second
    after the oldest transaction read, whose own second may hold more.
    """
    started, deadline = clock.now(), time.monotonic() + TURN
    horizon = started - FIRST_SWEEP
    new, cursor, oldest, newest, seen = 0, None, started, 0, 0
    exhausted = False
    for _ in range(FIRST_SWEEP_PAGES):
        page = source.page_latest(wallet.address, cursor=cursor, limit=PAGE)
        new += record_transactions(page.items, source="sweep").new
        seen += len(page.items)
        newest = max([newest, *(_slot(item) for item in page.items)])
        oldest = min([oldest, *(t for item in page.items if (t := _time(item)) is not None)])
        cursor = page.cursor
        exhausted = cursor is None
        if exhausted or oldest < horizon or time.monotonic() > deadline:
            break
    has_history = (
        seen > 0 or RawTransaction.objects.filter(owners__contains=[wallet.address]).exists()
    )
    mark_swept(
        wallet,
        at=clock.now(),
        up_to_slot=newest or None,
        complete_since=min(horizon, oldest) if exhausted else oldest + timedelta(seconds=1),
        is_partial=not source.is_complete,
        unseen=not has_history,
    )
    return new


def _slot(item: Payload) -> int:
    slot = item.get("slot")
    return slot if isinstance(slot, int) else 0


def _time(item: Payload) -> datetime | None:
    seconds = item.get("blockTime")
    if not isinstance(seconds, int) or not 0 < seconds <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def sweep_stale() -> int:
    """Sweep the watched wallets never swept, and while nothing pushes, all that are quiet."""
    due = Q(swept_at=None)
    if not is_pushed():
        due |= Q(swept_at__lte=clock.now() - QUIET)
    ask_sweeps(Wallet.objects.watched().filter(due), at=clock.now())
    return sweep_due()


def sweep_all() -> int:
    """Sweep every watched wallet: every six hours, and after every restart."""
    ask_sweeps(Wallet.objects.watched(), at=clock.now())
    return sweep_due()


def sweep_due() -> int:
    """Sweep the wallets for which it was asked, for a bounded turn; return how many were new.

    One turn runs at a time. What is left stays asked for and goes on a minute later: after a
    refusal for the rate too, and after a few failures in a row, for then the source is away. A
    wallet waits a quarter of an hour from when its sweep begins until it is tried again, so that
    one that fails, or ends the process, keeps no other from its turn.
    """
    new, failed, deadline = 0, 0, time.monotonic() + TURN
    with alone(_SWEEPER) as mine:
        while mine and time.monotonic() < deadline:
            wallet_id = Wallet.objects.due(clock.now()).values_list("pk", flat=True).first()
            if wallet_id is None:
                break
            postpone_sweep(wallet_id, until=clock.now() + SWEEP_AGAIN)
            try:
                new += sweep_wallet(wallet_id)
            except RateLimited as error:
                postpone_sweep(wallet_id, until=clock.now())
                log.warning("sweeps stop for now, they go on in a minute: %s", error)
                break
            except ProviderError as error:
                log.warning("wallet %s not swept: %s", wallet_id, error)
                failed += 1
                if failed == GIVE_UP_AFTER:
                    break
            else:
                failed = 0
    return new


def is_pushed() -> bool:
    """Say whether live push is known to work: by the vendor's word or by what it brought."""
    recent = timezone.now() - PUSH_PROOF
    registered = PushRegistration.objects.filter(confirmed_at__gte=recent).exclude(remote_id="")
    streamed = Delivery.objects.filter(source="stream").order_by("-pk").first()
    return registered.exists() or (streamed is not None and streamed.received_at >= recent)


def read_kept(wallet_id: int) -> int:
    """Read for a new wallet the many transactions kept before it was recorded."""
    wallet = Wallet.objects.filter(pk=wallet_id).first()
    return 0 if wallet is None else derive_wallet(wallet)


def record_left_over() -> int:
    """Record deliveries that no loop has taken, as after a crash; for a bounded turn."""
    taken, deadline = 0, time.monotonic() + TURN
    while time.monotonic() < deadline and (n := record_waiting()):
        taken += n
    return taken


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
