"""A wallet that goes mad trades at the asked pace, in the truth like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sandbox.addresses import ata
from sandbox.chain import Chain
from sandbox.server import Server
from sandbox.truth import wallet_truth

NOW = 1_790_000_000.0


@pytest.fixture
def chain() -> Chain:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None, wall=lambda: NOW)
    chain.clock.pause()
    return chain


@pytest.fixture
def client(chain: Chain) -> Iterator[TestClient]:
    with TestClient(Server(chain, live=False).app) as client:
        yield client


def test_so_many_trades_in_so_many_seconds(client: TestClient, chain: Chain) -> None:
    wallet = chain.world.named[0]
    before = len(wallet_truth(chain, wallet)["trades"])
    order = {"address": wallet, "trades": 400, "seconds": 120}
    assert client.post("/truth/mad", json=order).json() == order
    client.post("/truth/advance", json={"seconds": 60})
    half = len(wallet_truth(chain, wallet)["trades"]) - before
    assert 180 < half < 220
    client.post("/truth/advance", json={"seconds": 70})
    assert chain.engine.frenzies == []
    truth = client.get(f"/truth/wallets/{wallet}").json()
    trades = truth["trades"][before:]
    assert 400 <= len(trades) < 420
    assert len({trade["signature"] for trade in trades}) >= 400
    assert min(Counter(trade["side"] for trade in trades).values()) > 120
    assert len({trade["mint"] for trade in trades}) >= 6
    for mint, held in truth["holdings"].items():
        token = chain.world.tokens.get(mint) or chain.world.graveyard[mint]
        account = chain.world.bank.tokens[ata(wallet, mint, token.program)]
        assert account.amount == held["raw"]
    rows = chain.store.rows("SELECT slot, place FROM tx ORDER BY id")
    assert rows == sorted(set(rows))


def test_a_poor_wallet_is_given_the_means(client: TestClient, chain: Chain) -> None:
    wallet = min(chain.world.wallets, key=lambda key: chain.world.bank.lamports[key])
    before = len(wallet_truth(chain, wallet)["trades"])
    client.post("/truth/mad", json={"address": wallet, "trades": 100, "seconds": 20})
    client.post("/truth/advance", json={"seconds": 30})
    assert len(wallet_truth(chain, wallet)["trades"]) - before >= 100


def test_it_goes_on_after_a_kill(tmp_path: Path) -> None:
    now = [NOW]
    first = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path, wall=lambda: now[0])
    wallet = first.world.named[1]
    now[0] += 5
    assert first.run_until(first.clock.now_ms(), 10)
    first.go_mad(wallet, 200, 60)
    now[0] += 20
    assert first.run_until(first.clock.now_ms(), 10)
    again = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path, wall=lambda: now[0])
    assert again.world.ledger.holdings(wallet) == first.world.ledger.holdings(wallet)
    assert again.engine.frenzies == first.engine.frenzies
    assert 0 < again.engine.frenzies[0].done < 200
    steps = [[again.engine.step() for _ in range(40)], [first.engine.step() for _ in range(40)]]
    made = [[o.record.signature for b in blocks for o in b.outcomes] for blocks in steps]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nobody", "trades": 1, "seconds": 1}, {"trades": 1, "seconds": 1}, [],
        {"address": 0, "trades": 0, "seconds": 1}, {"address": 0, "trades": 1.5, "seconds": 1},
        {"address": 0, "trades": 101, "seconds": 1}, {"address": 0, "trades": True, "seconds": 1},
        {"address": 0, "trades": 1, "seconds": -1}, {"address": 0, "trades": 1},
    ],
)  # fmt: skip
def test_orders_that_make_no_sense(client: TestClient, chain: Chain, wrong: object) -> None:
    if isinstance(wrong, dict) and wrong.get("address") == 0:
        wrong = {**wrong, "address": chain.world.named[0]}
    assert client.post("/truth/mad", json=wrong).status_code == 400
    assert chain.engine.frenzies == []
