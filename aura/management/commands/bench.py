"""Measures this installation's code: decoding, ledger, recording, scans, pages, its rest."""

from argparse import ArgumentTypeError
from typing import Any, Final, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aura.core.errors import Refused
from aura.management.bench import decode, idle, ledger, scan
from aura.management.bench.payloads import RECORDED, gather
from aura.management.bench.report import Report
from aura.management.bench.scratch import ending_on_sigterm, run_inside

INTERRUPTED: Final = 130


class Command(BaseCommand):
    """`bench decode|ledger|ingest|rebuild|scan|live|idle`; how to read them: docs/benchmarks.md."""

    help = (
        "Measure decoding, ledger, recording, rebuilding, scans, live pages, idle memory: a table;"
        " JSON by --json."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the seven benches and their sizes."""
        benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
        told = {
            "decode": "transactions decoded a second on one core",
            "ledger": "trades folded a second on one core, beside other ledgers",
            "ingest": "recording, the inbox, and the webhook's answer, on a scratch database",
            "rebuild": "deriving everything again from raw rows, on a scratch database",
            "scan": "judging tokens, beside the two minutes a scan may take",
            "live": "from a delivery to the row on open pages, on a scratch database",
            "idle": "memory and CPU of the running installation at rest",
        }
        made = {name: benches.add_parser(name, help=text) for name, text in told.items()}
        for name, bench in made.items():
            runs = 1 if name == "rebuild" else 5
            bench.add_argument("--runs", type=_count, default=runs, help=f"default: {runs}")
            bench.add_argument("--json", metavar="FILE", help="write the figures there too")
        for name in ("decode", "ingest", "rebuild", "live"):
            _add_sources(made[name], 1_000 if name == "rebuild" else 300)
        for name in ("decode", "ingest", "rebuild"):
            made[name].add_argument("--profile", action="store_true", help="say where time goes")
        made["decode"].add_argument("--passes", type=_count, help="over all of them, a run")
        made["ledger"].add_argument(
            "--trades", type=_count, default=1_000_000, help="in the one long book"
        )
        made["rebuild"].add_argument(
            "--trades", type=_count, default=100_000, help="so many at least"
        )
        made["scan"].add_argument(
            "--tokens", type=_count, nargs="+", help="default: 300 10000; stored 300 2000"
        )
        made["scan"].add_argument(
            "--from-database",
            action="store_true",
            help="a whole scan of stored rows, on a scratch database",
        )
        ingest = made["ingest"]
        ingest.add_argument("--rate", type=_positive, default=200.0, help="deliveries a second")
        ingest.add_argument(
            "--seconds", type=_seconds, default=20.0, help="of deliveries a run; 0 leaves them out"
        )
        ingest.add_argument(
            "--no-watcher", dest="watcher", action="store_false", help="let nobody record meanwhile"
        )
        live = made["live"]
        live.add_argument("--rate", type=_positive, default=5.0, help="trades a second")
        live.add_argument("--trades", type=_count, default=200, help="a run")
        live.add_argument("--sockets", type=_count, default=500, help="open pages")
        made["idle"].add_argument("--seconds", type=_positive, default=12.0, help="a run")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, print, and write the JSON where it was asked for."""
        sizes = {name: options[name] for name in options if name not in _DJANGOS}
        bench = sizes.pop("bench")
        report = Report(bench, sizes)
        try:
            with ending_on_sigterm():
                code = self._measure(bench, sizes, report)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        except KeyboardInterrupt:
            raise CommandError("interrupted", returncode=INTERRUPTED) from None
        if code:
            raise CommandError(f"bench {bench} failed", returncode=code)

    def _measure(self, bench: str, sizes: dict[str, Any], report: Report) -> int:
        told = ""
        if bench == "idle":
            idle.measure(sizes, report)
        elif bench == "ledger":
            ledger.measure(sizes, report)
        elif bench == "scan":
            if sizes["from_database"]:
                return run_inside(bench, sizes, [], report)
            scan.measure(sizes, report)
        else:
            found = gather(sizes, report)
            if bench != "decode":
                # The sandbox's or the installation's own, as they reach an installation.
                name = next((name for name in found if name != RECORDED), RECORDED)
                report.note(f"transactions: {name}")
                return run_inside(bench, sizes, found[name], report)
            told = decode.measure(found, sizes, report)
        self.stdout.write("\n".join([*report.lines(), told]).rstrip())
        if sizes["json"]:
            report.write(sizes["json"])
        return 0


_DJANGOS: Final = frozenset(
    {
        "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color",
        "skip_checks", "stdout", "stderr",
    }
)  # fmt: skip


def _add_sources(bench: CommandParser, transactions: int) -> None:
    bench.add_argument("--data", metavar="FOLDER", help="recorded data; default: AURA_DATA")
    bench.add_argument(
        "--from-database",
        action="store_true",
        help="take the transactions this installation has kept, instead of asking the sandbox",
    )
    bench.add_argument(
        "--transactions", type=_count, default=transactions, help=f"default: {transactions}"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)


def _positive(text: str) -> float:
    return _seconds(text) or _refuse(text)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return _refuse(text)
    return number if 0 <= number < 1e6 else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ArgumentTypeError(f"{text} is no number above 0")
