"""One small world for all tests of its surfaces, without a running clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.chain import Chain
from sandbox.engine import Engine
from sandbox.record import Record
from sandbox.server import Server
from sandbox.wallets import USUAL_WALLETS
from tests.sandbox.worlds import run_world


@pytest.fixture(scope="session", params=[USUAL_WALLETS, 300], ids=["usual", "many"])
def ran(request: pytest.FixtureRequest) -> tuple[Engine, list[Record]]:
    return run_world(11, 90, wallets=request.param)


@pytest.fixture(scope="session")
def chain() -> Chain:
    chain = Chain(seed=11, speed=1, hours=1, folder=None)
    chain.clock.pause()
    return chain


@pytest.fixture(scope="session")
def client(chain: Chain) -> Iterator[TestClient]:
    with TestClient(Server(chain, live=False).app) as client:
        yield client


@pytest.fixture(scope="session")
def rpc(client: TestClient) -> Callable[..., Any]:
    def call(method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = client.post("/rpc/?api-key=sandbox-key", json=body)
        assert answer.status_code == 200
        reply = answer.json()
        return reply["result"] if "result" in reply else reply["error"]

    return call


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Any]:
    async def wait(condition: Callable[[], bool]) -> None:
        for _ in range(400):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not happen within four seconds")

    return wait
