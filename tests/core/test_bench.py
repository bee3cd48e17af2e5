"""The benches run small and tell what they promise; how long anything took is not tested."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from aura.management.bench import idle, machine
from aura.management.bench.node import Node
from aura.management.bench.payloads import templates
from aura.management.bench.report import Report, percentile
from aura.management.bench.scratch import redis_address
from aura.management.bench.sockets import PageSocket
from aura.models import Fact
from tests.payloads.trades import BUY, curve_buy, curve_event
from wallets.actions import record_transactions, track_wallet
from wallets.domain.parse import parse
from wallets.models import Delivery, RawTransaction, Wallet

PAYLOADS = [BUY.json(), curve_buy(curve_event()).json()]


def bench(tmp_path: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    """Run a bench once; return what it printed here and its JSON."""
    out, file = StringIO(), tmp_path / "figures.json"
    call_command("bench", *arguments, "--runs", "1", "--json", str(file), stdout=out)
    return out.getvalue(), json.loads(file.read_text())


def sane(measure: dict[str, Any], *figures: str) -> None:
    """Each figure is there, with one run's value above 0."""
    for name in figures:
        figure = measure[name]
        assert set(figure) == {"unit", "median", "min", "max", "runs"}, name
        assert figure["runs"] == [figure["median"]] == [figure["min"]] == [figure["max"]]
        assert figure["median"] > 0, name


@pytest.fixture
def kept(db: None) -> None:
    """Two trades this installation has kept."""
    track_wallet(BUY.signers[0], sweep=False)
    assert record_transactions(PAYLOADS, source="test").new == 2


def test_decode_tells_rate_wall_and_cpu_of_each_step(kept: None, tmp_path: Path) -> None:
    small = ("--passes", "1", "--from-database", "--data", str(tmp_path), "--profile")
    printed, told = bench(tmp_path, "decode", *small)
    assert (told["bench"], told["machine"]["cores"]) == ("decode", os.cpu_count())
    assert told["options"]["runs"] == 1
    for step in ("read JSON", "parse", "decode", "parse and decode"):
        sane(told["measures"][f"kept: {step}"], "a core", "wall", "CPU")
    venues = told["measures"]["kept: CPU by first venue"]
    assert set(venues) == {"Raydium AMM v4 (1)", "pump.fun (1)"}
    assert told["notes"] == [
        "no recorded transactions: name their folder by --data or AURA_DATA",
        "kept: 2 transactions",
    ]
    assert "kept: parse and decode\n" in printed
    assert "Ordered by: cumulative time" in printed


@pytest.mark.recorded
def test_decode_reads_the_folder_of_recorded_data(db: None, tmp_path: Path, recorded: Path) -> None:
    _, told = bench(tmp_path, "decode", "--passes", "1", "--data", str(recorded))
    sane(told["measures"]["recorded: parse and decode"], "a core")
    assert told["notes"] == ["recorded: 107 transactions"]


@pytest.mark.django_db
def test_without_transactions_and_with_senseless_sizes_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="start bin/run in the sandbox world, or give --data"):
        bench(tmp_path, "decode", "--data", str(tmp_path))
    with pytest.raises(CommandError, match="0 is no number from 1 on"):
        call_command("bench", "live", "--sockets", "0")
    with pytest.raises(CommandError, match="nan is no number above 0"):
        call_command("bench", "ingest", "--rate", "nan")


@pytest.fixture
def untouched(kept: None) -> Iterator[None]:
    """Nothing of the installation changes, and no scratch database stays."""

    def rows() -> list[int]:
        return [
            model._default_manager.count() for model in (Fact, Wallet, Delivery, RawTransaction)
        ]

    before = rows()
    yield
    assert rows() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'aura_bench%'")
        assert cursor.fetchall() == []


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_ingest_tells_of_recording_the_inbox_and_the_answers(tmp_path: Path) -> None:
    small = ("--transactions", "6", "--rate", "10", "--seconds", "1", "--from-database")
    _, told = bench(tmp_path, "ingest", *small, "--data", str(tmp_path))
    for size in (1, 20, 100):
        sane(told["measures"][f"record by {size}"], "queries", "rate", "wall", "CPU")
    sane(told["measures"]["inbox: keep a delivery"], "rate", "wall", "CPU", "size")
    sane(told["measures"]["inbox: record what waits"], "rate", "wall", "CPU")
    answers = told["measures"]["acknowledge at 10/s"]
    sane(answers, "answered p50", "answered p90", "answered p99", "rate", "connections")
    assert answers["not answered 200"]["runs"] == [0]
    assert set(answers) >= {"over a second", "sent late", "CPU of web", "recorded meanwhile"}


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_live_delivers_every_row_to_every_page(tmp_path: Path) -> None:
    small = ("--trades", "4", "--sockets", "3", "--from-database", "--data", str(tmp_path))
    _, told = bench(tmp_path, "live", *small)
    one, three = told["measures"]["1 page at 5 trades/s"], told["measures"]["3 pages at 5 trades/s"]
    for measure in (one, three):
        sane(measure, "row p50", "row p90", "row p99", "answered p50", "fragments")
        assert measure["delivered"]["runs"] == [100]
        assert measure["not answered 200"]["runs"] == [0]
    sane(three, "row on the last page p50", "row on the last page p99")


