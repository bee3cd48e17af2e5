"""More wallets and longer histories: what they add, and that the usual market stays as it was."""

from __future__ import annotations

import hashlib
import json
import pickle
import signal
from collections import Counter
from typing import Any

import httpx
import pytest

from sandbox.chain import Chain
from sandbox.engine import Block, Engine
from sandbox.record import Record
from sandbox.truth import exit_lamports, unrealised
from sandbox.venues import Curve
from sandbox.wallets import HABITS, USUAL_WALLETS
from sandbox.world import World
from tests.sandbox.test_program import answers, start
from tests.sandbox.wired import until
from tests.sandbox.worlds import run_world

Ran = tuple[Engine, list[Record]]
NOW = 1_790_000_000
# Signatures, places and truth of an hour of seed 5.
PINNED = "f4bda14a48615e98d526e89aed47b5565ee6e6f972c1aa12a647fe30f73bb89b"


@pytest.fixture(scope="module")
def crowded() -> Ran:
    return run_world(11, 600, wallets=300)


def kinds(engine: Engine) -> Counter[str]:
    return Counter(wallet.kind for wallet in engine.world.wallets.values())


def of_kind(engine: Engine, kind: str) -> list[str]:
    return [w.address for w in engine.world.wallets.values() if w.kind == kind]


def test_the_usual_market_of_a_seed_is_what_it_always_was() -> None:
    engine, records = run_world(5, 60)
    ledger = engine.world.ledger
    truth = [(key, ledger.totals(key), ledger.holdings(key)) for key in sorted(ledger.books)]
    told = json.dumps([[(r.signature, r.slot, r.index) for r in records], truth])
    assert len(engine.world.wallets) == USUAL_WALLETS == 126
    assert hashlib.sha256(told.encode()).hexdigest() == PINNED


def test_further_wallets_come_beside_the_usual_ones(crowded: Ran) -> None:
    engine, _ = crowded
    usual = World(11)
    assert list(engine.world.wallets)[:USUAL_WALLETS] == list(usual.wallets)
    assert kinds(engine).total() == 300
    assert min(kinds(engine)[kind] for kind in HABITS) >= 14
    assert engine.world.named == usual.named


def test_a_loser_has_lost_and_never_sold_for_a_gain(crowded: Ran) -> None:
    engine, _ = crowded
    realised = [engine.world.ledger.totals(who)["realised_lamports"]
                for who in of_kind(engine, "loser")]  # fmt: skip
    assert max(realised) <= 0
    assert sum(lamports < 0 for lamports in realised) > 10


def test_a_collector_is_given_to_and_signs_nothing(crowded: Ran) -> None:
    engine, records = crowded
    payers = {record.keys[0] for record in records}
    ledger = engine.world.ledger
    for who in of_kind(engine, "collector"):
        assert who not in payers
        assert set(ledger.totals(who).values()) == {0}
        lots = [lot for found in ledger.open_lots(who).values() for lot in found]
        assert lots
        assert {lot["cost_left_lamports"] for lot in lots} == {None}


def test_nibblers_leave_dust_and_trade_on_with_it(crowded: Ran) -> None:
    engine, _ = crowded
    lots = [found for who in of_kind(engine, "nibbler")
            for found in engine.world.ledger.open_lots(who).values()]  # fmt: skip
    free = [found for found in lots if found[0]["cost_left_lamports"] == 0]
    assert len(free) > 5
    assert any(len(found) > 1 for found in free)


def test_hoppers_swap_token_to_token() -> None:
    engine = Engine(World(11, 300), NOW * 1000, 0)
    blocks = [engine.step() for _ in range(900)]
    hops = Counter(
        outcome.trades[0].wallet
        for block in blocks for outcome in block.outcomes if len(outcome.trades) == 2
    )  # fmt: skip
    of_hoppers = sum(hops[who] for who in of_kind(engine, "hopper"))
    assert of_hoppers > 20
    assert of_hoppers > hops.total() / 2


def sides(blocks: list[Block]) -> list[tuple[Any, ...]]:
    return [(t.wallet, t.side, t.mint, t.raw, t.lamports, t.costs)
            for block in blocks for o in block.outcomes for t in o.trades]  # fmt: skip


def test_a_stretched_history_holds_the_same_trades_further_apart() -> None:
    plain, wide = (Engine(World(5), NOW * 1000, 3_600_000, stretch=n) for n in (1, 8))
    ours = [plain.step() for _ in range(200)]
    theirs = [wide.step() for _ in range(200)]
    assert sides(ours) == sides(theirs)
    assert len(sides(ours)) > 100
    assert [b.time - NOW for b in theirs] == pytest.approx(
        [8 * (b.time - NOW) for b in ours], abs=8
    )
    for moment in (0, 1_234, 3_600_000, 3_600_001, 99_999_999):
        assert wide.market_ms(wide.sim_ms(moment)) == moment
    assert wide.sim_ms(3_700_000) - wide.sim_ms(3_600_000) == 100_000


