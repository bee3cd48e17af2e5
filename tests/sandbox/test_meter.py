"""What calls cost, and what is answered when the credits are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.chain import Chain
from sandbox.meter import price

Rpc = Callable[..., Any]
GTFA = "getTransactionsForAddress"
URL = "/rpc/?api-key=sandbox-key"
SLOT = {"jsonrpc": "2.0", "id": 1, "method": "getSlot"}
GONE = {"jsonrpc": "2.0", "error": {"code": -32429, "message": "max usage reached"}, "id": None}


@pytest.fixture
def spent(client: TestClient) -> Iterator[Callable[[], int]]:
    def since_last() -> int:
        nonlocal last
        now = client.get("/faults").json()["credits_spent"]
        last, before = now, last
        return int(now - before)

    last = client.get("/faults").json()["credits_spent"]
    yield since_last
    client.post("/faults", json={"credits": None})


def test_prices_of_calls(rpc: Rpc, spent: Callable[[], int], chain: Chain) -> None:
    totals = chain.world.ledger.totals
    wallet = max(chain.world.named, key=lambda key: totals(key)["trades"])
    rpc("getSlot")
    assert spent() == 1
    rpc("getSignaturesForAddress", wallet)
    assert spent() == 1
    rpc(GTFA, wallet, {"commitment": "confirmed"})
    assert spent() == 10
    full = {"transactionDetails": "full", "maxSupportedTransactionVersion": 1}
    rpc(GTFA, wallet, full)
    assert spent() == 10
    # A refusal costs nothing.
    assert rpc(GTFA, wallet, {"transactionDetails": "full"})["code"] == -32015
    assert spent() == 0


@pytest.mark.parametrize(
    ("rows", "costs"), [(0, 10), (1, 10), (100, 10), (101, 20), (200, 20), (1000, 100)]
)
def test_full_history_costs_ten_for_each_hundred_rows(rows: int, costs: int) -> None:
    config = {"transactionDetails": "full"}
    assert price(GTFA, ["x", config], {"data": [{}] * rows}) == costs
    assert price(GTFA, ["x", {}], {"data": [{}] * rows}) == 10


def test_without_credits_every_keyed_call_is_refused(
    client: TestClient, spent: Callable[[], int]
) -> None:
    client.post("/faults", json={"credits": 3})
    assert [client.post(URL, json=SLOT).status_code for _ in range(5)] == [200] * 3 + [429] * 2
    assert client.post(URL, json=SLOT).json() == GONE
    assert client.post(URL, json=[SLOT]).status_code == 429
    assert client.post("/public-rpc", json=SLOT).status_code == 200
    assert client.get("/faults").json()["credits"] == 0
    assert spent() == 3
    client.post("/faults", json={"credits": 2})
    batch = client.post(URL, json=[SLOT] * 3).json()
    assert [item.get("error") for item in batch] == [None, None, GONE["error"]]
    client.post("/faults", json={"credits": None})
    assert {client.post(URL, json=SLOT).status_code for _ in range(5)} == {200}
