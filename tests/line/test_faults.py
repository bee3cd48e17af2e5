"""An hour of market at speed with every fault on, then one sweep: nothing lost, nothing twice.

LINE_MINUTES sets how long a market (60 by default) and LINE_FAULT_SPEED how fast (30).
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line.conftest import House, each_trade_once, same_to_the_lamport
from tests.line.test_survival import SWEEP

MINUTES = float(os.environ.get("LINE_MINUTES", "60"))
SPEED = float(os.environ.get("LINE_FAULT_SPEED", "30"))
# A transaction vanishes for so long, in slots, that its absence is believed and it is voided.
VANISH = [round(45 * SPEED / 0.27), round(90 * SPEED / 0.27)]
# How long a node's silence is no verdict (wall), with room for the loop's turns.
SILENCE = 45.0
MAD = 10_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation that runs the market at speed."""
    running = House(tmp_path / "state", speed=SPEED)
    yield running
    running.stop()
    assert running.process.returncode == 0


@pytest.mark.slow
def test_an_hour_of_faults_and_one_sweep_lose_nothing(house: House) -> None:
    seconds = MINUTES * 60 / SPEED
    mad = house.rows("SELECT address FROM wallets_wallet ORDER BY id")[0][0]
    _set(house, "/faults", {"all": True, "ranges": {"vanish_slots": VANISH}})
    frenzy = {"address": mad, "trades": round(MAD * MINUTES / 60), "seconds": 60 * MINUTES}
    _set(house, "/truth/mad", frenzy)
    time.sleep(seconds * 0.5)
    _set(house, "/faults", {"credits": 0})
    time.sleep(seconds * 0.1)
    _set(house, "/faults", {"credits": None})
    time.sleep(seconds * 0.4)
    happened = house.ask("/faults")["happened"]
    _set(house, "/faults", {"off": True})
    time.sleep(SILENCE)
    house.ask("/truth/pause")
    began = time.monotonic()
    house.shell(SWEEP)
    swept = time.monotonic() - began
    _await_quiet(house)
    print(f"swept in {swept:.0f} s, quiet after {time.monotonic() - began:.0f} s")
    truth = house.truth()
    each_trade_once(house, truth)
    same_to_the_lamport(house, truth)
    _faults_were_met(house, happened)
    states = house.rows("SELECT status, count(*) FROM wallets_rawtransaction GROUP BY 1")
    print(f"{sum(len(t['trades']) for t in truth.values())} trades, {states}, {happened}")


def _set(house: House, path: str, what: object) -> None:
    house.ask(path, json.dumps(what).encode())


def _await_quiet(house: House) -> None:
    """Wait until nothing lies about: no delivery, no missing transaction, no slot without order."""
    for query in (
        "SELECT count(*) FROM wallets_delivery WHERE state = 'waiting'",
        "SELECT count(*) FROM wallets_rawtransaction WHERE status = 'provisional'"
        " AND missing_since IS NOT NULL",
        "SELECT count(*) FROM (SELECT slot FROM wallets_rawtransaction GROUP BY slot HAVING"
        " count(*) > greatest(1, count(tx_index)) OR count(*) > count(block_time)) AS unplaced",
    ):
        house.until(lambda query=query: house.rows(query) == [(0,)], 180)  # type: ignore[misc]


def _faults_were_met(house: House, happened: dict[str, int]) -> None:
    """The test is worth nothing if nothing went wrong."""
    assert sum(happened.values()) > 100, happened
    assert house.rows("SELECT count(*) > 0 FROM wallets_quarantinedpayload") == [(True,)]
    assert house.rows("SELECT count(*) > 0 FROM wallets_rawtransaction WHERE status = 'void'") == [
        (True,)
    ]
