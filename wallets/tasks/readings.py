"""Reading wallets' pasts in the background: repairs and older history, in turns that can end."""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from aura.core import clock, quota
from aura.core.errors import ProviderError, RateLimited
from aura.core.locks import alone
from wallets.actions import (
    end_reading,
    note_reading,
    postpone_reading,
    record_transactions,
    take_reading,
)
from wallets.domain.bounds import LAST_SECOND
from wallets.domain.sources import Page, Payload, Place, TransactionSource
from wallets.models import HistoryRead, RawTransaction
from wallets.providers import transaction_source

TURN: Final = 150.0
PAGE: Final = 100
_READING: Final = 0x41555246
AFTER_FAILURE: Final = timedelta(minutes=2)
AFTER_REFUSAL: Final = timedelta(minutes=10)

log = logging.getLogger(__name__)


def read_histories() -> int:
    """Read on in the open readings, in turn, for a bounded time; return how many were new."""
    new, deadline = 0, time.monotonic() + TURN
    with alone(_READING) as mine, quota.spending_for(quota.BACKFILL):
        while mine and time.monotonic() < deadline:
            reading = take_reading(clock.now())
            if reading is None:
                break
            try:
                new += _read_on(reading, transaction_source(), deadline)
            except RateLimited as error:
                # The budget's word, not a fault: it waits for better times, however long.
                postpone_reading(reading, until=clock.now() + AFTER_REFUSAL)
                log.info("history of wallet %s waits: %s", reading.wallet_id, error)
                break
            except ProviderError as error:
                until = clock.now() + AFTER_FAILURE
                postpone_reading(reading, until=until, reason=str(error))
                log.warning("history of wallet %s not read: %s", reading.wallet_id, error)
    return new


def _read_on(reading: HistoryRead, source: TransactionSource, deadline: float) -> int:
    """Read pages going back until the horizon, the beginning, the deadline or a cancellation."""
    new = 0
    if reading.vendor != source.vendor:
        # Another vendor's cursor means nothing to this one: the span is begun again.
        reading.cursor, reading.vendor = "", source.vendor
    before = _start(reading)
    while True:
        page = source.page_latest(
            reading.wallet.address, cursor=reading.cursor or None, limit=PAGE, before=before
        )
        recorded = record_transactions(page.items, source="sweep")
        new += recorded.new
        oldest = _oldest(page)
        goes_on = note_reading(
            reading, read=len(page.items), new=recorded.new, reached_at=oldest,
            cursor=page.cursor or "",
        )  # fmt: skip
        if not goes_on:
            return new
        is_there = reading.horizon is not None and oldest is not None and oldest <= reading.horizon
        if page.cursor is None or is_there:
            end_reading(reading, at=clock.now(), exhausted=page.cursor is None)
            return new
        reading.cursor = page.cursor
        if time.monotonic() > deadline:
            postpone_reading(reading, until=clock.now())
            return new


def _start(reading: HistoryRead) -> Place | None:
    """Return where a reading begins: a repair at the newest, a backfill at our oldest."""
    if reading.kind == HistoryRead.Kind.REPAIR:
        return None
    ours = RawTransaction.objects.filter(activities__wallet=reading.wallet)
    if reading.wallet.complete_since is not None:
        ours = ours.filter(block_time__gte=reading.wallet.complete_since)
    oldest = ours.order_by("slot").values_list("slot", "signature").first()
    return None if oldest is None else Place(*oldest)


def _oldest(page: Page) -> datetime | None:
    return min((t for item in page.items if (t := _time(item)) is not None), default=None)


def _time(item: Payload) -> datetime | None:
    seconds = item.get("blockTime")
    if not isinstance(seconds, int) or not 0 < seconds <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)
