"""`bench rebuild`: deriving everything again from very many raw transactions, time and memory."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection

from aura.core.errors import Refused
from aura.management.bench.fill import fill, tidy
from aura.management.bench.machine import PostgresCpu, difference, per
from aura.management.bench.payloads import templates
from aura.management.bench.report import Report
from wallets.domain.sources import Payload
from wallets.models import RawTransaction, Trade, Wallet

MIB: Final = 1024 * 1024
# The first finds nothing derived, the second derives what is there already.
MEASURES: Final = ("from raw rows alone", "over what stands")


def measure(
    payloads: Sequence[Payload], options: Mapping[str, Any], report: Report, folder: Path
) -> str:
    """Measure rebuilding `trades` trades, each time in a program of its own.

    Raises Refused when there is no transaction that can be told again.
    """
    made, profiles = templates(payloads), []
    if not made:
        raise Refused("None of these transactions can be told again under another signature.")
    for _ in range(options["runs"]):
        corpus = fill(made, options["trades"])
        transactions, wallets = RawTransaction.objects.count(), Wallet.objects.count()
        report.note(
            f"{len(corpus.signatures)} different transactions, told again as {transactions:,} of"
            f" {wallets} wallets; {corpus.left_out} were left out"
        )
        for name in MEASURES:
            profiles += _measure(name, report, folder, profiled=options["profile"])
            tidy()
    return "\n".join(profiles)


def _measure(measure: str, report: Report, folder: Path, *, profiled: bool) -> list[str]:
    answer = folder / "rebuilt.json"
    command = [sys.executable, "-m", "aura.management.bench.rebuilding", str(answer)]
    postgres = PostgresCpu()
    before, began = postgres.seconds(), time.perf_counter()
    subprocess.run(command + ["--profile"] * profiled, cwd=settings.BASE_DIR, check=True)
    took, server = time.perf_counter() - began, difference(postgres.seconds(), before)
    told, trades = json.loads(answer.read_text()), Trade.objects.count()
    _confirm(measure, told, trades, report.options["trades"])
    report.add(measure, "program, start to end", "s", took)
    report.add(measure, "rebuild", "s", told["wall"])
    report.add(measure, "rate", "trades/s", trades / told["wall"])
    report.add(measure, "CPU", "s", told["cpu"])
    report.add(measure, "CPU by trade", "µs", per(told["cpu"], trades, scale=1e6))
    report.add(measure, "CPU of PostgreSQL by trade", "µs", per(server, trades, scale=1e6))
    report.add(measure, "most memory", "MiB", per(told["peak"], MIB, scale=1))
    report.add(measure, "database afterwards", "MiB", _size() / MIB)
    for step, seconds in told["steps"].items():
        report.add(measure, f"share: {step}", "%", seconds / told["wall"] * 100)
    return [f"{measure}\n{told['profile']}"] if told["profile"] else []


def _confirm(measure: str, told: Mapping[str, Any], trades: int, asked: int) -> None:
    """Stop where the work was not done: figures of it would be worse than none."""
    if trades < asked:
        raise RuntimeError(f"{trades} of {asked} trades were derived")
    if measure == MEASURES[1] and not told["agrees"]:
        raise RuntimeError("the second rebuild differs from the first")


def _size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
