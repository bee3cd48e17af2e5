"""Spoils answers of the vendors' surfaces on their way out; the sandbox's own are left alone."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import MARKET, RPC_SURFACES, Faults
from sandbox.market_faults import spoil
from sandbox.meter import CODE
from sandbox.serving import hang_up

PLACES = (
    ("/rpc", "rpc"), ("/public-rpc", "public-rpc"), ("/v0/webhooks", "webhooks"),
    ("/dexscreener", "dexscreener"), ("/birdeye", "birdeye"),
    ("/jupiter", "jupiter"), ("/rugcheck", "rugcheck"),
)  # fmt: skip
PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
ITEM_ERRORS = (
    {"code": -32005, "message": "Node is behind by 62 slots"},
    {"code": -32603, "message": "Internal error"},
    {"code": CODE, "message": "rate limited"},
)


@dataclass
class _Answer:
    """What the application would have answered."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class HttpFaults:
    """ASGI middleware; it rolls once for a request and makes at most one fault of it."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults
        self.dice = faults.dice["http"]
        self.acts: dict[str, Callable[[str, Scope, Receive, Send], Awaitable[None]]] = {
            "dropped": self._drop,
            "timeout": self._hold,
            "rate_limited": self._limit,
            "server_error": self._break,
            "malformed": self._malform,
            "truncated": self._truncate,
            "rpc_error": self._refuse_an_item,
            **{kind: self._lie(kind) for kind in MARKET},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, perhaps not as the application would."""
        surface = surface_of(scope["path"]) if scope["type"] == "http" else None
        kind = None if surface is None else self.faults.http_kind(surface)
        if surface is None or kind is None:
            await self.app(scope, receive, send)
            return
        await self.acts[kind](surface, scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive) -> _Answer:
        answer = _Answer()

        async def keep(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, keep)
        return answer

    async def _perhaps_run(self, scope: Scope, receive: Receive) -> None:
        # Whether a request had its effect cannot be told from an answer that never came.
        if self.dice.random() < 0.5:
            await self._run(scope, receive)

    async def _drop(self, _surface: str, scope: Scope, receive: Receive, _send: Send) -> None:
        await self._perhaps_run(scope, receive)
        await _end(scope, receive, abruptly=self.dice.random() < 0.5)

    async def _hold(self, _surface: str, scope: Scope, receive: Receive, _send: Send) -> None:
        await self._run(scope, receive)
        try:
            async with asyncio.timeout(self.faults.between("http", "hold_seconds")):
                await _gone(receive)
        except TimeoutError:
            await _end(scope, receive, abruptly=False)

    async def _limit(self, surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[str, str] = {}
        if self.dice.random() < 0.5:
            seconds = self.faults.between("http", "retry_after_seconds")
            headers["retry-after"] = str(max(0, round(seconds)))
        await _limited(surface, headers)(scope, receive, send)

    async def _break(self, surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        await self._perhaps_run(scope, receive)
        error: dict[str, object] = {"error": "Internal server error"}
        if surface in RPC_SURFACES:
            error = {"jsonrpc": "2.0", "error": ITEM_ERRORS[1], "id": None}
        answer = self.dice.choice((
            JSONResponse(error, 500), JSONResponse(error, 503),
            HTMLResponse(PAGE.format("500 Internal Server Error"), 500),
            HTMLResponse(PAGE.format("502 Bad Gateway"), 502),
            HTMLResponse(PAGE.format("503 Service Temporarily Unavailable"), 503),
        ))  # fmt: skip
        await answer(scope, receive, send)

    async def _malform(self, _surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await self._run(scope, receive)).body
        spoil = self.dice.choice((_cut, _page, _not_a_number, _other_type))
        media, text = spoil(body)
        await Response(text, 200, media_type=media)(scope, receive, send)

    async def _truncate(self, _surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._run(scope, receive)
        headers = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
        # A body of nothing cannot be cut, so a byte is promised that never comes.
        headers.append((b"content-length", str(max(1, len(answer.body))).encode()))
        status = 200 if answer.status == 204 else answer.status
        await send({"type": "http.response.start", "status": status, "headers": headers})
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _end(scope, receive, abruptly=False)

    async def _refuse_an_item(
        self, _surface: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        answer = await self._run(scope, receive)
        if answer.status != 200:
            told = Response(answer.body, answer.status, media_type="application/json")
            await told(scope, receive, send)
            return
        reply = json.loads(answer.body)
        items = reply if isinstance(reply, list) else [reply]
        item = self.dice.choice(items)
        item.pop("result", None)
        item["error"] = self.dice.choice(ITEM_ERRORS)
        await JSONResponse(reply)(scope, receive, send)

    def _lie(self, kind: str) -> Callable[[str, Scope, Receive, Send], Awaitable[None]]:
        """Give the act of one fault that only what tells of a market can have."""

        async def act(_surface: str, scope: Scope, receive: Receive, send: Send) -> None:
            answer = await self._run(scope, receive)
            body = answer.body
            if answer.status == 200:
                body = json.dumps(spoil(kind, json.loads(body), self.dice)).encode()
            told = Response(body, answer.status, media_type="application/json")
            await told(scope, receive, send)

        return act


def surface_of(path: str) -> str | None:
    """Give the vendor surface a path belongs to, None for the sandbox's own."""
    for prefix, surface in PLACES:
        if path == prefix or path.startswith(prefix + "/"):
            return surface
    return None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(scope: Scope, receive: Receive, *, abruptly: bool) -> None:
    if not hang_up(scope, abruptly=abruptly):
        raise ConnectionError("the sandbox hung up, which this server cannot show")
    # The server complains about an answer never given unless it has seen the connection end.
    await _gone(receive)


def _limited(surface: str, headers: dict[str, str]) -> Response:
    if surface in RPC_SURFACES:
        error = {"code": CODE, "message": "rate limited"}
        return JSONResponse({"jsonrpc": "2.0", "error": error, "id": None}, 429, headers)
    if surface == "webhooks":
        told = {"error": "RATE_LIMIT_EXCEEDED", "code": 429, "details": "Too many requests."}
        return JSONResponse(told, 429, headers)
    if surface == "birdeye":
        return JSONResponse({"success": False, "message": "Too many requests"}, 429, headers)
    if surface == "jupiter":
        return PlainTextResponse("[API Gateway] Too many requests", 429, headers)
    if surface == "rugcheck":
        return JSONResponse({"error": "too many requests"}, 429, headers)
    return PlainTextResponse("error code: 1015", 429, headers)


def _cut(body: bytes) -> tuple[str, bytes]:
    return "application/json", body[: len(body) // 2] or b"{"


def _page(_body: bytes) -> tuple[str, bytes]:
    return "text/html", PAGE.format("Just a moment...").encode()


def _read(body: bytes) -> Any:
    return json.loads(body or b"null")


def _not_a_number(body: bytes) -> tuple[str, bytes]:
    value = _read(body)
    if isinstance(value, dict) and "result" in value:
        value["result"] = _poisoned(value["result"])
    else:
        value = _poisoned(value)
    return "application/json", json.dumps(value).encode()


def _poisoned(value: Any) -> Any:
    """Put NaN in the place of the first number found, or of everything when there is none."""
    box = [value]
    places: list[tuple[Any, Any]] = [(box, 0)]
    while places:
        holder, key = places.pop(0)
        found = holder[key]
        if isinstance(found, int | float) and not isinstance(found, bool):
            holder[key] = math.nan
            return box[0]
        if isinstance(found, dict):
            places += [(found, name) for name in found]
        elif isinstance(found, list):
            places += [(found, place) for place in range(len(found))]
    return math.nan


def _other_type(body: bytes) -> tuple[str, bytes]:
    # A result that is wrong but possible would be a lie nobody could find out.
    value = _read(body)
    envelope = isinstance(value, dict) and "result" in value
    inside = value["result"] if envelope else value
    other: object = 0 if isinstance(inside, str) else "unavailable"
    told = {**value, "result": other} if envelope else other
    return "application/json", json.dumps(told).encode()
