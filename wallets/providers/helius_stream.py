"""Helius' transactionSubscribe: whole transactions of the watched addresses, as they confirm."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from wallets.domain.sources import Addresses, Keep, Stands
from wallets.providers.sockets import Socket, follow_changes, stay_connected

# https://www.helius.dev/docs/rpc/websocket/transaction-subscribe
MOST_ADDRESSES: Final = 50_000
# https://www.helius.dev/docs/billing/rate-limits: subscriptions a connection
MOST_SUBSCRIPTIONS: Final = 1_000
# More additions than this and the set is subscribed anew, in as few subscriptions as it takes.
_PIECES: Final = 20

log = logging.getLogger(__name__)


class HeliusStream:
    """Listens by transactionSubscribe; needs a plan that has it."""

    vendor = "helius"

    async def listen(self, addresses: Addresses, keep: Keep, stands: Stands) -> None:
        """Listen until cancelled; see `Listener`."""

        async def hear(message: bytes, said: Mapping[str, Any]) -> None:
            if is_transaction(said):
                await keep(b"[" + message + b"]")

        async def follow(socket: Socket) -> None:
            await follow_changes(addresses, Subscriptions(socket).cover, stands)

        await stay_connected(
            self.vendor,
            settings.HELIUS_WS_URL,
            {"api-key": settings.HELIUS_API_KEY},
            follow,
            hear,
        )


class Subscriptions:
    """The subscriptions of one connection, and the addresses they cover."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._numbers: list[int] = []
        self._covered: frozenset[str] = frozenset()

    async def cover(self, wanted: frozenset[str]) -> None:
        """Subscribe to what is wanted; the new stands before the old ends, so nothing is missed."""
        added, dropped = wanted - self._covered, self._covered - wanted
        if not dropped and len(self._numbers) < _PIECES:
            self._numbers += await self._subscribe(added)
        else:
            old, self._numbers = self._numbers, await self._subscribe(wanted)
            await asyncio.gather(*(self._socket.ask("transactionUnsubscribe", n) for n in old))
        self._covered = wanted
        log.info("helius stream watches %d addresses", len(wanted))

    async def _subscribe(self, addresses: frozenset[str]) -> list[int]:
        chunks = chunks_of(addresses)
        if len(chunks) > MOST_SUBSCRIPTIONS:
            log.warning("%d addresses are too many for one stream", len(addresses))
        return [
            await self._socket.subscribe("transactionSubscribe", *subscription(chunk))
            for chunk in chunks[:MOST_SUBSCRIPTIONS]
        ]


def chunks_of(addresses: frozenset[str]) -> list[list[str]]:
    """Split addresses into lists a subscription takes."""
    ordered = sorted(addresses)
    return [ordered[i : i + MOST_ADDRESSES] for i in range(0, len(ordered), MOST_ADDRESSES)]


def subscription(addresses: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of transactionSubscribe; failed transactions count, they cost fees."""
    return (
        {
            "vote": False,
            "accountInclude": addresses,
            "tokenAccounts": "balanceChanged",
        },
        {
            "commitment": settings.COMMITMENT,
            "encoding": "json",
            "transactionDetails": "full",
            "showRewards": False,
            "maxSupportedTransactionVersion": 1,
        },
    )


def is_transaction(said: Mapping[str, Any]) -> bool:
    """Say whether a notification brings a transaction; its content is for the decoder to judge."""
    return said.get("method") == "transactionNotification"
