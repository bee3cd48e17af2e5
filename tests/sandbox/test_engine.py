"""The market is decided by its seed alone and neither makes nor loses a lamport or a token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from sandbox.addresses import WSOL, rent
from sandbox.engine import Engine
from sandbox.record import Record
from tests.sandbox.worlds import START_MS, run_world

ROOT = Path(__file__).parents[2]
Ran = tuple[Engine, list[Record]]


def truth(engine: Engine) -> list[tuple[str, dict[str, int], dict[str, dict[str, int]]]]:
    ledger = engine.world.ledger
    return [(key, ledger.totals(key), ledger.holdings(key)) for key in sorted(ledger.books)]


def test_same_seed_gives_same_signatures_and_truth_whatever_the_wall_says() -> None:
    one, first = run_world(5, 12)
    two, second = run_world(5, 12, START_MS + 86_400_000)
    assert [r.signature for r in first] == [r.signature for r in second]
    assert truth(one) == truth(two)
    assert [(r.slot, r.index) for r in first] == [(r.slot, r.index) for r in second]
    assert {b.time - a.time for a, b in zip(first, second, strict=True)} == {86_400}


def test_the_order_of_hashes_decides_nothing() -> None:
    code = (
        "from tests.sandbox.worlds import run_world;"
        "print(*[record.signature for record in run_world(5, 8)[1]])"
    )
    found = set()
    for number in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        )  # fmt: skip
        found.add(done.stdout)
    assert len(found) == 1


def test_another_seed_gives_another_market() -> None:
    _, first = run_world(5, 6)
    _, second = run_world(6, 6)
    assert not {r.signature for r in first} & {r.signature for r in second}


def test_every_transaction_conserves_lamports_but_for_its_fee(ran: Ran) -> None:
    assert len(ran[1]) > 500
    for record in ran[1]:
        assert sum(record.post) - sum(record.pre) == -record.fee, record.signature
        assert min(record.post) >= 0


def test_the_world_conserves_lamports_and_tokens(ran: Ran) -> None:
    bank = ran[0].world.bank
    assert sum(bank.lamports.values()) == bank.issued - bank.burned_fees
    assert bank.burned_fees == sum(record.fee for record in ran[1])
    held: dict[str, int] = defaultdict(int)
    for key, account in bank.tokens.items():
        assert account.amount >= 0
        held[account.mint] += account.amount
        if account.mint == WSOL:
            assert account.amount == bank.lamports[key] - rent(165)
    for mint in bank.mints.values():
        if mint.address != WSOL:
            assert held[mint.address] == mint.supply


def test_vaults_hold_what_the_venues_believe(ran: Ran) -> None:
    world = ran[0].world
    places = Counter(token.place for token in world.tokens.values())
    assert min(places["pumpfun"], places["pumpswap"], places["raydium"]) >= 10
    for token in world.tokens.values():
        venue = token.venue
        if token.place == "pumpfun":
            continue
        assert world.bank.tokens[venue.base_vault].amount == venue.base  # type: ignore[union-attr]
        assert world.bank.tokens[venue.quote_vault].amount == venue.quote  # type: ignore[union-attr]


def test_pace_and_order(ran: Ran) -> None:
    places = [(record.slot, record.index) for record in ran[1]]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    assert len({record.signature for record in ran[1]}) == len(places)


def test_live_pace_shows_a_named_trade_every_few_seconds() -> None:
    engine = Engine(run_world(5, 1)[0].world, START_MS, 0)
    named, count = 0, 0
    until = engine.world.now + 600_000
    while engine.world.now < until:
        for outcome in engine.step().outcomes:
            count += 1
            named += any(t.wallet in engine.world.named for t in outcome.trades)
    assert 450 < count < 900
    assert 600 / named < 8


def test_coins_graduate_and_the_market_stays_alive(ran: Ran) -> None:
    engine, records = ran
    migrations = [r for r in records if r.steps[-1].data == bytes.fromhex("9beae792ec9ea21e")]
    assert len(migrations) >= 1
    assert len(engine.market.alive()) >= 40
