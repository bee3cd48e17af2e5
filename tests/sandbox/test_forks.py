"""Transactions that never become final, and final ones that vanish for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.chain import Chain
from sandbox.engine import SLOT_MS
from sandbox.server import Server

NOW = 1_790_000_000.0
GTFA = "getTransactionsForAddress"
WHOLE = {"searchTransactionHistory": True}


class Site:
    """A world that stands still, asked over its application."""

    def __init__(self, client: TestClient, chain: Chain) -> None:
        self.client, self.chain = client, chain

    def faults(self, **body: object) -> Any:
        answer = self.client.post("/faults", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, seconds: float) -> None:
        assert self.client.post("/truth/advance", json={"seconds": seconds}).status_code == 200

    def pass_slots(self, slots: int) -> None:
        """Let time pass without anything happening in the market."""
        self.chain.clock.set(self.chain.clock.now_ms() + slots * SLOT_MS)

    def rpc(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.client.post("/rpc/?api-key=sandbox-key", json=body).json()["result"]

    def seen(self, signature: str, wallet: str, commitment: str = "confirmed") -> dict[str, bool]:
        """Say in which answers a transaction is to be found."""
        config = {"commitment": commitment, "maxSupportedTransactionVersion": 1}
        slot = self.rpc("getTransaction", signature, config)
        full = self.rpc(GTFA, wallet, {**config, "transactionDetails": "full", "limit": 1000})
        lines = self.rpc(GTFA, wallet, {**config, "filters": {"tokenAccounts": "all"}})
        plain = self.rpc("getSignaturesForAddress", wallet, config)
        return {
            "getTransaction": slot is not None,
            "full": signature in {r["transaction"]["signatures"][0] for r in full["data"]},
            "signatures": signature in {row["signature"] for row in lines["data"]},
            "plain": signature in {row["signature"] for row in plain},
        }

    def status(self, signature: str) -> Any:
        found = self.rpc("getSignatureStatuses", [signature], WHOLE)["value"][0]
        return None if found is None else found["confirmationStatus"]

    def slot_holds(self, slot: int, signature: str) -> bool:
        config = {"commitment": "confirmed", "transactionDetails": "signatures"}
        return signature in self.rpc("getBlock", slot, config)["signatures"]


EVERYWHERE = dict.fromkeys(("getTransaction", "full", "signatures", "plain"), True)
NOWHERE = dict.fromkeys(EVERYWHERE, False)


@pytest.fixture
def site() -> Iterator[Site]:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None, wall=lambda: NOW)
    chain.clock.pause()
    with TestClient(Server(chain, live=False).app) as client:
        site = Site(client, chain)
        # The last pause of history is a long one.
        site.advance(60)
        yield site


def test_a_phantom_is_confirmed_and_then_was_never_there(site: Site) -> None:
    site.faults(chain={"phantom": 1})
    site.advance(6)
    phantoms = site.client.get("/truth/forks").json()["phantoms"]
    assert len(phantoms) == site.client.get("/faults").json()["happened"]["chain.phantom"] > 3
    for one in phantoms:
        signature, wallet, slot = one["signature"], one["wallet"], one["slot"]
        assert site.chain.tip() < one["until"] == slot + 32
        assert site.seen(signature, wallet) == EVERYWHERE
        assert site.seen(signature, wallet, "finalized") == NOWHERE
        assert site.status(signature) == "confirmed"
        assert site.slot_holds(slot, signature)
        trades = site.client.get(f"/truth/wallets/{wallet}").json()["trades"]
        assert signature not in {trade["signature"] for trade in trades}
    site.pass_slots(31 - (site.chain.tip() - phantoms[-1]["slot"]))
    assert site.status(phantoms[-1]["signature"]) == "confirmed"
    site.pass_slots(1)
    for one in phantoms:
        for commitment in ("confirmed", "finalized"):
            assert site.seen(one["signature"], one["wallet"], commitment) == NOWHERE
        assert site.status(one["signature"]) is None
        assert not site.slot_holds(one["slot"], one["signature"])
    # A cursor that stands on it finds nothing before it.
    gone = phantoms[0]
    config = {"commitment": "confirmed", "before": gone["signature"]}
    assert site.rpc("getSignaturesForAddress", gone["wallet"], config) == []


def test_phantoms_of_watched_wallets_are_pushed(site: Site) -> None:
    wallet = site.chain.world.named[3]
    body = {"webhookURL": "http://127.0.0.1:9/x", "accountAddresses": [wallet]}
    site.client.post("/v0/webhooks?api-key=sandbox-key", json=body)
    with site.client.websocket_connect("/ws/?api-key=sandbox-key") as socket:
        params: list[object] = [{"accountInclude": [wallet]}, {"maxSupportedTransactionVersion": 1}]
        ask = {"jsonrpc": "2.0", "id": 1, "method": "transactionSubscribe", "params": params}
        socket.send_json(ask)
        assert socket.receive_json()["id"] == 1
        site.faults(chain={"phantom": 1})
        site.advance(6)
        phantoms = site.client.get("/truth/forks").json()["phantoms"]
        assert {one["wallet"] for one in phantoms} == {wallet}
        wanted = {one["signature"] for one in phantoms}
        heard: set[str] = set()
        while not wanted <= heard:
            heard.add(socket.receive_json()["params"]["result"]["signature"])


def test_a_vanishing_transaction_is_final_after_all(site: Site) -> None:
    site.faults(chain={"vanishing": 1}, ranges={"vanish_slots": [100, 100]})
    site.advance(6)
    site.faults(chain={"vanishing": 0})
    vanishing = site.client.get("/truth/forks").json()["vanishing"]
    assert len(vanishing) > 3
    for one in vanishing:
        assert (one["since"] - one["slot"], one["until"] - one["slot"]) == (32, 100)
    last = vanishing[-1]
    record = site.chain.store.record(last["signature"])
    assert record is not None
    payer = record.keys[0]
    shown = site.rpc("getTransaction", last["signature"],
                     {"commitment": "confirmed", "maxSupportedTransactionVersion": 1})  # fmt: skip
    assert site.seen(last["signature"], payer) == EVERYWHERE
    assert site.status(last["signature"]) == "confirmed"
    site.pass_slots(32 - (site.chain.tip() - last["slot"]))
    assert site.seen(last["signature"], payer) == NOWHERE
    assert site.status(last["signature"]) is None
    site.pass_slots(67)
    assert site.seen(last["signature"], payer) == NOWHERE
    site.pass_slots(1)
    assert site.seen(last["signature"], payer, "finalized") == EVERYWHERE
    assert site.status(last["signature"]) == "finalized"
    again = {"maxSupportedTransactionVersion": 1}
    assert site.rpc("getTransaction", last["signature"], again) == shown


def test_rate_zero_makes_none(site: Site) -> None:
    site.faults(chain={"phantom": 0, "vanishing": 0})
    site.advance(30)
    assert site.client.get("/truth/forks").json() == {"phantoms": [], "vanishing": []}
    assert site.chain.store.rows("SELECT count(*) FROM hidden") == [(0,)]


def test_off_ends_every_disagreement(site: Site) -> None:
    site.faults(chain={"phantom": 1, "vanishing": 1})
    site.advance(30)
    made = site.client.get("/truth/forks").json()
    site.faults(off=True)
    for one in made["phantoms"]:
        assert site.seen(one["signature"], one["wallet"]) == NOWHERE
    assert None not in {site.status(one["signature"]) for one in made["vanishing"]}
    assert site.chain.store.rows("SELECT count(*) FROM hidden") == [(0,)]


def test_no_phantom_survives_a_restart(tmp_path: Path) -> None:
    now = [NOW]
    chain = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path, wall=lambda: now[0])
    chain.faults.update({"chain": {"phantom": 1, "vanishing": 1}})
    now[0] += 20
    assert chain.run_until(chain.clock.now_ms(), 10)
    phantoms = {one.signature for one in chain.forks.phantoms}
    kept = {row[0] for row in chain.store.rows("SELECT signature FROM tx")}
    assert phantoms
    assert phantoms < kept
    again = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path, wall=lambda: now[0])
    assert {row[0] for row in again.store.rows("SELECT signature FROM tx")} == kept - phantoms
    orphans = "SELECT count(*) FROM touch WHERE tx NOT IN (SELECT id FROM tx)"
    assert again.store.rows(orphans) == [(0,)]


def truth_of(chain: Chain, seconds: int, faults: dict[str, object]) -> dict[str, bytes]:
    """Run a world for so long and give all that is true of it, byte by byte."""
    with TestClient(Server(chain, live=False).app) as client:
        hook = {"webhookURL": "http://127.0.0.1:9/x", "accountAddresses": chain.world.named}
        client.post("/v0/webhooks?api-key=sandbox-key", json=hook)
        assert client.post("/faults", json=faults).status_code == 200
        for _ in range(seconds // 60):
            client.post("/truth/advance", json={"seconds": 60})
        paths = ["/truth/wallets", *(f"/truth/wallets/{key}" for key in chain.world.wallets)]
        found = {path: client.get(path).content for path in paths}
        rows = chain.store.rows(
            "SELECT slot, place, signature, body FROM tx WHERE id NOT IN "
            "(SELECT tx FROM hidden WHERE until > 1e18) ORDER BY slot, place"
        )
        found["transactions"] = repr(rows).encode()
        found["market"] = repr(chain.store.rows("SELECT * FROM swap ORDER BY rowid")).encode()
        found["bank"] = json.dumps(chain.world.bank.lamports).encode()
        return found


def test_the_market_of_a_seed_is_the_same_with_all_faults_and_with_none() -> None:
    worlds = []
    rates = {"phantom": 1, "vanishing": 1}
    for faults in ({"off": True}, {"all": True, "chain": rates}):
        chain = Chain(seed=11, speed=1, hours=0.3, folder=None, wall=lambda: NOW)
        chain.clock.pause()
        worlds.append((chain, truth_of(chain, 180, faults)))
    (plain, true), (disturbed, same) = worlds
    assert true == same
    assert not plain.forks.phantoms
    assert len(disturbed.forks.phantoms) > 50
    assert len(disturbed.forks.vanished) > 50
