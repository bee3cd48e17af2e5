"""Deliveries that arrive by the clock, whether or not the one before was answered (open loop).

A client that waits for an answer before it sends again measures a stalled server only once; here
each delivery has its moment, and its time counts from that moment.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aura.management.bench.programs import HOST

PATH: Final = "/webhooks/transactions/"
TIMEOUT: Final = 10.0
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery; times by time.perf_counter(). Status 0: no answer."""

    due: float
    sent: float
    answered: float
    status: int


class Sender:
    """Posts bodies over connections that are kept alive; opens one more when all are busy."""

    def __init__(self, port: int, secret: str) -> None:
        self.port = port
        self.opened = 0
        self._head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAuthorization: {secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def post(self, body: bytes, due: float) -> Arrival:
        """Post a body now; whatever goes wrong is a status of 0."""
        sent = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                status = await self._exchange(body)
        except (OSError, EOFError, ValueError, TimeoutError):
            status = 0
        return Arrival(due, sent, time.perf_counter(), status)

    async def _exchange(self, body: bytes) -> int:
        reader, writer = await self._connection()
        try:
            writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            status = int(head.split(b" ", 2)[1])
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return status

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        self.opened += 1
        return await asyncio.open_connection(HOST, self.port)

    def close(self) -> None:
        """Close the connections that are left."""
        for _, writer in self._idle:
            writer.close()


async def send_by_clock(sender: Sender, bodies: Sequence[bytes], *, rate: float) -> list[Arrival]:
    """Send the bodies at so many a second and return what became of each, in their order."""
    began = time.perf_counter() + 0.05
    tasks = []
    for number, body in enumerate(bodies):
        due = began + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(sender.post(body, due)))
    return list(await asyncio.gather(*tasks))
