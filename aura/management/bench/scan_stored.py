"""`bench scan --from-database`: a whole scan of stored rows, from reading to writing."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from django.db import connection

from aura.core import clock
from aura.core.errors import Refused
from aura.management.bench.machine import PostgresCpu, difference, own_cpu, per
from aura.management.bench.rebuilding import Clock
from aura.management.bench.report import Report
from aura.management.bench.scan import MAY_TAKE
from aura.management.bench.tokens import AT, DAYS, days, snapshots
from market.actions import Outcome, begin_run, record_snapshots
from market.domain.combine import Combined
from market.queries import BucketRow
from signals.actions import scan_market
from signals.models import Scan
from wallets.domain.sources import Payload

TOKENS: Final = (300, 2_000)
# Where each step stands, as the scan calls it.
STEPS: Final = (
    ("signals.actions.scan", "windows_of_run", "reading windows"),
    ("signals.queries.sights", "buckets_of", "reading windows: buckets"),
    ("signals.actions.scan", "_judge", "judging"),
    ("signals.actions.scan", "_counts", "counting, lists"),
    ("signals.actions.scan", "_move_on", "writing: signals"),
)
_CYCLE: Final = timedelta(minutes=2)


def measure(
    _payloads: Sequence[Payload], options: Mapping[str, Any], report: Report, _folder: Path
) -> str:
    """Measure scans of made-up tokens in this database: the first raises, later ones follow."""
    made = days()
    report.note(f"made-up tokens, a whole day of 288 buckets each; {DAYS} days are shared by them")
    for count in options["tokens"] or TOKENS:
        _clear()
        _store_days(count, made)
        for turn in range(options["runs"] + 1):
            at = AT + turn * _CYCLE
            name = f"{count:,} stored tokens: " + ("first scan" if not turn else "scans after it")
            with patch.object(clock, "now", partial(_after, at)):
                _measure_scan(name, _read_at(count, made, at), count, report)
    return ""


def _measure_scan(name: str, run_id: int, count: int, report: Report) -> None:
    steps, postgres = Clock(), PostgresCpu()
    with ExitStack() as held:
        for module, attribute, step in STEPS:
            place = import_module(module)
            timed = steps.timed(step, getattr(place, attribute))
            held.enter_context(patch.object(place, attribute, timed))
        before, began, used = postgres.seconds(), time.perf_counter(), own_cpu()
        scan = scan_market(run_id)
        wall, cpu = time.perf_counter() - began, own_cpu() - used
    if scan is None or (scan.state, scan.tokens) != (Scan.State.RAN, count):
        raise Refused(f"The scan of {count} tokens did not run.")
    report.add(name, "scan", "s", wall)
    report.add(name, "CPU", "s", cpu)
    report.add(name, "CPU by token", "µs", cpu / count * 1e6)
    server = per(difference(postgres.seconds(), before), count, scale=1e6)
    report.add(name, "CPU of PostgreSQL by token", "µs", server)
    report.add(name, "of the 120 s it may take", "%", wall / MAY_TAKE * 100)
    for step, seconds in steps.seconds.items():
        report.add(name, f"share: {step}", "%", seconds / wall * 100)
    rest = wall - sum(steps.seconds.values())
    report.add(name, "share: all the rest", "%", rest / wall * 100)


def _read_at(count: int, made: Sequence[Sequence[BucketRow]], at: datetime) -> int:
    """Record a reading of every token at a moment, as the task does; return the run's id."""
    run = begin_run(at=at)
    tokens = [Combined(one, one) for one in snapshots(count, made, at)]
    record_snapshots(run, tokens, [], [], at=at, outcome=Outcome(count), quotes_usd={})
    return run.pk


def _after(at: datetime) -> datetime:
    return at + timedelta(seconds=2)


def _store_days(count: int, made: Sequence[Sequence[BucketRow]]) -> None:
    """Store every token's day; the running bucket is left to the readings."""
    columns = ", ".join(BucketRow._fields[1:])
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY market_bucket (mint, at, read_at, {columns}) FROM STDIN") as copy:
            for place in range(count):
                for row in made[place % DAYS]:
                    ended = datetime.fromtimestamp(row.at, UTC)
                    copy.write_row((f"{place:0>44}", ended, ended, *row[1:]))
        cursor.execute("ANALYZE market_bucket")


def _clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE market_bucket, market_tokenstate, market_marketrun, signals_scan,"
            " signals_signal RESTART IDENTITY CASCADE"
        )
