"""`bench ingest`: what it costs to record transactions, to keep deliveries, and to answer them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import connection

from aura.core import exact
from aura.management.bench import acknowledge
from aura.management.bench.machine import PostgresCpu, difference, own_cpu, per
from aura.management.bench.payloads import Template, body_of, fresh, templates
from aura.management.bench.profiling import profile_of
from aura.management.bench.report import Report
from aura.management.bench.stage import clear
from wallets.actions import keep_delivery, record_transactions, record_waiting
from wallets.domain.sources import Payload
from wallets.models import Delivery, RawTransaction

BATCHES: Final = (1, 20, 100)
PROFILED: Final = 20


def measure(
    payloads: Sequence[Payload], options: Mapping[str, Any], report: Report, folder: Path
) -> str:
    """Measure recording, the inbox and the webhook's answer; return the profile if asked for."""
    made = templates(payloads)
    report.note(f"{len(made)} different transactions; the others repeat them as new ones")
    count = options["transactions"]
    postgres = PostgresCpu()
    for size in BATCHES:
        _record(made, count, size)
        report.add(f"record by {size}", "queries", "a tx", _queries(made, count, size) / count)
        for _ in range(options["runs"]):
            _measure_recording(made, count, size, postgres, report)
    for _ in range(options["runs"]):
        _measure_inbox(made, count, postgres, report)
    told = ""
    if options["profile"]:
        clear(made)
        batches = _batches(made, count, PROFILED)
        told = f"record by {PROFILED}\n" + profile_of(lambda: _record_all(batches))
    if options["seconds"]:
        for _ in range(options["runs"]):
            clear(made)
            acknowledge.measure_run(made, options, report, folder)
    return told


@dataclass(slots=True)
class _Watch:
    """Wall and CPU of a piece of work, ours and PostgreSQL's, in seconds."""

    postgres: PostgresCpu
    wall: float = 0.0
    own: float = 0.0
    server: float | None = None

    def run(self, work: Callable[[], object]) -> None:
        before = time.perf_counter(), own_cpu(), self.postgres.seconds()
        work()
        self.wall, self.own = time.perf_counter() - before[0], own_cpu() - before[1]
        self.server = difference(self.postgres.seconds(), before[2])

    def tell(self, report: Report, measure: str, count: int, unit: str) -> None:
        report.add(measure, "rate", f"{unit}/s", count / self.wall)
        report.add(measure, "wall", f"ms/{unit}", per(self.wall, count))
        report.add(measure, "CPU", f"ms/{unit}", per(self.own, count))
        report.add(measure, "CPU of PostgreSQL", f"ms/{unit}", per(self.server, count))


def _batches(made: Sequence[Template], count: int, size: int) -> list[list[Any]]:
    payloads = [exact.loads(text) for _, _, text in fresh(made, count)]
    return [payloads[start : start + size] for start in range(0, count, size)]


def _record_all(batches: Sequence[Sequence[Any]]) -> None:
    for batch in batches:
        record_transactions(batch, source="webhook")


def _record(made: Sequence[Template], count: int, size: int) -> None:
    clear(made)
    _record_all(_batches(made, count, size))


def _queries(made: Sequence[Template], count: int, size: int) -> int:
    """Count the queries of a run of its own, for counting takes time."""
    asked = 0

    def counted(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    clear(made)
    batches = _batches(made, count, size)
    with connection.execute_wrapper(counted):
        _record_all(batches)
    return asked


def _measure_recording(
    made: Sequence[Template], count: int, size: int, postgres: PostgresCpu, report: Report
) -> None:
    clear(made)
    batches = _batches(made, count, size)
    watch = _Watch(postgres)
    watch.run(lambda: _record_all(batches))
    _confirm(RawTransaction.objects.count(), count)
    watch.tell(report, f"record by {size}", count, "tx")


def _measure_inbox(
    made: Sequence[Template], count: int, postgres: PostgresCpu, report: Report
) -> None:
    clear(made)
    bodies = [body_of([text]) for _, _, text in fresh(made, count)]
    keep, record = _Watch(postgres), _Watch(postgres)

    def keep_all() -> None:
        for body in bodies:
            keep_delivery(body, source="webhook")

    def record_all() -> None:
        while record_waiting():
            continue

    keep.run(keep_all)
    record.run(record_all)
    _confirm(Delivery.objects.filter(state=Delivery.State.RECORDED).count(), count)
    keep.tell(report, "inbox: keep a delivery", count, "delivery")
    record.tell(report, "inbox: record what waits", count, "tx")
    size = sum(map(len, bodies)) / count / 1024
    report.add("inbox: keep a delivery", "size", "KiB/delivery", size)


def _confirm(found: int, expected: int) -> None:
    """Stop where the work was not done: figures of it would be worse than none."""
    if found != expected:
        raise RuntimeError(f"{found} of {expected} transactions were recorded")
