"""The way out to one WebSocket client: metered, and only as good as the faults let it be."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.faults import Faults
from sandbox.meter import MESSAGE, STREAM_BYTES, STREAM_PRICE
from sandbox.serving import hang_up


class Wire:
    """Sends texts to one client; a metered one pays for its data in credits."""

    def __init__(self, socket: WebSocket, faults: Faults, *, metered: bool) -> None:
        self.socket = socket
        self.faults = faults
        self.metered = metered
        self.unpaid = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def send(self, text: str) -> bool:
        """Send, or do with the text what is due; False when the connection has ended by it."""
        if not await self._paid(len(text)):
            return False
        faults = self.faults
        if faults.hit("sockets", "dropped"):
            if not hang_up(self.socket.scope, abruptly=True):
                await self.socket.close(1011)
            return False
        if faults.hit("sockets", "silent"):
            return True
        if faults.hit("sockets", "garbled"):
            text = text[: len(text) // 2] + "\ufffd\x00"
        if faults.hit("sockets", "late"):
            self._later(text)
            return True
        await self.socket.send_text(text)
        if faults.hit("sockets", "duplicated"):
            await self.socket.send_text(text)
        return True

    async def _paid(self, size: int) -> bool:
        if not self.metered:
            return True
        left = self.faults.credits
        if left.gone:
            await self.socket.close(1008, MESSAGE)
            return False
        self.unpaid += size
        while self.unpaid >= STREAM_BYTES:
            self.unpaid -= STREAM_BYTES
            left.charge(STREAM_PRICE)
        return True

    def _later(self, text: str) -> None:
        task = asyncio.create_task(self._send_late(text))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _send_late(self, text: str) -> None:
        await asyncio.sleep(self.faults.between("sockets", "late_seconds"))
        try:
            await self.socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            return

    def close(self) -> None:
        """Send nothing more."""
        for task in list(self.tasks):
            task.cancel()
