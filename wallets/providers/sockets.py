"""A WebSocket of JSON-RPC subscriptions that stays connected and follows the watched addresses."""

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    WebSocketException,
)

from aura.core import exact, quota
from aura.core.errors import Denied, Garbled, ProviderError, Unavailable
from aura.core.rpc import Failure, error_for, parse_failure

# https://www.helius.dev/docs/rpc/websocket: idle connections end after ten minutes
PING_EVERY: Final = 30.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
DENIED_WAIT: Final = 300.0
STEADY_AFTER: Final = 60.0
# A vendor that is away is told of so often, in seconds, however often it is tried.
SAY_EVERY: Final = 300.0
LOOK_EVERY: Final = 2.0
ANSWER_WITHIN: Final = 20.0
LARGEST_MESSAGE: Final = 16 * 1024 * 1024
# https://www.helius.dev/docs/billing/credits: 2 credits per 0.1 MB of data
_BYTES_A_CREDIT: Final = 50_000

log = logging.getLogger(__name__)

Hear = Callable[[bytes, Mapping[str, Any]], Awaitable[None]]


class _Connect(connect):
    """A connection that is never led to another host: the key is in the address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """One open connection: asks and waits for the answer, and hands notifications on."""

    def __init__(self, vendor: str, connection: ClientConnection, hear: Hear) -> None:
        self.vendor = vendor
        self._connection = connection
        self._hear = hear
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._unpaid = 0

    async def ask(self, method: str, *params: Any) -> Any:
        """Send a request and return its result. Raises ProviderError; TimeoutError after 20 s."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        try:
            await self._connection.send(exact.dumps(request))
            # Python 3.11's wait_for loses a cancelling that comes with the answer.
            async with asyncio.timeout(ANSWER_WITHIN):
                outcome = await answer
        finally:
            self._waiting.pop(number, None)
        if isinstance(outcome, Failure):
            raise error_for(self.vendor, method, outcome)
        return outcome

    async def subscribe(self, method: str, *params: Any) -> int:
        """Subscribe and return the subscription's number."""
        number = await self.ask(method, *params)
        if not isinstance(number, int):
            raise Garbled(self.vendor, f"{method} answered no subscription")
        return number

    async def read(self) -> None:
        """Read until the connection ends, which raises ConnectionClosed."""
        while True:
            message = await self._connection.recv(decode=False)
            await self._count(len(message))
            try:
                said = exact.loads(message)
            except ValueError:
                raise Garbled(self.vendor, "sent no JSON", payload=message[:65_536]) from None
            if not isinstance(said, dict):
                raise Garbled(self.vendor, "sent no object", payload=message[:65_536])
            if "method" in said:
                await self._hear(message, said)
            elif (waiting := self._waiting.get(_number(said.get("id")))) and not waiting.done():
                waiting.set_result(parse_failure(said.get("error")) or said.get("result"))

    async def _count(self, size: int) -> None:
        self._unpaid += size
        if self._unpaid >= _BYTES_A_CREDIT:
            cost, self._unpaid = divmod(self._unpaid, _BYTES_A_CREDIT)
            await asyncio.to_thread(quota.charge, self.vendor, cost)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1


async def stay_connected(
    vendor: str,
    url: str,
    params: Mapping[str, str],
    follow: Callable[[Socket], Awaitable[None]],
    hear: Hear,
) -> None:
    """Keep one connection open until cancelled, and run `follow` on it from the start each time.

    Reconnects after 1 s, doubling to 30 s, ±25 %; after five minutes where key or plan is
    refused. A connection that held a minute starts the count anew. Never raises otherwise.
    """
    pause, said = FIRST_WAIT, float("-inf")
    while True:
        started = asyncio.get_running_loop().time()
        # A task of its own: Python 3.11 leaves the group's own cancelling on the task it runs in.
        trouble = await asyncio.create_task(_connect_once(vendor, url, params, follow, hear))
        _heed_cancelling()
        held = asyncio.get_running_loop().time() - started
        if held > STEADY_AFTER:
            pause = FIRST_WAIT
        if isinstance(trouble, Denied):
            pause = DENIED_WAIT
            log.error("%s; next try in %.0f s", trouble, pause)
        elif started - said > SAY_EVERY:
            said = started
            log.warning("%s stream ended: %s; trying again", vendor, _words(trouble))
        await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311  # spreads callers
        pause = min(LONGEST_WAIT, pause * 2)


def _heed_cancelling() -> None:
    """Raise the cancellation a task group swallows when a child fails at the same moment."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _connect_once(
    vendor: str,
    url: str,
    params: Mapping[str, str],
    follow: Callable[[Socket], Awaitable[None]],
    hear: Hear,
) -> Exception:
    """Connect, follow and read until something ends it; return what did."""
    trouble: Exception = ConnectionError("the connection ended")
    try:
        await asyncio.to_thread(quota.spend, vendor, 1, wait=LONGEST_WAIT)
        async with _opened(url, params) as connection:
            socket = Socket(vendor, connection, hear)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(socket.read())
                tasks.create_task(_forever(follow, socket))
    except* (ProviderError, OSError, TimeoutError, WebSocketException) as group:
        trouble = _refusal(vendor, _first(group))
    except* Exception as group:
        log.exception("%s stream failed", vendor)
        trouble = _first(group)
    return trouble


def _opened(url: str, params: Mapping[str, str]) -> _Connect:
    on_this_machine = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return _Connect(
        f"{url}?{urlencode(params)}" if params else url,
        ping_interval=PING_EVERY,
        ping_timeout=PING_EVERY,
        open_timeout=ANSWER_WITHIN,
        close_timeout=2.0,
        max_size=LARGEST_MESSAGE,
        proxy=None if on_this_machine else True,
    )


async def _forever(follow: Callable[[Socket], Awaitable[None]], socket: Socket) -> None:
    await follow(socket)
    await asyncio.Event().wait()


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)


def _refusal(vendor: str, error: Exception) -> Exception:
    if isinstance(error, InvalidStatus) and error.response.status_code in (401, 402, 403):
        return Denied(vendor, f"refused the connection with {error.response.status_code}")
    return error


def _words(error: Exception) -> str:
    """Say what happened without the address, which some exceptions quote."""
    if isinstance(error, ProviderError):
        return str(error)
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return f"closed with {error.rcvd.code}"
    if isinstance(error, InvalidStatus):
        return f"answered {error.response.status_code}"
    return type(error).__name__


async def follow_changes(
    addresses: Callable[[], frozenset[str]],
    apply: Callable[[frozenset[str]], Awaitable[None]],
    stands: Callable[[], None],
) -> None:
    """Call `apply` with the addresses now and whenever they have changed, looked at every 2 s.

    `stands` is called once, after the first time.
    """
    applied: frozenset[str] | None = None
    while True:
        wanted = addresses()
        if wanted != applied:
            await apply(wanted)
            if applied is None:
                stands()
            applied = wanted
        await asyncio.sleep(LOOK_EVERY)


async def probe(
    vendor: str, url: str, params: Mapping[str, str], method: str, *arguments: Any
) -> Any:
    """Connect, subscribe once and leave; return what the vendor answered. Raises ProviderError."""
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def ask_once(socket: Socket) -> None:
        answer.set_result(await socket.ask(method, *arguments))
        raise ConnectionError("asked")

    async def ignore(_: bytes, __: Mapping[str, Any]) -> None:
        return

    trouble = await _connect_once(vendor, url, params, ask_once, ignore)
    if answer.done():
        return answer.result()
    if isinstance(trouble, ProviderError):
        raise trouble
    raise Unavailable(vendor, f"no subscription: {_words(trouble)}")