@pytest.fixture
def installation(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A state folder whose supervisor has started one program, which has started another."""
    settings.STATE_DIR = tmp_path
    inner = "import time; print(flush=True); time.sleep(60)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    # Named like the watcher: by its command line the bench knows a program.
    program = subprocess.Popen(
        [sys.executable, "-c", outer, "manage.py watcher"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert program.stdout is not None
    program.stdout.readline()
    pid = program.pid
    entries = [{"pid": pid, "started": machine.started(pid)}]
    (tmp_path / "run.json").write_text(json.dumps({"env": {}, "processes": entries}))
    (tmp_path / "postgres.json").write_text(json.dumps({"error": "does not start"}))
    yield tmp_path
    os.killpg(pid, 15)
    program.wait()


@pytest.mark.django_db
def test_idle_counts_a_program_with_its_children(installation: Path, tmp_path: Path) -> None:
    _, told = bench(tmp_path, "idle", "--seconds", "0.1")
    for measure in ("watcher", "house"):
        sane(told["measures"][measure], "PSS", "processes")
        assert told["measures"][measure]["processes"]["median"] == 2
    assert told["measures"]["house"]["recorded meanwhile"]["runs"] == [0]


@pytest.mark.django_db
def test_idle_takes_no_other_process_for_one_of_the_installation(installation: Path) -> None:
    record = json.loads((installation / "run.json").read_text())
    record["processes"][0]["started"] = "long ago"
    (installation / "run.json").write_text(json.dumps(record))
    assert idle.programs(installation) == {}
    with pytest.raises(CommandError, match="start bin/run first"):
        call_command("bench", "idle")


def test_a_copy_is_the_same_transaction_under_another_signature() -> None:
    timeless = {**PAYLOADS[0], "blockTime": None}
    told = [*PAYLOADS, BUY.base64(), timeless, {"no": "transaction"}]
    made = templates(told)
    assert [each.signature for each in made] == [parse(p).signature for p in PAYLOADS]
    assert [each.is_trade for each in made] == [True, True]
    signature, text = made[0].copy()
    copied, first = parse(json.loads(text)), parse(PAYLOADS[0])
    assert copied.signature == signature != first.signature
    assert (copied.moves, copied.slot, copied.keys) == (first.moves, first.slot, first.keys)
    assert (first.tx_index, copied.tx_index) == (None, 0)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert percentile([7.0], 0.5) == 7.0


def test_the_table_tells_median_least_and_most() -> None:
    report = Report("decode", {})
    for value in (3.0, 1.0, 2000.0, None):
        report.add("parse", "rate", "tx/s", value)
    assert report.lines()[-1].split() == ["rate", "3", "1", "2,000", "tx/s"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///tmp/a b/r.sock", "unix:///tmp/a b/r.sock?db=7"),
        ("unix:///tmp/r.sock?db=1", "unix:///tmp/r.sock?db=7"),
        ("redis://:secret@example:6379/0", "redis://:secret@example:6379/7"),
        ("redis://example", "redis://example/7"),
    ],
)
def test_another_database_of_the_same_redis(url: str, expected: str) -> None:
    assert redis_address(url, 7) == expected


def test_the_node_calls_final_what_was_made_up_and_knows_no_blocks() -> None:
    node = Node()
    node.known = {"a": (7, False), "b": (8, True)}
    asked = {"id": 3, "method": "getSignatureStatuses", "params": [["a", "b", "c"], {}]}
    first, second, third = node.answer(asked)["result"]["value"]
    assert (first["slot"], first["err"], first["confirmationStatus"]) == (7, None, "finalized")
    assert (second["slot"], bool(second["err"]), third) == (8, True, None)
    assert node.answer({"id": 4, "method": "getBlock"})["error"]["code"] == -32007


class _Wire(asyncio.Transport):
    """What the page has written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Any] = []

    def write(self, data: Any) -> None:
        self.written.append(data)


async def test_a_page_reads_frames_however_they_are_cut() -> None:
    heard: list[bytes] = []
    page, wire = PageSocket(b"GET", lambda text, _: heard.append(text)), _Wire()
    page.connection_made(wire)
    long, wide = b"x" * 300, b"y" * 70_000
    stream = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n\x81\x02hi\x89\x02pp"
    stream += b"\x81\x7e" + (300).to_bytes(2, "big") + long
    stream += b"\x81\x7f" + (70_000).to_bytes(8, "big") + wide + b"\x88\x00"
    for start in range(0, len(stream), 7):
        page.data_received(stream[start : start + 7])
    await page.opened
    assert heard == [b"hi", long, wide]
    assert page.messages == 3
    assert wire.written == [b"GET", b"\x8a\x82\0\0\0\0pp"]


async def test_a_page_that_is_not_let_in_says_so() -> None:
    page = PageSocket(b"GET", lambda *_: None)
    page.connection_made(_Wire())
    page.data_received(b"HTTP/1.1 403 Access denied\r\n\r\n")
    with pytest.raises(ConnectionError, match="403 Access denied"):
        await page.opened
