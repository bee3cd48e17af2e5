"""WebSocket subscriptions and the exact shape of their notifications."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from sandbox.addresses import PUMP
from sandbox.chain import Chain
from sandbox.encode import logs, render
from sandbox.record import Record

PATH = "/ws/?api-key=sandbox-key"


def ask(socket: WebSocketTestSession, method: str, *params: object) -> Any:
    socket.send_json({"jsonrpc": "2.0", "id": 5, "method": method, "params": list(params)})
    reply = socket.receive_json()
    assert reply["id"] == 5
    return reply.get("result", reply.get("error"))


def last(chain: Chain, wallet: str) -> Record:
    signature = chain.store.rows(
        "SELECT signature FROM trade WHERE wallet = ? ORDER BY rowid DESC LIMIT 1", (wallet,)
    )[0][0]
    record = chain.store.record(signature)
    assert record is not None
    return record


def test_wrong_key_is_turned_away(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws/?api-key=no"):
        pass


def test_transaction_and_logs_notifications(client: TestClient, chain: Chain) -> None:
    wallets = chain.world.named
    with client.websocket_connect(PATH) as socket:
        number = ask(
            socket, "transactionSubscribe",
            {"vote": False, "failed": False, "accountInclude": wallets},
            {"commitment": "confirmed", "encoding": "json", "transactionDetails": "full",
             "maxSupportedTransactionVersion": 1},
        )  # fmt: skip
        client.post("/truth/advance", json={"seconds": 120})
        notice = socket.receive_json()
        assert notice["method"] == "transactionNotification"
        assert notice["params"]["subscription"] == number
        result = notice["params"]["result"]
        record = chain.store.record(result["signature"])
        assert record is not None
        shown = render(record)
        assert result == {
            "transaction": {name: shown[name] for name in ("transaction", "meta", "version")},
            "signature": record.signature, "slot": record.slot, "transactionIndex": record.index,
        }  # fmt: skip


def test_logs_mention_one_address(client: TestClient, chain: Chain) -> None:
    wallet = PUMP
    with client.websocket_connect(PATH) as socket:
        assert ask(socket, "logsSubscribe", {"mentions": [wallet, wallet]})["code"] == -32602
        number = ask(socket, "logsSubscribe", {"mentions": [wallet]}, {"commitment": "confirmed"})
        client.post("/truth/advance", json={"seconds": 30})
        notice = socket.receive_json()
        value = notice["params"]["result"]["value"]
        record = chain.store.record(value["signature"])
        assert record is not None
        assert wallet in record.all_keys
        assert notice == {
            "jsonrpc": "2.0", "method": "logsNotification",
            "params": {
                "subscription": number,
                "result": {
                    "context": {"slot": record.slot},
                    "value": {"signature": record.signature, "err": value["err"],
                              "logs": logs(record)},
                },
            },
        }  # fmt: skip


def test_signature_subscription_answers_once(client: TestClient, chain: Chain) -> None:
    record = last(chain, chain.world.named[0])
    with client.websocket_connect(PATH) as socket:
        number = ask(socket, "signatureSubscribe", record.signature)
        assert socket.receive_json()["params"] == {
            "subscription": number,
            "result": {"context": {"slot": record.slot}, "value": {"err": None}},
        }
        assert ask(socket, "signatureUnsubscribe", number)["code"] == -32602


def test_unsubscribe_and_wrong_messages(client: TestClient) -> None:
    with client.websocket_connect(PATH) as socket:
        number = ask(socket, "slotSubscribe")
        assert ask(socket, "slotUnsubscribe", number) is True
        assert ask(socket, "voteSubscribe")["code"] == -32601
        assert ask(socket, "logsSubscribe", {"mentions": ["x"]})["code"] == -32602
        socket.send_text("{")
        assert socket.receive_json()["error"]["code"] == -32700


def test_a_plain_node_needs_no_key_and_knows_no_extension(client: TestClient) -> None:
    with client.websocket_connect("/public-rpc") as socket:
        assert isinstance(ask(socket, "slotSubscribe"), int)
        assert ask(socket, "transactionSubscribe", {}, {})["code"] == -32601
