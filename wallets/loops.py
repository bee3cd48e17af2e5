"""Live work of the wallets app, as loops the watcher runs."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Count
from django.utils import timezone

from aura.core import clock
from aura.core.errors import ProviderError
from aura.core.loops import Loop
from wallets.actions import (
    ask_sweeps,
    keep_delivery,
    note_registration,
    place_in_block,
    place_in_time,
    record_waiting,
)
from wallets.actions.deliveries import BATCH
from wallets.actions.deliveries import CHANNEL as INBOX
from wallets.domain.bounds import LAST_SECOND
from wallets.domain.sources import WEBHOOK_PATH
from wallets.models import PushRegistration, RawTransaction, Wallet
from wallets.providers import listeners, transaction_source, webhook_registry
from wallets.tasks import settle_finality_turn

WEBHOOK_CHECK: Final = 15.0
# Looking costs a credit; a webhook the vendor deleted or switched off is missed no longer than so.
WEBHOOK_CONFIRM: Final = 300.0
PLACES_CHECK: Final = 5.0
FINALITY_CHECK: Final = 2.5
PLACES_A_TURN: Final = 50
PLACES_LATEST: Final = 5_000
LONGEST_WAIT: Final = 3600.0
STREAMS_END: Final = 10.0
# What happened before the subscriptions stood on a new connection is swept once they do.
# Each costs ten credits a wallet, so a connection that breaks all day is swept after so seldom.
STREAMS_SWEEP: Final = 900.0

log = logging.getLogger(__name__)


def _record_inbox() -> bool:
    return record_waiting() == BATCH


class PlaceKeeper:
    """Asks for the times and places that transactions came without.

    A slot without an answer is asked for again after ten seconds, doubling up to an hour: a
    block that nobody has must not be paid for every five seconds.
    """

    def __init__(self) -> None:
        self._waits: dict[tuple[str, int], tuple[float, float]] = {}
        self._has_looked = False

    def turn(self) -> bool:
        """Ask for some slots; a vendor that is away costs a line in the log."""
        try:
            self.ask()
        except ProviderError as error:
            log.warning("places on the chain not told: %s", error)
        return False

    def ask(self) -> int:
        """Ask for what transactions came without: their slot's time, their place within it.

        Only slots with several of our transactions need the places. Returns how many were told.
        """
        source, told = transaction_source(), 0
        timeless = RawTransaction.objects.filter(block_time=None).order_by("-slot")
        for slot in self._next("time", timeless.values_list("slot", flat=True).distinct()[:1000]):
            seconds = source.block_time(slot) or 0
            if self._noted("time", slot, is_known=0 < seconds <= LAST_SECOND):
                told += place_in_time(slot, datetime.fromtimestamp(seconds, UTC))
        for slot in self._next("block", self._tied()):
            signatures = source.block_signatures(slot)
            if self._noted("block", slot, is_known=signatures is not None):
                told += place_in_block(slot, signatures or [])
        return told

    def _tied(self) -> list[int]:
        """Return slots whose transactions have no order yet: of all once, then of the latest."""
        unplaced = RawTransaction.objects.filter(tx_index=None).order_by("-pk")
        slots = unplaced.values_list("slot", flat=True)
        looked_at = set(slots[:PLACES_LATEST] if self._has_looked else slots.iterator())
        self._has_looked = True
        counted = RawTransaction.objects.filter(slot__in=looked_at).values("slot")
        tied = counted.annotate(n=Count("pk")).filter(n__gt=1).order_by("-slot")
        return list(tied.values_list("slot", flat=True))

    def _next(self, what: str, slots: Iterable[int]) -> list[int]:
        now = time.monotonic()
        free = [slot for slot in slots if self._waits.get((what, slot), (0.0, 0.0))[1] <= now]
        return free[:PLACES_A_TURN]

    def _noted(self, what: str, slot: int, *, is_known: bool) -> bool:
        key = (what, slot)
        if is_known:
            self._waits.pop(key, None)
        else:
            wait = min(2 * self._waits.get(key, (PLACES_CHECK, 0.0))[0], LONGEST_WAIT)
            self._waits[key] = (wait, time.monotonic() + wait)
        return is_known


class WebhookKeeper:
    """Keeps the vendor's webhook pointed at us, with every watched wallet in it."""

    def __init__(self) -> None:
        self._registered: tuple[str, frozenset[str]] | None = None
        self._look_at = 0.0
        self._wait = WEBHOOK_CHECK

    def turn(self) -> bool:
        """Register or edit the webhook when the watched wallets or our address changed.

        Every edit costs 100 credits, so a burst of new wallets waits for the next turn. What is
        registered is looked at again every five minutes. Our id for it is kept in the database:
        after a restart at another address the old webhook is edited, not left behind.
        """
        registry = webhook_registry()
        wanted = (_webhook_url(), watched_addresses())
        is_fresh = wanted == self._registered or self._wait > WEBHOOK_CHECK
        if registry is None or (is_fresh and time.monotonic() < self._look_at):
            return False
        known = PushRegistration.objects.filter(vendor=registry.vendor).first()
        try:
            remote_id = registry.ensure(
                wanted[0], settings.WEBHOOK_SECRET, wanted[1], (known and known.remote_id) or None
            )
        except ProviderError as error:
            self._wait = min(2 * self._wait, WEBHOOK_CONFIRM)
            self._look_at = time.monotonic() + self._wait
            log.warning("webhook not registered, sweeps carry on: %s", error)
            return False
        note_registration(registry.vendor, remote_id=remote_id, url=wanted[0], at=timezone.now())
        if wanted != self._registered:
            log.info("webhook watches %d wallets", len(wanted[1]))
        self._registered, self._wait = wanted, WEBHOOK_CHECK
        self._look_at = time.monotonic() + WEBHOOK_CONFIRM
        return False


