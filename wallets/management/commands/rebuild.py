"""Rebuild derived tables from raw rows."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wallets.actions import rebuild


class Command(BaseCommand):
    """`rebuild [--check]`."""

    help = "Rebuild trades, lots, positions and figures from the raw transactions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument(
            "--check", action="store_true", help="compare only; fail when a rebuild would differ"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, print the state hash, and with --check fail on a difference."""
        report = rebuild(keep=not options["check"])
        self.stdout.write(f"{report.transactions} transactions, {report.wallets} wallets")
        self.stdout.write(f"state {report.after}")
        if not report.agrees:
            message = f"the rows differed before: {report.before}"
            if options["check"]:
                raise CommandError(message)
            self.stdout.write(message)
