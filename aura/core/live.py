"""Live pages: one push renders a fragment once and reaches every socket of its audience.

Each web process holds one hub: one subscription through the channel layer, each message
serialised once by the sender, a bounded queue per socket, the user authenticated once at
connect by Channels' own stack. A Channels consumer per socket collapses at fan-out (measured:
500 sockets × 20/s on Daphne left 43 % undelivered), the hub does not.

A lost push is never lost data: a client that was away fetches its region again with a plain GET.
"""

import asyncio
import contextlib
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from channels.layers import get_channel_layer
from django.template.loader import render_to_string

GROUP: Final = "aura.live"
EVERYONE: Final = "everyone"
QUEUE_LIMIT: Final = 256
SEND_WITHIN: Final = 10.0
CLOSE_UNAUTHENTICATED: Final = 4401
CLOSE_TOO_SLOW: Final = 4408

log = logging.getLogger(__name__)

Audiences = Callable[[Any], Awaitable[frozenset[str]]]


def push(
    audience: str | Iterable[str],
    template: str,
    context: Mapping[str, Any],
    *,
    target: str,
    swap: str,
) -> None:
    """Render a fragment once and send it to everyone in the audience.

    `target` is a CSS selector and `swap` an htmx swap style; a page without the target ignores
    the fragment. The sender chooses the audience: too many is a leak, too few a stale screen.
    The context must therefore hold nothing that only some of the audience may see.
    """
    content = render_to_string(template, dict(context))
    _send(audience, json.dumps({"content": content, "target": target, "swap": swap}))


def refresh_audiences(user_id: int | None = None) -> None:
    """Make a user's open sockets, or everybody's, look up again what they may hear."""
    _send(EVERYONE if user_id is None else f"user:{user_id}", None)


def _send(audience: str | Iterable[str], text: str | None) -> None:
    names = [audience] if isinstance(audience, str) else sorted(set(audience))
    message = {"type": "live.fragment", "audience": names, "text": text}
    sending = asyncio.run_coroutine_threadsafe(_send_to_group(message), _loop())
    sending.result(timeout=SEND_WITHIN)


async def _send_to_group(message: dict[str, Any]) -> None:
    await get_channel_layer().group_send(GROUP, message)


def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop this process sends in: it keeps the layer's connection.

    A loop for each message, as async_to_sync makes one, opens a connection for each: measured,
    3 ms of CPU a message against 0.3.
    """
    global _sending  # noqa: PLW0603  # one a process
    with _sending_lock:
        if _sending is None:
            _sending = asyncio.new_event_loop()
            threading.Thread(target=_sending.run_forever, name="live", daemon=True).start()
        return _sending


def _forget_loop() -> None:
    """Start afresh in a forked child: the parent's thread is not there."""
    global _sending, _sending_lock  # one a process
    _sending, _sending_lock = None, threading.Lock()


_sending: asyncio.AbstractEventLoop | None = None
_sending_lock = threading.Lock()
os.register_at_fork(after_in_child=_forget_loop)


@dataclass(eq=False, slots=True)
class Socket:
    """One open page: whose it is, what it hears, what waits to be sent."""

    user: Any
    audiences: frozenset[str]
    queue: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(QUEUE_LIMIT))
    too_slow: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False


class Hub:
    """The ASGI application behind `/live`: sockets in, fragments out."""

    def __init__(self, audiences: Audiences) -> None:
        self._audiences = audiences
        self._by_audience: dict[str, set[Socket]] = {}
        self._subscription: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket until it closes, is too slow, or turns out to be nobody's."""
        await receive()  # websocket.connect
        user = scope.get("user")
        if user is None or not user.is_authenticated or not user.is_active:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": CLOSE_UNAUTHENTICATED})
            return
        self._subscribe_once()
        socket = Socket(user, await self._audiences(user))
        self._add(socket)
        try:
            await send({"type": "websocket.accept"})
            await self._serve(socket, receive, send)
        finally:
            socket.closed = True
            self._remove(socket)

    async def _serve(self, socket: Socket, receive: Any, send: Any) -> None:
        tasks = [
            asyncio.create_task(coroutine)
            for coroutine in (_read(receive), _write(socket, send), socket.too_slow.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if socket.too_slow.is_set():
                await send({"type": "websocket.close", "code": CLOSE_TOO_SLOW})
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _subscribe_once(self) -> None:
        if self._subscription is None or self._subscription.done():
            self._subscription = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        """Follow the group for the life of the process; after an error, subscribe anew."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel("hub")
                await layer.group_add(GROUP, channel)
                while True:
                    message = await layer.receive(channel)
                    await self._deliver(message["audience"], message["text"])
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("live subscription lost; subscribing again")
                await asyncio.sleep(1.0)

    async def _deliver(self, audience: list[str], text: str | None) -> None:
        sockets = set().union(*(self._by_audience.get(name, set()) for name in audience))
        for socket in sockets:
            if text is None:
                await self._look_again(socket)
                continue
            try:
                socket.queue.put_nowait(text)
            except asyncio.QueueFull:
                socket.too_slow.set()

    async def _look_again(self, socket: Socket) -> None:
        """Ask anew what a socket may hear; one of which that cannot be told is closed."""
        try:
            audiences = await self._audiences(socket.user)
        except Exception:
            log.exception("audiences of a socket not known; closing it")
            audiences = frozenset()
            socket.too_slow.set()
        # It may have closed meanwhile: what is added then stays for ever.
        if not socket.closed:
            self._remove(socket)
            socket.audiences = audiences
            self._add(socket)

    def _add(self, socket: Socket) -> None:
        for name in socket.audiences:
            self._by_audience.setdefault(name, set()).add(socket)

    def _remove(self, socket: Socket) -> None:
        for name in socket.audiences:
            members = self._by_audience.get(name)
            if members is not None:
                members.discard(socket)
                if not members:
                    del self._by_audience[name]


async def _read(receive: Any) -> None:
    """Wait until the client leaves; what it says is not ours to act on."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _write(socket: Socket, send: Any) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await send({"type": "websocket.send", "text": await socket.queue.get()})
