"""Webhooks: their REST surface, and raw delivery with auth, filters, retries and loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from sandbox import deliveries
from sandbox.encode import render
from sandbox.engine import Engine
from sandbox.faults import Faults
from sandbox.record import Record
from sandbox.store import Store
from sandbox.webhooks import Webhooks

KEY = {"api-key": "sandbox-key"}
Ran = tuple[Engine, list[Record]]


class Receiver:
    """Takes deliveries and answers with the given statuses, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)


def ready(receiver: Receiver, addresses: list[str], **more: object) -> Webhooks:
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    hooks = Webhooks(Store(None), Faults(1), client)
    hooks.create({"webhookURL": "http://127.0.0.1/x", "accountAddresses": addresses,
                  "transactionTypes": ["ANY"], "webhookType": "raw",
                  "authHeader": "secret word", **more})  # fmt: skip
    return hooks


def of(ran: Ran, wallet: str, *, failed: bool) -> Record:
    return next(r for r in ran[1] if r.keys[0] == wallet and (r.failure is not None) == failed)


def active(ran: Ran) -> str:
    """Give an actor with a failed and a good transaction."""
    return next(r.keys[0] for r in ran[1] if r.failure is not None
                and any(o.keys[0] == r.keys[0] and o.failure is None for o in ran[1]))  # fmt: skip


async def test_raw_delivery_with_the_auth_header_verbatim(ran: Ran, eventually: Any) -> None:
    wallet, receiver = active(ran), Receiver()
    hooks = ready(receiver, [wallet])
    wanted = [r for r in ran[1] if wallet in r.all_keys][:3]
    strangers = [r for r in ran[1] if wallet not in r.all_keys][:5]
    hooks.publish(strangers + wanted)
    await eventually(lambda: bool(receiver.requests))
    assert {request.headers["authorization"] for request in receiver.requests} == {"secret word"}
    items = [item for request in receiver.requests for item in json.loads(request.content)]
    assert items == [{**render(r), "indexWithinBlock": r.index} for r in wanted]
    await hooks.deliveries.close()


@pytest.mark.parametrize(("status", "failed"), [("success", [False]), ("failed", [True])])
async def test_status_filter(ran: Ran, eventually: Any, status: str, failed: list[bool]) -> None:
    wallet, receiver = active(ran), Receiver()
    hooks = ready(receiver, [wallet], txnStatus=status)
    hooks.publish([of(ran, wallet, failed=False), of(ran, wallet, failed=True)])
    await eventually(lambda: bool(receiver.requests))
    items = [item for request in receiver.requests for item in json.loads(request.content)]
    assert [item["meta"]["err"] is not None for item in items] == failed
    await hooks.deliveries.close()


@pytest.mark.parametrize(
    ("statuses", "tries", "lost"),
    [((500, 404), 3, 0), ((500, 500, 500, 500), 4, 1), ((403,), 1, 1)],
)
async def test_retries_then_loss(
    ran: Ran, eventually: Any, monkeypatch: pytest.MonkeyPatch,
    statuses: tuple[int, ...], tries: int, lost: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(deliveries, "PAUSE_SECONDS", 0.0)
    wallet, receiver = active(ran), Receiver(*statuses)
    hooks = ready(receiver, [wallet])
    hooks.publish([of(ran, wallet, failed=False)])
    await eventually(lambda: len(receiver.requests) == tries and hooks.deliveries.lost == lost)
    await hooks.deliveries.close()


async def test_a_silent_receiver_never_holds_up_the_engine(ran: Ran) -> None:
    hooks = ready(Receiver(), [active(ran)])
    for _ in range(deliveries.QUEUED + 10):
        hooks.publish([of(ran, active(ran), failed=False)] if hooks.deliveries.lost == 0 else [])
    assert hooks.deliveries.lost == 1
    await hooks.deliveries.close()


def test_rest_surface_and_its_refusals(client: TestClient, rpc: Callable[..., Any]) -> None:
    body = {"webhookURL": "http://127.0.0.1:9/h", "accountAddresses": ["1" * 32],
            "transactionTypes": ["ANY"], "webhookType": "raw", "authHeader": "a"}  # fmt: skip
    assert client.get("/v0/webhooks").status_code == 401
    made = client.post("/v0/webhooks", params=KEY, json=body)
    assert made.status_code == 201
    hook = made.json()
    assert {**body, "active": True}.items() <= hook.items()
    path = f"/v0/webhooks/{hook['webhookID']}"
    assert client.get("/v0/webhooks", params=KEY).json() == [hook]
    assert client.patch(path, params=KEY, json={"active": False}).json()["active"] is False
    changed = client.put(path, params=KEY, json={**body, "accountAddresses": []}).json()
    assert (changed["accountAddresses"], changed["active"]) == ([], True)
    enhanced = {**body, "webhookType": "enhanced"}
    for wrong in (
        {},
        {**body, "webhookURL": "ftp://x"},
        {**body, "accountAddresses": ["x"]},
        [1],
        enhanced,
    ):
        assert client.post("/v0/webhooks", params=KEY, json=wrong).status_code == 400
    assert client.put("/v0/webhooks/none", params=KEY, json=body).status_code == 404
    assert client.get(path, params=KEY).json() == changed
    assert client.delete(path, params=KEY).status_code == 204
    assert client.delete(path, params=KEY).status_code == 404
    assert client.get("/v0/webhooks", params=KEY).json() == []