def _webhook_url() -> str:
    return f"{settings.PUBLIC_URL}{WEBHOOK_PATH}"


def watched_addresses() -> frozenset[str]:
    """Return the addresses that live push is asked for: watched by anybody, and not too busy."""
    return frozenset(Wallet.objects.pushed().values_list("address", flat=True))


def loops() -> list[Loop]:
    """Return this app's loops."""
    return [
        Loop("inbox", _record_inbox, wake_on=(INBOX,), every=2.0),
        Loop("webhook", WebhookKeeper().turn, every=WEBHOOK_CHECK),
        Loop("places", PlaceKeeper().turn, every=PLACES_CHECK),
        Loop("finality", settle_finality_turn, every=FINALITY_CHECK),
    ]


class Streams:
    """Listens to the vendors' WebSockets in a thread of its own while this process leads."""

    def __init__(self) -> None:
        self._watched: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None
        self._ending: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._has_stood = threading.Event()
        self._sweep_from = 0.0

    def loop(self) -> Loop:
        """Return the loop that starts the listeners and keeps the watched wallets current."""
        return Loop("streams", self._turn, every=2.0, end=self._end)

    def _turn(self) -> bool:
        self._watched = watched_addresses()
        if (self._thread is None or not self._thread.is_alive()) and listeners():
            self._thread = threading.Thread(target=self._listen, name="listeners", daemon=True)
            self._thread.start()
        if self._has_stood.is_set() and time.monotonic() >= self._sweep_from:
            self._has_stood.clear()
            self._sweep_from = time.monotonic() + STREAMS_SWEEP
            ask_sweeps(Wallet.objects.watched(), at=clock.now())
        return False

    def _end(self) -> None:
        """Stop listening: whoever leads now listens, and two would be paid twice."""
        thread, ending = self._thread, self._ending
        self._thread = None
        if thread is None or not thread.is_alive():
            return
        if ending is not None:
            ending[0].call_soon_threadsafe(ending[1].set)
        thread.join(STREAMS_END)
        if thread.is_alive():
            log.warning("listeners still end")

    def _listen(self) -> None:
        try:
            asyncio.run(self._listen_all())
        except Exception:
            log.exception("listeners failed; they start again")

    async def _listen_all(self) -> None:
        ended = asyncio.Event()
        self._ending = (asyncio.get_running_loop(), ended)
        tasks = [
            asyncio.create_task(
                listener.listen(lambda: self._watched, _keep_streamed, self._has_stood.set)
            )
            for listener in listeners()
        ]
        ending = asyncio.create_task(ended.wait())
        try:
            done, _ = await asyncio.wait({ending, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (ending, *tasks):
                task.cancel()
            await asyncio.gather(ending, *tasks, return_exceptions=True)
            await sync_to_async(_hang_up)()


def _hang_up() -> None:
    # Named here, the connection is that of the thread the deliveries were kept in.
    connection.close()


async def _keep_streamed(body: bytes) -> None:
    await sync_to_async(_keep)(body)


def _keep(body: bytes) -> None:
    # This thread serves no request: without this a connection the server has ended stays broken.
    close_old_connections()
    keep_delivery(body, source="stream")
