"""Folds histories of purchases and sales by one of the ledger's methods, without a database."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aura.core import exact
from wallets.domain.ledger import METHODS
from wallets.domain.ledger.histories import POLICIES, Unreadable, read_cases, tell_case

FILE_LIMIT: Final = 256 * 1024 * 1024


class Command(BaseCommand):
    """`ledger FILE --method fifo|lifo|hifo|lofo|average [--policy NAME]`."""

    help = "Fold a JSON file of purchases and sales in decimals; print what each sale took."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django declares it so

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file, the method and the policy."""
        parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
        parser.add_argument("--method", choices=METHODS, default="fifo", help="default: fifo")
        parser.add_argument(
            "--policy",
            choices=sorted(POLICIES),
            default="aura",
            help="how fees and what was never bought are counted; default: aura",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every case's rows and what was realised, as JSON."""
        policy = POLICIES[options["policy"]]
        try:
            cases = read_cases(_content(options["file"]))
        except Unreadable as error:
            raise CommandError(f"{options['file']}: {error}") from None
        told = [tell_case(name, deals, options["method"], policy) for name, deals in cases]
        self.stdout.write(json.dumps({"cases": told}))


def _content(file: str) -> Any:
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            body = stream.read(FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(body) > FILE_LIMIT:
        raise Unreadable(f"is over {FILE_LIMIT // 1024**2} MB")
    try:
        return exact.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 text (byte {error.start})") from None
    except ValueError as error:
        raise Unreadable(f"is not JSON: {error}") from None