def test_after_a_stretched_history_the_market_lives_at_its_usual_pace() -> None:
    chain = Chain(seed=5, speed=1, hours=4, folder=None, wall=lambda: float(NOW), stretch=8)
    times = [time for (time,) in chain.store.rows("SELECT time FROM tx ORDER BY id")]
    assert NOW - 14_400 <= times[0] < NOW - 14_000
    assert NOW - 600 < times[-1] <= NOW
    assert len(times) == pytest.approx(4 / 8 * 480, rel=0.25)
    wallet = chain.world.crowd[0]
    chain.go_mad(wallet, 50, 60)
    assert chain.run_until((NOW + 62) * 1000, 60)
    rows = chain.store.rows("SELECT count(*) FROM trade WHERE wallet = ? AND slot > ?",
                            (wallet, chain.engine.slot_at(NOW * 1000)))  # fmt: skip
    assert rows[0][0] >= 50
    later = chain.store.rows("SELECT count(*) FROM tx WHERE time >= ?", (NOW,))[0][0] - 50
    assert 30 < later < 160


def test_unrealised_is_what_selling_everything_then_realises() -> None:
    """But for the costs of that sale, which nobody knows beforehand."""
    engine, _ = run_world(11, 90)
    world = engine.world
    checked = 0
    for who, wallet in world.wallets.items():
        for mint, told in unrealised(world, who).items():
            token, before = world.tokens.get(mint), world.ledger.totals(who)
            if token is None or told is None:
                continue
            raw = world.ledger.holdings(who)[mint]["raw"]
            foreseen = unrealised(world, who)[mint]
            sold = engine.market.desk.sell(wallet, token, raw, fails=False)
            if sold is None:
                continue
            after = world.ledger.totals(who)
            (trade,) = sold.trades
            assert trade.lamports == foreseen["exit_lamports"]
            if foreseen["unknown_lamports"]:
                continue
            realised = after["realised_lamports"] - before["realised_lamports"]
            assert realised == foreseen["unrealised_lamports"] - trade.costs
            checked += 1
    assert checked > 50


def test_the_share_of_units_without_a_cost_stands_apart() -> None:
    world = run_world(11, 5)[0].world
    token = next(t for t in world.tokens.values() if not isinstance(t.venue, Curve))
    world.ledger.receive("w", token.mint, 1_000_001)
    world.ledger.receive("v", token.mint, 2_000_000)
    worth = exit_lamports(world, token.mint, 1_000_001)
    assert worth is not None
    assert worth == token.venue.sell(1_000_001).received
    assert unrealised(world, "w") == {
        token.mint: {"exit_lamports": worth, "unknown_lamports": worth, "unrealised_lamports": 0}
    }


def test_nothing_can_be_sold_into_a_curve_that_is_complete() -> None:
    world = run_world(11, 5)[0].world
    mint, curve = next(
        (t.mint, t.venue) for t in world.tokens.values() if isinstance(t.venue, Curve)
    )
    world.ledger.receive("w", mint, 1_000)
    assert unrealised(world, "w")[mint] is not None
    curve.complete = True
    assert unrealised(world, "w") == {mint: None}


def test_a_world_kept_before_all_this_wakes_and_goes_on() -> None:
    today = pickle.dumps(run_world(5, 30)[0])
    engine: Engine = pickle.loads(today)
    for part, name in ((engine, "stretch"), (engine.world, "habitual"),
                       (engine.world.ledger, "peaks")):  # fmt: skip
        part.__dict__.pop(name)
    old: Engine = pickle.loads(pickle.dumps(engine))
    new: Engine = pickle.loads(today)
    assert sides([old.step() for _ in range(100)]) == sides([new.step() for _ in range(100)])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--wallets", "125"), "wallets must be from 126 to 20000"),
        (("--hours", "241"), "hours must be from 0 to 240 times the stretch"),
        (("--hours", "1", "--stretch", "0"), "the stretch of at least 1"),
        (("--coins", "2001"), "coins must be from 0 to 2000"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(options: tuple[str, ...], reason: str) -> None:
    program, _ = start(*options)
    assert reason in program.communicate(timeout=60)[1]
    assert program.returncode == 2


def test_the_program_takes_both_sizes() -> None:
    sizes = ("--wallets", "150", "--hours", "3", "--stretch", "8", "--coins", "0")
    program, url = start(*sizes, "--speed", "0.01")
    until(lambda: answers(url), 60)
    wallets = httpx.get(url + "/truth/wallets").json()
    assert len(wallets) == 150
    active = max(wallets, key=lambda wallet: wallet["trades"])["address"]
    told = httpx.get(f"{url}/truth/wallets/{active}").json()
    times = httpx.get(url + "/clock").json()
    assert 0 < httpx.get(url + "/health").json()["transactions"] < 3 * 480 / 4
    assert times["sim"] - times["real"] < 60
    assert set(told["lots"]) == set(told["unrealised"]) == set(told["holdings"])
    program.send_signal(signal.SIGTERM)
    assert program.communicate(timeout=20)[1] == ""
