"""What the queue calls: sweeps that fetch what push has missed."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from aura.core import clock
from aura.core.errors import ProviderError, RateLimited
from wallets.actions import (
    mark_swept,
    place_in_block,
    place_in_time,
    record_transactions,
    record_waiting,
)
from wallets.domain.sources import Page, Payload, TransactionSource
from wallets.models import RawTransaction, Wallet
from wallets.providers import transaction_source

# How far back a first sweep reads, and how much of it at most; older history is a backfill's work.
FIRST_SWEEP: Final = timedelta(days=7)
FIRST_SWEEP_PAGES: Final = 20
PAGE: Final = 100

log = logging.getLogger(__name__)


def sweep_wallet(wallet_id: int) -> int:
    """Record what the chain knows of one wallet and we do not; return how many were new.

    The cursor is inclusive: the last slot is read again, because many transactions share one.
    """
    wallet = Wallet.objects.filter(pk=wallet_id).first()
    if wallet is None:
        return 0
    source = transaction_source()
    if wallet.sweep_slot is None:
        return _sweep_first(wallet, source)
    new, newest = 0, wallet.sweep_slot
    for page in _pages_since(source, wallet):
        recorded = record_transactions(page.items, source="sweep")
        new += recorded.new
        newest = max([newest, *(_slot(item) for item in page.items)])
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
    """Read a wallet's latest history, newest first, back to the horizon."""
    horizon = clock.now() - FIRST_SWEEP
    new, cursor, oldest, newest, seen = 0, None, clock.now(), 0, 0
    exhausted = False
    for _ in range(FIRST_SWEEP_PAGES):
        page = source.page_latest(wallet.address, cursor=cursor, limit=PAGE)
        new += record_transactions(page.items, source="sweep").new
        seen += len(page.items)
        newest = max([newest, *(_slot(item) for item in page.items)])
        oldest = min([oldest, *(t for item in page.items if (t := _time(item)) is not None)])
        cursor = page.cursor
        exhausted = cursor is None
        if exhausted or oldest < horizon:
            break
    has_history = (
        seen > 0 or RawTransaction.objects.filter(owners__contains=[wallet.address]).exists()
    )
    mark_swept(
        wallet,
        at=clock.now(),
        up_to_slot=newest or None,
        complete_since=horizon if exhausted else oldest,
        is_partial=not source.is_complete,
        unseen=not has_history,
    )
    return new


def _pages_since(source: TransactionSource, wallet: Wallet) -> Iterator[Page]:
    cursor: str | None = None
    while True:
        page = source.page_since(wallet.address, slot=wallet.sweep_slot or 0, cursor=cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


def _slot(item: Payload) -> int:
    slot = item.get("slot")
    return slot if isinstance(slot, int) else 0


def _time(item: Payload) -> datetime | None:
    seconds = item.get("blockTime")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def sweep_stale() -> int:
    """Sweep the watched wallets that nothing pushes, and those never swept."""
    never = Q(swept_at=None)
    quiet = Q() if not settings.LIVE_SOURCES else never
    return _sweep(Wallet.objects.watched().filter(quiet), older_than=timedelta(minutes=4))


def sweep_all() -> int:
    """Sweep every watched wallet: every six hours, and after every restart."""
    return _sweep(Wallet.objects.watched(), older_than=timedelta(0))


def _sweep(wallets: "QuerySet[Wallet]", *, older_than: timedelta) -> int:
    due = Q(swept_at=None) | Q(swept_at__lte=clock.now() - older_than)
    new = 0
    for wallet_id in wallets.filter(due).order_by("swept_at").values_list("pk", flat=True):
        try:
            new += sweep_wallet(wallet_id)
        except RateLimited as error:
            log.warning("sweep stops for now, it goes on at the next turn: %s", error)
            break
        except ProviderError as error:
            log.warning("wallet %s not swept: %s", wallet_id, error)
    return new


def record_left_over() -> int:
    """Record deliveries that no loop has taken, as after a crash."""
    taken = 0
    while n := record_waiting():
        taken += n
    return taken


def settle_places() -> int:
    """Ask for what transactions came without: the time of their slot, their place within it.

    Only slots with several of our transactions need the places. Returns how many were told.
    """
    source = transaction_source()
    told = 0
    timeless = RawTransaction.objects.filter(block_time=None)
    for slot in timeless.order_by("-slot").values_list("slot", flat=True).distinct()[:100]:
        seconds = source.block_time(slot)
        if seconds is not None:
            told += place_in_time(slot, datetime.fromtimestamp(seconds, UTC))
    slots = RawTransaction.objects.values("slot").annotate(
        n=Count("pk"), unplaced=Count("pk", filter=Q(tx_index=None))
    )
    tied = slots.filter(n__gt=1, unplaced__gt=0).order_by("-slot")
    for slot in tied.values_list("slot", flat=True)[:100]:
        signatures = source.block_signatures(slot)
        if signatures is not None:
            told += place_in_block(slot, signatures)
    return told
