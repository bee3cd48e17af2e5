"""`kill -9` of every part while trades come in: afterwards the state is as if it never happened."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence

import psycopg
import pytest

from stack import postgres, proc
from tests.line.conftest import ROOT, House, each_trade_once, nothing_put_aside, same_to_the_lamport

SPEED = float(os.environ.get("LINE_SPEED", "20"))
# The sandbox is the world outside and lives on.
PARTS = (*("web", "worker", "watcher", "postgres", "postgres-keeper", "valkey", "valkey-keeper"),)
NEEDED = ("database", "redis", "queue", "watcher", "inbox")
CALM = "calm"
ERRANDS = 20

# Tasks as the queue keeps them, made beforehand: putting one there must need nothing but SQL.
MAKE_ERRANDS = f"""
import json
from django.db import transaction
from django_q.models import OrmQ
from aura.core.queue import enqueue
made = []
with transaction.atomic():
    for _ in range({ERRANDS}):
        task = enqueue("time.time")
        row = OrmQ.objects.latest("pk")
        made.append([task, row.payload])
    transaction.set_rollback(True)
print(json.dumps(made))
"""
SWEEP = """
import time
from wallets.models import Wallet
from wallets.tasks import sweep_all, sweep_due
sweep_all()
while Wallet.objects.filter(sweep_due_at__isnull=False).exists():
    time.sleep(1)
    sweep_due()
print("swept")
"""
PLACE = """
from wallets.loops import PlaceKeeper
keeper = PlaceKeeper()
while keeper.ask():
    continue
print("placed")
"""
HASH = "from wallets.actions import state_hash; print(state_hash())"
LINES = """
import json
from wallets.actions.rebuild import _COMPARED, _lines
print(json.dumps([f"{m.__name__} {line}" for m, fields in _COMPARED for line in _lines(m, fields)]))
"""


class Patient:
    """The installation under the knife, and how long it took to be well again."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.errands = json.loads(house.shell(MAKE_ERRANDS))

    def kill(self, names: Sequence[str]) -> None:
        """Kill these parts at one moment and wait until others do their work."""
        before = self.house.pids()
        began, moment = time.monotonic(), time.time()
        for name in names:
            os.kill(before[name], signal.SIGKILL)
        self.house.until(lambda: self._replaced(names, before) and self._is_healthy(), 120)
        healthy = time.monotonic() - began
        self.await_work(moment)
        works = time.monotonic() - began
        print(f"{' '.join(names)}: healthy after {healthy:.1f} s, at work after {works:.1f} s")

    def _replaced(self, names: Sequence[str], before: dict[str, int]) -> bool:
        try:
            now = self.house.pids()
        except OSError:
            return False
        return all(now.get(name, before[name]) != before[name] for name in names)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.house.url}/health", timeout=5) as answer:
                said = json.load(answer)
        except OSError:
            return False
        return all(said[part]["ok"] for part in NEEDED)

    def await_work(self, moment: float) -> None:
        """Wait until the queue does an errand, and transactions come in that are new by then."""
        task, payload = self.errands.pop()
        with psycopg.connect(postgres.url(self.house.state)) as connection:
            connection.execute(
                "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('aura', %s, now())",
                [payload],
            )
        done = f"SELECT count(*) FROM django_q_task WHERE id = '{task}' AND success"
        self.house.until(lambda: self.house.rows(done) == [(1,)], 60)
        new = (
            "SELECT count(*) > 0 FROM wallets_trade t"
            " JOIN wallets_rawtransaction r ON r.id = t.transaction_id"
            f" WHERE r.received_at > to_timestamp({moment})"
        )
        self.house.until(lambda: self.house.rows(new) == [(True,)], 60)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """An installation with live traffic, shared by the tests here."""
    house = House(tmp_path_factory.mktemp("survival") / "state", speed=SPEED)
    try:
        yield Patient(house)
    finally:
        house.stop()
    house.until(lambda: house.processes() == [], 20)
    assert "deadlock detected" not in (house.state / "log" / "postgres.log").read_text()


