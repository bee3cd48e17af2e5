"""The sandbox's own surface: the truth, the clock, the faults; nothing a vendor has."""

from __future__ import annotations

import math
from typing import TypeGuard

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import truth
from sandbox.bodies import read_json
from sandbox.chain import Chain
from sandbox.faults import BadFaultsError
from sandbox.plots import KINDS
from sandbox.webhooks import Webhooks

LONGEST_ADVANCE = 864_000
MOST_TRADES, MOST_A_SECOND = 1_000_000, 100


class Controls:
    """Routes for tests and for whoever runs the sandbox."""

    def __init__(self, chain: Chain, webhooks: Webhooks) -> None:
        self.chain = chain
        self.webhooks = webhooks

    def routes(self) -> list[Route]:
        """Give the routes."""
        get, post = ["GET"], ["POST"]
        return [
            Route("/truth/wallets", self._wallets, methods=get),
            Route("/truth/wallets/{address}", self._wallet, methods=get),
            Route("/truth/forks", self._forks, methods=get),
            Route("/truth/events", self._events, methods=get),
            Route("/truth/plant", self._plant, methods=post),
            Route("/truth/pause", self._pause, methods=["GET", "POST"]),
            Route("/truth/resume", self._resume, methods=["GET", "POST"]),
            Route("/truth/advance", self._advance, methods=post),
            Route("/truth/mad", self._mad, methods=post),
            Route("/faults", self._faults, methods=["GET", "POST"]),
            Route("/clock", self._clock, methods=get),
            Route("/health", self._health, methods=get),
        ]

    async def _wallets(self, _request: Request) -> Response:
        return JSONResponse(truth.all_wallets(self.chain))

    async def _wallet(self, request: Request) -> Response:
        return JSONResponse(truth.wallet_truth(self.chain, request.path_params["address"]))

    async def _forks(self, _request: Request) -> Response:
        return JSONResponse(self.chain.forks.shown())

    async def _events(self, _request: Request) -> Response:
        quarter = self.chain.world.quarter
        return JSONResponse([plot.shown() for plot in quarter.plots] if quarter else [])

    async def _plant(self, request: Request) -> Response:
        body = await read_json(request)
        kind = body.get("kind") if isinstance(body, dict) else None
        if kind not in KINDS or not isinstance(body.get("rises"), bool):
            return _refused(f"kind must be one of {', '.join(KINDS)}, and rises true or false")
        if not self.chain.plant(kind, rises=body["rises"]):
            return _refused("this sandbox was started without coins of the bazaar")
        return JSONResponse({"kind": kind, "rises": body["rises"]})

    async def _pause(self, request: Request) -> Response:
        async with self.chain.busy:
            self.chain.clock.pause()
        return await self._clock(request)

    async def _resume(self, request: Request) -> Response:
        self.chain.clock.resume()
        return await self._clock(request)

    async def _advance(self, request: Request) -> Response:
        body = await read_json(request)
        seconds = body.get("seconds") if isinstance(body, dict) else None
        if not _between(seconds, LONGEST_ADVANCE):
            return _refused(f"seconds must be from 0 to {LONGEST_ADVANCE}")
        await self.chain.advance(seconds)
        return await self._clock(request)

    async def _mad(self, request: Request) -> Response:
        body = await read_json(request)
        if not isinstance(body, dict) or body.get("address") not in self.chain.world.wallets:
            return _refused("address must be one of the sandbox's wallets")
        trades, seconds = body.get("trades"), body.get("seconds")
        if not (_between(trades, MOST_TRADES) and isinstance(trades, int)):
            return _refused(f"trades must be a whole number from 1 to {MOST_TRADES}")
        if not _between(seconds, LONGEST_ADVANCE) or trades > seconds * MOST_A_SECOND:
            return _refused(f"seconds must allow at most {MOST_A_SECOND} trades each")
        self.chain.go_mad(body["address"], trades, seconds)
        return JSONResponse({"address": body["address"], "trades": trades, "seconds": seconds})

    async def _faults(self, request: Request) -> Response:
        faults = self.chain.faults
        if request.method == "POST":
            body = await read_json(request)
            try:
                faults.update(body)
            except BadFaultsError as fault:
                return _refused(str(fault))
            if body.get("off"):
                self.chain.store.settle()
        return JSONResponse(faults.shown())

    async def _clock(self, _request: Request) -> Response:
        clock = self.chain.clock
        return JSONResponse({"sim": clock.now_ms() / 1000, "real": clock.wall(),
                             "speed": clock.speed, "paused": clock.paused})  # fmt: skip

    async def _health(self, _request: Request) -> Response:
        world = self.chain.world
        return JSONResponse({"status": "ok", "seed": world.seed, "steps": world.steps,
                             "slot": self.chain.tip(), "transactions": self.chain.store.last_id,
                             "webhooks_lost": self.webhooks.deliveries.lost})  # fmt: skip


def _between(value: object, most: float) -> TypeGuard[float]:
    """Say whether a number is above 0 and at most so much."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 < value <= most


def _refused(reason: str) -> Response:
    return JSONResponse({"error": reason}, 400)
