"""Live work of the wallets app, as loops the watcher runs."""

import asyncio
import logging
import threading
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse

from aura.core.errors import ProviderError
from aura.core.loops import Loop
from wallets.actions import keep_delivery, record_waiting
from wallets.actions.deliveries import BATCH
from wallets.actions.deliveries import CHANNEL as INBOX
from wallets.models import Wallet
from wallets.providers import listeners, webhook_registry
from wallets.tasks import settle_places

WEBHOOK_CHECK: Final = 15.0
PLACES_CHECK: Final = 5.0

log = logging.getLogger(__name__)


def _record_inbox() -> bool:
    return record_waiting() == BATCH


def _settle_places() -> bool:
    """Ask for the times that streamed transactions come without, while it still matters."""
    try:
        settle_places()
    except ProviderError as error:
        log.warning("places on the chain not told: %s", error)
    return False


class WebhookKeeper:
    """Keeps the vendor's webhook pointed at us, with every watched wallet in it."""

    def __init__(self) -> None:
        self._known_id: str | None = None
        self._registered: tuple[str, frozenset[str]] | None = None

    def turn(self) -> bool:
        """Register or edit the webhook when the watched wallets or our address changed.

        Every edit costs 100 credits, so a burst of new wallets waits for the next turn.
        """
        registry = webhook_registry()
        wanted = (_webhook_url(), watched_addresses())
        if registry is None or wanted == self._registered:
            return False
        try:
            self._known_id = registry.ensure(
                wanted[0], settings.WEBHOOK_SECRET, wanted[1], self._known_id
            )
        except ProviderError as error:
            log.warning("webhook not registered, sweeps carry on: %s", error)
            return False
        self._registered = wanted
        log.info("webhook watches %d wallets", len(wanted[1]))
        return False


def _webhook_url() -> str:
    return f"{settings.PUBLIC_URL}{reverse('receive_transactions')}"


def watched_addresses() -> frozenset[str]:
    """Return the addresses of every watched wallet, over all users."""
    return frozenset(Wallet.objects.watched().values_list("address", flat=True))


def loops() -> list[Loop]:
    """Return this app's loops."""
    return [
        Loop("inbox", _record_inbox, wake_on=(INBOX,), every=2.0),
        Loop("webhook", WebhookKeeper().turn, every=WEBHOOK_CHECK),
        Loop("places", _settle_places, every=PLACES_CHECK),
    ]


class Streams:
    """Listens to the vendors' WebSockets in a thread of its own while this process leads."""

    def __init__(self) -> None:
        self._watched: frozenset[str] = frozenset()

    def loop(self) -> Loop:
        """Return the loop that starts the listeners and keeps the watched wallets current."""
        return Loop("streams", self._turn, every=2.0)

    def _turn(self) -> bool:
        self._watched = watched_addresses()
        if not any(t.name == "listeners" for t in threading.enumerate()):
            threading.Thread(target=self._listen, name="listeners", daemon=True).start()
        return False

    def _listen(self) -> None:
        asyncio.run(self._listen_all())

    async def _listen_all(self) -> None:
        found = listeners()
        await asyncio.gather(
            *(listener.listen(lambda: self._watched, _keep_streamed) for listener in found)
        )


async def _keep_streamed(body: bytes) -> None:
    await sync_to_async(keep_delivery)(body, source="stream")
