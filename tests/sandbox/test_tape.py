"""The tape counts what the store keeps, window by window, and goes on after a kill."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from sandbox.chain import Chain
from sandbox.tape import CUT, WINDOWS, Reel, Trade

NOW = 1_790_000_000


@pytest.fixture(scope="module")
def chain() -> Chain:
    chain = Chain(seed=11, speed=1, hours=2, folder=None, wall=lambda: float(NOW), coins=40)
    chain.clock.pause()
    return chain


@pytest.mark.parametrize("later", [0, 200, 1_200])
def test_windows_hold_what_the_store_has(chain: Chain, later: int) -> None:
    now = NOW + later
    if later:
        chain.run_until(now * 1000, 60)
    busiest = chain.store.rows(
        "SELECT mint FROM swap GROUP BY mint ORDER BY count(*) DESC, mint LIMIT 12"
    )
    for (mint,) in busiest:
        reel = chain.tape.read(mint, now)
        for name, seconds in WINDOWS.items():
            rows = chain.store.rows(
                "SELECT is_buy, lamports, trader, time FROM swap WHERE mint = ? AND time > ?",
                (mint, now - seconds),
            )
            window = reel.windows[name]
            for side, bought in ((window.buys, 1), (window.sells, 0)):
                mine = [row for row in rows if row[0] == bought]
                assert side.count == len(mine)
                assert side.traders == Counter(row[2] for row in mine)
                usd = sum(row[1] / 1e9 * chain.tape.dollars(row[3]) for row in mine)
                assert side.usd == pytest.approx(usd)
            first = chain.store.rows(
                "SELECT price_lamports, price_raw FROM swap WHERE mint = ? AND time <= ? "
                "ORDER BY rowid DESC LIMIT 1", (mint, now - seconds),
            )  # fmt: skip
            if first and rows:
                start = first[0][0] / first[0][1]
                assert reel.change(name, start * 1.5) == pytest.approx(0.5)


def test_nobody_traded_is_no_change() -> None:
    reel = Reel(set())
    assert reel.change("5m", 1.0) is None
    reel.add(Trade(100, True, 1.0, 2.0, "w"))
    assert reel.change("5m", 3.0) == 0.5
    reel.advance(100 + 300)
    assert reel.change("5m", 3.0) is None
    assert reel.windows["1h"].buys.count == 1


def test_machines_are_not_organic_and_both_sides_are_told_apart() -> None:
    reel = Reel({"bot"})
    for number, (is_buy, trader) in enumerate(
        [(True, "a"), (True, "bot"), (False, "a"), (True, "b"), (True, "b")]
    ):
        reel.add(Trade(100 + number, is_buy, 10.0, 1.0, trader))
    hour = reel.windows["1h"]
    assert (hour.buys.usd, hour.buys.organic_usd, hour.sells.organic_usd) == (40, 30, 10)
    assert (len(hour.buys.traders), hour.net_buyers, hour.count) == (3, 2, 5)
    reel.advance(101 + 3_600)
    assert (hour.buys.usd, hour.buys.organic_usd) == (20, 20)
    assert hour.buys.traders == {"b": 2}


def test_a_tape_nobody_reads_does_not_grow_for_ever() -> None:
    reel = Reel(set())
    for number in range(20 * CUT):
        reel.add(Trade(number * 600, True, 1.0, 1.0, "w"))
    assert len(reel.trades) < 5 * CUT


def test_holders_are_those_of_the_accounts(chain: Chain) -> None:
    held = Counter(account.mint for account in chain.world.bank.tokens.values() if account.amount)
    assert {mint: count for mint, count in chain.tape.holders.items() if count} == held


def test_holder_changes_are_known_from_the_beginning_of_the_tape_on(chain: Chain) -> None:
    now = chain.clock.now_ms() // 1000
    quarter = chain.world.quarter
    assert quarter is not None
    old = [mint for mint, stall in quarter.stalls.items() if stall.closes is None]
    grown = [chain.tape.holder_change(mint, 3_600, now) for mint in old]
    assert None not in grown
    assert sum(change != 0 for change in grown) > 10
    assert {chain.tape.holder_change(mint, 86_400, now) for mint in quarter.coins} == {None}


def test_a_killed_bazaar_goes_on_where_it_was(tmp_path: Path) -> None:
    now = [float(NOW)]
    first = Chain(seed=3, speed=1, hours=0.5, folder=tmp_path / "a", wall=lambda: now[0], coins=30)
    assert first.plant("whale_confluence", rises=True)
    now[0] += 400
    assert first.run_until(first.clock.now_ms(), 60)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    second = Chain(seed=9, speed=1, hours=1, folder=tmp_path / "b", wall=lambda: now[0])
    assert second.world.quarter is not None
    assert first.world.quarter is not None
    told = [[plot.shown() for plot in quarter.plots]
            for quarter in (first.world.quarter, second.world.quarter)]  # fmt: skip
    assert told[0] == told[1]
    assert "whale_confluence" in {event["kind"] for event in told[0]}
    at = int(now[0])
    for mint in first.tape.reels:
        ours, theirs = (one.tape.read(mint, at) for one in (first, second))
        for name in WINDOWS:
            mine, other = ours.windows[name], theirs.windows[name]
            assert mine.buys.traders == other.buys.traders
            assert mine.usd == pytest.approx(other.usd)
        assert second.tape.holder_change(mint, 300, at) is None, "it was not there to count"
    steps = [[one.engine.step() for _ in range(60)] for one in (first, second)]
    made = [[o.record.signature for block in blocks for o in block.outcomes] for blocks in steps]
    assert made[0] == made[1]
