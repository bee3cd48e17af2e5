"""All surfaces of the sandbox on one port."""

from __future__ import annotations

import asyncio
import json
import os
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox import inbox, meter, truth
from sandbox.bodies import read_body, read_json
from sandbox.chain import Chain
from sandbox.controls import Controls
from sandbox.http_faults import HttpFaults
from sandbox.rpc import Rpc, denied
from sandbox.rpc_errors import RpcError
from sandbox.stream import Stream
from sandbox.vendors import Vendors
from sandbox.webhooks import RefusedError, Webhooks

KEY = "sandbox-key"
MOST_MAIL = 2 * 1024 * 1024


class Server:
    """Binds the surfaces to routes; `app` is the ASGI application."""

    def __init__(self, chain: Chain, *, live: bool = True) -> None:
        self.chain = chain
        self.live = live
        self.rpc = Rpc(chain)
        self.stream = Stream(chain)
        self.webhooks = Webhooks(chain.store, chain.faults)
        chain.listeners += [self.stream.publish, self.webhooks.publish]
        chain.forks.watched = self.webhooks.watched
        spoiler = Middleware(HttpFaults, faults=chain.faults)
        self.app = Starlette(routes=self._routes(), lifespan=self._life, middleware=[spoiler])

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self.chain.run()) if self.live else None
        if task is not None:
            task.add_done_callback(_stop_if_broken)
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self.webhooks.deliveries.close()
            self.chain.store.close()

    def _routes(self) -> list[Route | WebSocketRoute]:
        get, post = ["GET"], ["POST"]
        return [
            Route("/rpc", self._rpc, methods=post),
            Route("/rpc/", self._rpc, methods=post),
            Route("/public-rpc", self._public_rpc, methods=post),
            Route("/public-rpc/", self._public_rpc, methods=post),
            WebSocketRoute("/public-rpc", self._public_socket),
            WebSocketRoute("/ws", self._socket),
            WebSocketRoute("/ws/", self._socket),
            Route("/v0/webhooks", self._hooks, methods=["GET", "POST"]),
            Route("/v0/webhooks/{ident}", self._hook, methods=["GET", "PUT", "PATCH", "DELETE"]),
            *Vendors(self.chain).routes(),
            Route("/inbox", self._inbox, methods=["GET", "POST"]),
            Route("/inbox.json", self._inbox_json, methods=get),
            Route("/wallets.csv", self._wallets, methods=get),
            *Controls(self.chain, self.webhooks).routes(),
        ]

    async def _rpc(self, request: Request) -> Response:
        if request.query_params.get("api-key") != KEY:
            return JSONResponse(denied(), 401)
        return await self._answer(request, public=False)

    async def _public_rpc(self, request: Request) -> Response:
        return await self._answer(request, public=True)

    async def _answer(self, request: Request, *, public: bool) -> Response:
        body = await read_body(request)
        if body is None:
            return PlainTextResponse("Request body too large", 413)
        status, answer = await self.rpc.answer(body, public=public)
        text = await asyncio.to_thread(json.dumps, answer)
        return Response(text, status, media_type="application/json")

    async def _socket(self, socket: WebSocket) -> None:
        if socket.query_params.get("api-key") != KEY:
            await socket.close(1008)
            return
        if self.chain.faults.credits.gone:
            await socket.send_denial_response(JSONResponse(meter.refusal(), 429))
            return
        await self.stream.serve(socket)

    async def _public_socket(self, socket: WebSocket) -> None:
        await self.stream.serve(socket, public=True)

    async def _hooks(self, request: Request) -> Response:
        if request.query_params.get("api-key") != KEY:
            return JSONResponse({"error": "invalid api key provided"}, 401)
        if self.chain.faults.credits.gone:
            return JSONResponse({"error": meter.MESSAGE}, 429)
        if request.method == "GET":
            return JSONResponse([hook.shown() for hook in self.webhooks.hooks.values()])
        try:
            return JSONResponse(self.webhooks.create(await read_json(request)).shown(), 201)
        except (RefusedError, RpcError) as fault:
            return JSONResponse({"error": str(fault)}, 400)

    async def _hook(self, request: Request) -> Response:
        if request.query_params.get("api-key") != KEY:
            return JSONResponse({"error": "invalid api key provided"}, 401)
        if self.chain.faults.credits.gone:
            return JSONResponse({"error": meter.MESSAGE}, 429)
        ident = request.path_params["ident"]
        try:
            if request.method == "DELETE":
                hit = self.webhooks.delete(ident)
                return Response(None, 204) if hit else _missing()
            if request.method == "PUT":
                hook = self.webhooks.replace(ident, await read_json(request))
            elif request.method == "PATCH":
                hook = self.webhooks.toggle(ident, await read_json(request))
            else:
                hook = self.webhooks.hooks.get(ident)
        except (RefusedError, RpcError) as fault:
            return JSONResponse({"error": str(fault)}, 400)
        return JSONResponse(hook.shown()) if hook else _missing()

    async def _inbox(self, request: Request) -> Response:
        store = self.chain.store
        if request.method == "GET":
            safe = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
            return HTMLResponse(inbox.page(inbox.read(store)), headers=safe)
        body = await read_body(request, MOST_MAIL)
        if body is None:
            return PlainTextResponse("Message too large", 413)
        envelope = request.headers.get("x-envelope-to", "")
        inbox.keep(store, body, envelope, self.chain.clock.now_ms() // 1000)
        return Response(None, 202)

    async def _inbox_json(self, _request: Request) -> Response:
        return JSONResponse(inbox.read(self.chain.store))

    async def _wallets(self, _request: Request) -> Response:
        return PlainTextResponse(truth.named_csv(self.chain), media_type="text/csv")


def _stop_if_broken(task: asyncio.Task[None]) -> None:
    """End the program when the engine died: a sandbox where nothing happens helps nobody."""
    if task.cancelled() or task.exception() is None:
        return
    traceback.print_exception(task.exception())
    os._exit(1)


def _missing() -> Response:
    return JSONResponse({"error": "webhook not found"}, 404)
