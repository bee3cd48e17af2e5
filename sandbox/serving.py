"""How the sandbox is served, with a way to hang up that ASGI itself does not have."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "sandbox.hang_up"


class _HttpProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = cast("Any", _with_hang_up(cast("ASGIApp", self.app), transport))


class _SocketProtocol(WebSocketsSansIOProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app = cast("Any", _with_hang_up(cast("ASGIApp", self.app), self.transport))


def _with_hang_up(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        verbs = {"close": transport.close, "abort": partial(_reset, transport)}
        scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: verbs}
        await app(scope, receive, send)

    return serve


def _reset(transport: asyncio.Transport) -> None:
    number = transport.get_extra_info("socket").fileno()
    # A copy, because a server's own socket may be closed to such settings; they are shared.
    with socket.socket(fileno=os.dup(number)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def hang_up(scope: Scope, *, abruptly: bool) -> bool:
    """End the connection: after what was sent, or at once and with a reset.

    False where the server knows no such thing, as in-process test clients do not.
    """
    verbs: dict[str, Callable[[], None]] | None = scope.get("extensions", {}).get(EXTENSION)
    if verbs is None:
        return False
    verbs["abort" if abruptly else "close"]()
    return True


def config(app: ASGIApp, *, host: str, port: int) -> uvicorn.Config:
    """Give uvicorn's settings for the sandbox."""
    return uvicorn.Config(
        app, host=host, port=port, http=_HttpProtocol, ws=_SocketProtocol, log_level="warning",
        access_log=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
