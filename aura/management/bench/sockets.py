"""Open pages as a browser keeps them, cheap enough that five hundred of them fit beside the web.

A frame costs this client a few microseconds, so that its times are the server's. What a server
may send and a page need not (fragmented or compressed messages) is refused as an error.
https://www.rfc-editor.org/rfc/rfc6455#section-5.2
"""

import asyncio
import base64
import os
import time
from collections.abc import Callable
from typing import Final, cast

from aura.management.bench.programs import HOST

Heard = Callable[[bytes, float], None]

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_WHOLE: Final = 0x80
OPEN_TIMEOUT: Final = 30.0


class PageSocket(asyncio.Protocol):
    """One WebSocket: calls `heard` with each text and the time.perf_counter() of its arrival."""

    def __init__(self, request: bytes, heard: Heard) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.messages = 0
        self._request = request
        self._heard = heard
        self._left = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the handshake's answer, then frames."""
        now = time.perf_counter()
        self._left += data
        if not self.opened.done():
            head, blank, rest = self._left.partition(b"\r\n\r\n")
            if not blank:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                first = head.split(b"\r\n", 1)[0].decode(errors="replace")
                self.opened.set_exception(ConnectionError(f"no socket: {first}"))
                return
            self._left = bytearray(rest)
            self.opened.set_result(None)
        self._take_frames(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever still waits for it to open."""
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("the socket was closed"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def _take_frames(self, now: float) -> None:
        left, at = self._left, 0
        while (end := _end_of_frame(left, at)) is not None:
            start, stop = end
            kind = left[at]
            text = bytes(left[start:stop])
            at = stop
            if kind == _WHOLE | _TEXT:
                self.messages += 1
                self._heard(text, now)
            elif kind == _WHOLE | _PING and self._transport is not None:
                # A mask of zeros leaves the payload as it is.
                head = bytes([_WHOLE | _PONG, _WHOLE | len(text), 0, 0, 0, 0])
                self._transport.write(head + text)
            elif kind != _WHOLE | _CLOSE:
                raise ConnectionError(f"a frame of kind {kind:#x} was not expected")
        del left[:at]


def _end_of_frame(data: bytearray, at: int) -> tuple[int, int] | None:
    """Return where the payload of the frame begins and ends; None until all of it is there."""
    if len(data) < at + 2:
        return None
    length, start = data[at + 1], at + 2
    wide = {126: 2, 127: 8}.get(length, 0)
    if wide:
        if len(data) < start + wide:
            return None
        length = int.from_bytes(data[start : start + wide], "big")
        start += wide
    return (start, start + length) if len(data) >= start + length else None


async def open_page(port: int, cookie: str, heard: Heard) -> PageSocket:
    """Open `/live` as the owner of a session; raises OSError when it is not accepted."""
    key = base64.b64encode(os.urandom(16)).decode()
    host = f"{HOST}:{port}"
    request = (
        f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, page = await loop.create_connection(lambda: PageSocket(request, heard), HOST, port)
    async with asyncio.timeout(OPEN_TIMEOUT):
        await page.opened
    return page
