"""Sweeps: what the chain knows of a wallet and push did not bring."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from aura.core import clock, quota
from aura.core.errors import ProviderError, RateLimited, Refused
from aura.core.locks import alone
from wallets.actions import (
    Recorded,
    ask_backfill,
    ask_reading,
    ask_sweeps,
    mark_swept,
    note_swept_slot,
    postpone_sweep,
    record_transactions,
)
from wallets.domain.bounds import LAST_SECOND
from wallets.domain.sources import Payload, TransactionSource
from wallets.models import Delivery, HistoryRead, PushRegistration, RawTransaction, Wallet
from wallets.providers import fallback_source, transaction_source
from wallets.tasks.finality import ask_for_dropped

# How far back a first sweep reads, and how much of it at most; older history is a backfill's work.
FIRST_SWEEP: Final = timedelta(days=7)
FIRST_SWEEP_PAGES: Final = 20
PAGE: Final = 100
# A long catch-up is recorded in larger pieces: each folds the busy books anew.
RECORDED_AT_ONCE: Final = 500
# A node may list a slot's transactions after those of later slots, as confirmations come in: the
# last minute before the cursor is read again. What is known already costs nothing.
OVERLAP_SLOTS: Final = 150
# The queue ends a task after 600 s. A turn begins no wallet after this many seconds, and a
# wallet's sweep no page; what is left goes on in the next turn.
TURN: Final = 200.0
# So many failures in a row end a turn: the source is away, not a wallet unreadable.
GIVE_UP_AFTER: Final = 3
# A refusal for longer than this is not the second's rate: the budget or the vendor said no.
LONG_REFUSAL: Final = 120.0
# How much a source of second choice is asked for: transactions a wallet, wallets a turn.
PARTLY: Final = 20
PARTLY_WALLETS: Final = 25
SWEEP_AGAIN: Final = timedelta(minutes=15)
QUIET: Final = timedelta(minutes=4)
# Push works where the vendor has just shown our webhook, or a stream has just brought something.
PUSH_PROOF: Final = timedelta(minutes=15)
# What is younger may be on its way to us still: push has not missed it yet.
ON_ITS_WAY: Final = timedelta(minutes=2)
SWEPT_AT_LEAST: Final = timedelta(hours=6)

_SWEEPING: Final = 0x41555244
_SWEEPER: Final = 0x41555245

log = logging.getLogger(__name__)


def sweep_wallet(wallet_id: int) -> int:
    """Record what the chain knows of one wallet and we do not; return how many were new.

    One sweep of a wallet runs at a time; a second one leaves it alone. Raises ProviderError.
    """
    with alone(_SWEEPING, wallet_id) as mine, quota.spending_for(quota.SWEEP):
        wallet = Wallet.objects.filter(pk=wallet_id).first()
        if wallet is None or not mine:
            return 0
        source = transaction_source()
        if wallet.sweep_slot is None:
            return _sweep_first(wallet, source)
        return _sweep_since(wallet, wallet.sweep_slot, source)


def sweep_partly(wallet_id: int, source: TransactionSource) -> int:
    """Record what a source that does not see everything knows since the last sweep.

    For the time the usual source is away: newer trades are shown, and the cursor and the
    coverage stamp stay where they are, so that the next full sweep reads it all again.
    """
    with alone(_SWEEPING, wallet_id) as mine, quota.spending_for(quota.SWEEP):
        wallet = Wallet.objects.filter(pk=wallet_id).first()
        if wallet is None or not mine:
            return 0
        page = source.page_latest(wallet.address, cursor=None, limit=PARTLY)
        return record_transactions(page.items, source="sweep").new


def _sweep_since(wallet: Wallet, slot: int, source: TransactionSource) -> int:
    """Read on from the cursor, oldest first; the cursor moves with every page."""
    deadline = time.monotonic() + TURN
    since = max(0, slot - OVERLAP_SLOTS)
    new, missed, newest = 0, 0, slot
    is_live = wallet.hot_since is None and is_pushed()
    for items, is_last in _pieces(source, wallet.address, since, deadline):
        recorded = record_transactions(items, source="sweep")
        new += recorded.new
        missed += _overdue(recorded) if is_live else 0
        newest = max([newest, *(_slot(item) for item in items)])
        if is_last:
            break
        note_swept_slot(wallet.pk, up_to_slot=newest)
        if time.monotonic() > deadline:
            ask_sweeps(Wallet.objects.filter(pk=wallet.pk), at=clock.now())
            return new
    if wallet.is_partial and source.is_complete:
        _read_completely(wallet)
    mark_swept(
        wallet,
        at=clock.now(),
        up_to_slot=newest,
        is_partial=not source.is_complete,
        unseen=wallet.unseen and not new,
        missed=missed,
    )
    return new


def _pieces(
    source: TransactionSource, address: str, since: int, deadline: float
) -> Iterator[tuple[list[Payload], bool]]:
    """Yield the pages from a slot on, several at a time, and whether it was the last piece.

    What was read before a page fails, or before the deadline, is yielded first.
    """
    waiting: list[Payload] = []
    cursor: str | None = None
    while True:
        try:
            page = source.page_since(address, slot=since, cursor=cursor)
        except ProviderError:
            if waiting:
                yield waiting, False
            raise
        waiting += page.items
        cursor = page.cursor
        if cursor is None:
            yield waiting, True
            return
        if len(waiting) >= RECORDED_AT_ONCE or time.monotonic() > deadline:
            yield waiting, False
            waiting = []


def _overdue(recorded: Recorded) -> int:
    """Count what is new though push should have brought it by now."""
    settled = clock.now() - ON_ITS_WAY
    return sum(1 for time in recorded.new_times if time < settled)


def _read_completely(wallet: Wallet) -> None:
    """Have read again what a source that misses some activity had read before."""
    with suppress(Refused):
        ask_reading(
            wallet, kind=HistoryRead.Kind.REPAIR, horizon=wallet.complete_since, at=clock.now()
        )


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
        whole_history=exhausted and seen > 0,
        is_partial=not source.is_complete,
        unseen=not has_history,
    )
    ask_backfill(wallet, at=clock.now())
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
    """Sweep wallets never swept and hot ones; while nothing pushes, all that are quiet.

    Under pressure on the vendor's budget the sweeps come two, four or eight times as seldom.
    """
    quiet = Q(swept_at__lte=clock.now() - QUIET * _stretched())
    due = Q(swept_at=None) | (quiet & Q(hot_since__isnull=False))
    if not is_pushed():
        due |= quiet
    ask_sweeps(Wallet.objects.watched().filter(due), at=clock.now())
    return sweep_due()


def sweep_regularly() -> int:
    """Sweep every watched wallet that was not for six hours; under pressure, for longer."""
    old = Q(swept_at=None) | Q(swept_at__lte=clock.now() - SWEPT_AT_LEAST * _stretched())
    ask_sweeps(Wallet.objects.watched().filter(old), at=clock.now())
    return sweep_due()


def sweep_all() -> int:
    """Sweep every watched wallet, and ask again for what the chain had dropped: after a restart."""
    with suppress(ProviderError):
        ask_for_dropped(all_of_them=True)
    ask_sweeps(Wallet.objects.watched(), at=clock.now())
    return sweep_due()


def _stretched() -> int:
    try:
        return quota.stretch(transaction_source().vendor)
    except ProviderError:
        return 1


def sweep_due() -> int:
    """Sweep the wallets for which it was asked, for a bounded turn; return how many were new.

    One turn runs at a time. What is left stays asked for and goes on a minute later: after a
    refusal for the rate too, and after a few failures in a row, for then the source is away; a
    source of second choice is then asked for the latest of them. A wallet waits a quarter of an
    hour from when its sweep begins until it is tried again, so that one that fails, or ends the
    process, keeps no other from its turn.
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
                if error.retry_after > LONG_REFUSAL:
                    new += _fall_back(error, deadline)
                break
            except ProviderError as error:
                log.warning("wallet %s not swept: %s", wallet_id, error)
                failed += 1
                if failed == GIVE_UP_AFTER:
                    new += _fall_back(error, deadline)
                    break
            else:
                failed = 0
    return new


def _fall_back(reason: ProviderError, deadline: float) -> int:
    """Ask the source of second choice for the latest of the watched wallets, longest unswept first.

    Wallets shown to everybody come first: the second choice is slow.
    """
    source = fallback_source()
    if source is None:
        return 0
    quota.note_fallback(reason.vendor, source.vendor, str(reason))
    new = 0
    waiting = Wallet.objects.watched().order_by("-curated", F("swept_at").asc(nulls_last=True))
    for wallet_id in waiting.values_list("pk", flat=True)[:PARTLY_WALLETS]:
        if time.monotonic() > deadline:
            break
        try:
            new += sweep_partly(wallet_id, source)
        except ProviderError as error:
            log.warning("second source for wallet %s: %s", wallet_id, error)
            break
    return new


def is_pushed() -> bool:
    """Say whether live push is known to work: by the vendor's word or by what it brought."""
    recent = timezone.now() - PUSH_PROOF
    registered = PushRegistration.objects.filter(confirmed_at__gte=recent).exclude(remote_id="")
    streamed = Delivery.objects.filter(source="stream").order_by("-pk").first()
    return registered.exists() or (streamed is not None and streamed.received_at >= recent)
