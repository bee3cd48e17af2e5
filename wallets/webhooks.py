"""Where pushed transactions arrive: check, keep, answer; everything else happens afterwards.

This door stands before Django's request cycle: middleware and the hops between loop and threads
cost more than the answer is worth (ten milliseconds of CPU against two), and what is not answered
within a second is lost. Bodies that arrive at the same moment are kept in one transaction.
"""

import asyncio
import hmac
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from aura.core import quota
from wallets.actions import keep_deliveries

VENDOR: Final = "helius"
# A raw delivery of a busy block stays far below this; more is refused before it is read.
BODY_LIMIT: Final = 4 * 1024 * 1024
# Bodies kept in one transaction, and bytes that may wait for it: more is refused, and sent again.
MOST_AT_ONCE: Final = 100
MOST_WAITING: Final = 64 * 1024 * 1024
TRIES: Final = 2

log = logging.getLogger(__name__)

Answer = tuple[int, dict[str, Any]]


class Door:
    """The ASGI application at WEBHOOK_PATH.

    200 with the delivery's id once the body is a durable row; 401 without the shared secret in
    `Authorization` (compared in constant time), 405 for anything but POST, 413 for a body over
    4 MiB, 400 for an empty one, 503 while the database is away or too much waits: the vendor
    sends it again. What the body says is judged after the answer.
    https://www.helius.dev/docs/webhooks
    """

    def __init__(self) -> None:
        self._inbox = _Inbox()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; one that is cut off gets no answer."""
        answer = await self._answer(scope, receive)
        if answer is None:
            return
        status, said = answer
        body = json.dumps(said).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Any, receive: Any) -> Answer | None:
        if scope["method"] != "POST":
            return 405, {"error": "only POST"}
        headers = dict(scope["headers"])
        secret = settings.WEBHOOK_SECRET.encode()
        if not secret or not hmac.compare_digest(headers.get(b"authorization", b""), secret):
            return 401, {"error": "unknown sender"}
        too_large: Answer = 413, {"error": "body too large", "limit_bytes": BODY_LIMIT}
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            return too_large
        body = bytearray()
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return None
            body += event.get("body", b"")
            if len(body) > BODY_LIMIT:
                return too_large
            if not event.get("more_body", False):
                break
        return await self._kept(bytes(body))

    async def _kept(self, body: bytes) -> Answer:
        if not body:
            return 400, {"error": "empty body"}
        try:
            return 200, {"kept": await self._inbox.keep(body)}
        except _NotNowError:
            return 503, {"error": "not now, send it again"}


class _NotNowError(Exception):
    """The body could not be kept; nothing of it was."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A body, and who waits for it to be kept."""

    body: bytes
    loop: asyncio.AbstractEventLoop
    kept: "asyncio.Future[int]"

    def tell(self, outcome: int | Exception) -> None:
        """Let the waiting request go on, in its own loop."""

        def settle() -> None:
            if self.kept.done():
                return
            if isinstance(outcome, Exception):
                self.kept.set_exception(outcome)
            else:
                self.kept.set_result(outcome)

        self.loop.call_soon_threadsafe(settle)


@dataclass(slots=True)
class _Inbox:
    """A thread that keeps what has arrived meanwhile, all of it in one transaction."""

    _queue: "SimpleQueue[_Arrival]" = field(default_factory=SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _waiting: int = 0

    async def keep(self, body: bytes) -> int:
        """Keep a body and return its delivery's id. Raises _NotNowError."""
        loop = asyncio.get_running_loop()
        arrival = _Arrival(body, loop, loop.create_future())
        with self._lock:
            if self._waiting + len(body) > MOST_WAITING:
                raise _NotNowError
            self._waiting += len(body)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="door", daemon=True)
                self._thread.start()
        self._queue.put(arrival)
        return await arrival.kept

    def _work(self) -> None:
        while True:
            arrivals = [self._queue.get()]
            while len(arrivals) < MOST_AT_ONCE and not self._queue.empty():
                arrivals.append(self._queue.get())
            try:
                self._keep(arrivals)
            finally:
                with self._lock:
                    self._waiting -= sum(len(arrival.body) for arrival in arrivals)

    def _keep(self, arrivals: Sequence[_Arrival]) -> None:
        ids: Sequence[int] = ()
        try:
            ids = _keep_all([arrival.body for arrival in arrivals])
        except Exception as error:
            log.exception("%d bodies not kept: %s", len(arrivals), type(error).__name__)
        finally:
            # Given back to the pool: this thread serves no request that would do it.
            connection.close()
        for at, arrival in enumerate(arrivals):
            arrival.tell(ids[at] if ids else _NotNowError())
        if ids:
            quota.charge(VENDOR, sum(_events(arrival.body) for arrival in arrivals))


def _keep_all(bodies: Sequence[bytes]) -> list[int]:
    """Keep bodies; once more on another connection where the first turns out to be broken."""
    for _ in range(TRIES - 1):
        try:
            return keep_deliveries(bodies, source="webhook")
        except (DatabaseError, InterfaceError):
            connection.close()
    return keep_deliveries(bodies, source="webhook")


def _events(body: bytes) -> int:
    """Count what the vendor charges: a credit an event, and each has one block time.

    https://www.helius.dev/docs/billing/credits
    """
    return max(1, body.count(b'"blockTime"'))
