"""Check the record of signals."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aura.core import clock
from signals.actions import regraded
from signals.models import Grade
from signals.queries.verify import Verified, export_record, verify_file, verify_stored


class Command(BaseCommand):
    """`verify_record [FILE] [--regrade] [--root HASH] [--export FILE]`."""

    help = "Recompute the hash chain of the record and name the first break."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an exported file instead of the database, roots to find, a file to write."""
        parser.add_argument("file", nargs="?", type=Path, help="an exported record")
        parser.add_argument(
            "--root", action="append", default=[], help="the root of a day published before"
        )
        parser.add_argument(
            "--regrade", action="store_true", help="grade outcomes again from the stored points"
        )
        parser.add_argument("--export", type=Path, help="write the record to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was checked; fail at a break, naming it."""
        found = self._verified(options)
        if found.broken is not None:
            raise CommandError(f"the record is broken: {found.broken}")
        for root in options["root"]:
            if root not in found.roots.values():
                raise CommandError(f"the record is broken: no day has the root {root}")
        if options["export"] is not None:
            with options["export"].open("w") as file:
                file.writelines(f"{line}\n" for line in export_record(settings.WORLD))
        self.stdout.write(f"{found.entries} entries hold; {found.rows} agree with their rows")
        if options["regrade"]:
            self.stdout.write(f"{found.regraded} outcomes graded again to the same")
        if found.roots:
            day, root = max(found.roots.items())
            self.stdout.write(f"root of {day} {root}")

    def _verified(self, options: dict[str, Any]) -> Verified:
        if options["file"] is None:
            return verify_stored(regrade=_regrade if options["regrade"] else None)
        if options["regrade"] or options["export"] is not None:
            raise CommandError("--regrade and --export are for the stored record")
        try:
            with options["file"].open() as lines:
                return verify_file(lines)
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} is no exported record: {error}") from None


def _regrade(grades: list[Grade]) -> dict[str, Any]:
    return regraded(grades, now=clock.now())