def _settle(house: House) -> None:
    """Stop the market, sweep once, and let the loops finish what lies there."""
    house.ask("/truth/pause")
    house.shell(SWEEP)
    waiting = "SELECT count(*) FROM wallets_delivery WHERE state = 'waiting'"
    house.until(lambda: house.rows(waiting) == [(0,)], 120)
    placeless = (
        "SELECT count(*) FROM (SELECT FROM wallets_rawtransaction GROUP BY slot HAVING"
        " count(*) > greatest(1, count(tx_index)) OR count(*) > count(block_time)) AS unplaced"
    )
    house.until(lambda: house.rows(placeless) == [(0,)], 120)


def _calm_hash(house: House) -> str:
    """Return the state's hash of an installation that read the same market undisturbed."""
    url = postgres.url(house.state, "template1")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {CALM} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {CALM}")
    house.manage("prepare", database=CALM)
    house.shell(SWEEP + PLACE, database=CALM)
    return house.shell(HASH, database=CALM)


def _confirm_nothing_lost(house: House) -> None:
    _settle(house)
    truth = house.truth()
    each_trade_once(house, truth)
    nothing_put_aside(house)
    same_to_the_lamport(house, truth)
    calm = _calm_hash(house)
    assert house.shell(HASH) == calm, _difference(house)
    trades = sum(len(of["trades"]) for of in truth.values())
    print(f"{trades} trades of {len(truth)} wallets, state {calm[:12]} as of an undisturbed one")
    house.ask("/truth/resume")


def _difference(house: House) -> str:
    ours = set(json.loads(house.shell(LINES)))
    theirs = set(json.loads(house.shell(LINES, database=CALM)))
    only_ours, only_theirs = sorted(ours - theirs), sorted(theirs - ours)
    told = [f"{len(only_ours)} rows only here:", *only_ours[:5]]
    return "\n".join([*told, f"{len(only_theirs)} rows only undisturbed:", *only_theirs[:5]])


@pytest.mark.slow
def test_a_second_watcher_takes_the_lead_of_one_that_is_killed(patient: Patient) -> None:
    house = patient.house
    log = house.state.with_name("second.log")
    command = [sys.executable, "-P", str(ROOT / "stack" / "__main__.py"), "manage", "watcher"]
    with log.open("wb") as stream:
        second = subprocess.Popen(command, env=house.env, stdout=stream, stderr=stream)
    try:
        house.until(lambda: "manage.py watcher" in proc.command_line(second.pid), 30)
        waits = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%'"
        )
        house.until(lambda: house.rows(waits) == [(1,)], 30)
        began, moment = time.monotonic(), time.time()
        os.kill(house.pids()["watcher"], signal.SIGKILL)
        house.until(lambda: "leading" in log.read_text(), 10)
        print(f"the second leads after {time.monotonic() - began:.1f} s")
        patient.await_work(moment)
    finally:
        second.terminate()
        second.wait(30)


@pytest.mark.slow
def test_kills_in_turn_and_at_once_leave_the_state_of_an_undisturbed_run(
    patient: Patient,
) -> None:
    for part in PARTS:
        patient.kill([part])
    patient.kill(PARTS)
    _confirm_nothing_lost(patient.house)


@pytest.mark.slow
def test_everything_killed_with_its_supervisor_starts_again_where_it_was(
    patient: Patient,
) -> None:
    house = patient.house
    patient.await_work(time.time())
    doomed = house.pids()
    for pid in (house.process.pid, *doomed.values()):
        os.kill(pid, signal.SIGKILL)
    house.process.wait()
    began, moment = time.monotonic(), time.time()
    house.start()
    print(f"up again after {time.monotonic() - began:.1f} s")
    patient.await_work(moment)
    _confirm_nothing_lost(house)
