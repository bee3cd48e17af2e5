"""logsSubscribe of any node: a hint that an address was named, then the transaction is fetched."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from aura.core import exact
from aura.core.errors import ProviderError, RateLimited
from wallets.domain.sources import Addresses, Keep, Payload, Stands, TransactionSource
from wallets.providers.helius import Helius
from wallets.providers.sockets import Socket, follow_changes, stay_connected
from wallets.providers.solana_rpc import SolanaRpc

# https://www.helius.dev/docs/billing/rate-limits: subscriptions a connection
MOST_SUBSCRIPTIONS: Final = 1_000
# A node may not serve a transaction for a while after it told of it.
FETCH_AFTER: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
_FETCHES_AT_ONCE: Final = 4
_MOST_WAITING: Final = 1_000
_REMEMBERED: Final = 10_000

log = logging.getLogger(__name__)


class SolanaLogs:
    """Listens by logsSubscribe, one subscription an address."""

    def __init__(self) -> None:
        self._source: TransactionSource
        if settings.HELIUS_API_KEY:
            self._source, self._url = Helius(), settings.HELIUS_WS_URL
            self._params = {"api-key": settings.HELIUS_API_KEY}
        else:
            self._source, self._params = SolanaRpc(), {}
            # A node's WebSocket has the same address but for the scheme.
            self._url = settings.SOLANA_RPC_URL.replace("http", "ws", 1)
        self.vendor = self._source.vendor

    async def listen(self, addresses: Addresses, keep: Keep, stands: Stands) -> None:
        """Listen until cancelled; see `Listener`."""
        fetcher = Fetcher(self._source, keep)

        async def hear(_: bytes, said: Mapping[str, Any]) -> None:
            signature = parse_signature(said)
            if signature is not None:
                fetcher.fetch(signature)

        async def follow(socket: Socket) -> None:
            await follow_changes(addresses, Mentions(socket).cover, stands)

        try:
            await stay_connected(self.vendor, self._url, self._params, follow, hear)
        finally:
            fetcher.stop()


class Mentions:
    """The subscriptions of one connection, one for each address."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._numbers: dict[str, int] = {}

    async def cover(self, wanted: frozenset[str]) -> None:
        """Subscribe to what is new and unsubscribe from what is gone."""
        for address in sorted(self._numbers.keys() - wanted):
            await self._socket.ask("logsUnsubscribe", self._numbers.pop(address))
        room = MOST_SUBSCRIPTIONS - len(self._numbers)
        added = sorted(wanted - self._numbers.keys())
        if len(added) > room:
            log.warning("%d addresses are left to the sweep", len(added) - room)
        for address in added[:room]:
            self._numbers[address] = await self._subscribe(address)

    # https://solana.com/docs/rpc/websocket/logssubscribe: exactly one address a subscription
    async def _subscribe(self, address: str) -> int:
        return await self._socket.subscribe(
            "logsSubscribe", {"mentions": [address]}, {"commitment": settings.COMMITMENT}
        )


class Fetcher:
    """Fetches each transaction that was told of once, a few at a time, and keeps it."""

    def __init__(self, source: TransactionSource, keep: Keep) -> None:
        self._source = source
        self._keep = keep
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_FETCHES_AT_ONCE)

    def fetch(self, signature: str) -> None:
        """Start fetching a transaction, unless it was told of before or too many are waiting."""
        if signature in self._seen:
            return
        if len(self._tasks) >= _MOST_WAITING:
            log.warning("too much to fetch; %s is left to the sweep", signature)
            return
        self._seen[signature] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        task = asyncio.create_task(self._fetch(signature))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Give up what is still being fetched."""
        for task in self._tasks:
            task.cancel()

    async def _fetch(self, signature: str) -> None:
        try:
            async with self._turn:
                found = await self._insist(signature)
            if found is None:
                log.warning("transaction %s is not served; left to the sweep", signature)
            else:
                await self._keep(exact.dumps([found]).encode())
        except Exception:
            log.exception("transaction %s not kept; left to the sweep", signature)

    async def _insist(self, signature: str) -> Payload | None:
        for pause in FETCH_AFTER:
            await asyncio.sleep(pause)
            try:
                found = (await asyncio.to_thread(self._source.transactions, [signature]))[0]
            except RateLimited as error:
                await asyncio.sleep(min(error.retry_after, 10.0))
                continue
            except ProviderError as error:
                log.info("transaction %s not fetched yet: %s", signature, error)
                continue
            if found is not None:
                return found
        return None


def parse_signature(said: Mapping[str, Any]) -> str | None:
    """Return the signature a logsNotification tells of; None for anything else."""
    if said.get("method") != "logsNotification":
        return None
    at: Any = said
    for name in ("params", "result", "value", "signature"):
        at = at.get(name) if isinstance(at, dict) else None
    return at if isinstance(at, str) else None
