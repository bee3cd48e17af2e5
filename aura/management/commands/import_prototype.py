"""Bring over what the original single-user prototype holds in its SQLite file."""

from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aura.core.errors import ProviderError, Refused
from aura.core.world import is_sandbox
from aura.management.prototype.file import read_file
from aura.management.prototype.intake import bring_belongings
from aura.management.prototype.judge import judge_all
from aura.management.prototype.report import Report
from aura.management.prototype.rereading import reread_transactions
from aura.models import User

UNFINISHED: Final = 2
INTERRUPTED: Final = 130
GO_ON: Final = "what was taken stays; the same command goes on from there"


class Command(BaseCommand):
    """`import_prototype FILE [--user EMAIL] [--dry-run] [--refused CSV]`."""

    help = "Import wallets, watchlist, positions and transactions of the prototype's aura.db."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a file, a user, --dry-run and --refused."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", metavar="EMAIL", help="whose it becomes")
        parser.add_argument(
            "--dry-run", action="store_true", help="judge every row, ask and change nothing"
        )
        parser.add_argument(
            "--refused", metavar="CSV", type=Path, help="write every refused row to this file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take what can be taken, and say of every other row why not.

        Exit code 1: nothing was read; 2: the chain could not be asked for everything.
        """
        with ExitStack() as held:
            try:
                user = _user(options["user"])
                report = Report(read_file(options["file"]), options["dry_run"])
            except Refused as refusal:
                raise CommandError(str(refusal)) from None
            table = _opened(options["refused"], options["file"], held)
            trouble = self._bring(user, report)
            for line in report.lines():
                self.stdout.write(line)
            if table is not None:
                report.write_csv(table)
        if trouble:
            raise trouble
        self.stdout.write(_verdict(user, report))

    def _bring(self, user: User, report: Report) -> CommandError | None:
        """Do it all; return the trouble that ended it early, if any."""
        found = judge_all(report, now=timezone.now())
        try:
            bring_belongings(user, found, report)
            done = reread_transactions(found.transactions, report, tell=self._tell)
        except ProviderError as error:
            return CommandError(f"{error}; {GO_ON}", returncode=UNFINISHED)
        except KeyboardInterrupt:
            return CommandError(f"interrupted: {GO_ON}", returncode=INTERRUPTED)
        if found.transactions:
            report.remarks.append(_about_transactions(report, done.transactions, done.trades))
        return None

    def _tell(self, progress: str) -> None:
        self.stderr.write(progress, style_func=str)


def _about_transactions(report: Report, read: int, trades: int) -> str:
    discarded = "amounts, values and times of the file are discarded"
    if is_sandbox():
        discarded += "; this is the sandbox, the real chain's transactions are not known here"
    if report.is_dry_run:
        return f"transactions would be read again from the chain; {discarded}"
    return f"{read:,} transactions read again from the chain, {trades:,} trades; {discarded}"


def _verdict(user: User, report: Report) -> str:
    if not report.taken:
        return "nothing new: whatever can be taken is there already"
    if report.is_dry_run:
        return f"{report.taken:,} rows would be {user}'s (dry run: nothing changed)"
    return f"{report.taken:,} rows are {user}'s now"


def _user(email: str | None) -> User:
    """Return whose the rows become: the one named, else the only superuser, else the only user."""
    if email:
        named = User.objects.filter(email=email.strip().lower()).first()
        if named is None:
            raise Refused(f"There is no user {email}.")
        return named
    for candidates in (User.objects.filter(is_superuser=True), User.objects.all()):
        first = candidates.order_by("pk")[:2]
        if len(first) == 1:
            return first[0]
    raise Refused("Whose is it? Name a user: --user EMAIL.")


def _opened(path: Path | None, file: Path, held: ExitStack) -> IO[str] | None:
    """Open the table of refusals before anything is done that it should tell of."""
    if path is None:
        return None
    try:
        if path.exists() and path.samefile(file):
            raise CommandError(f"{path} is the file to read; name another for the refused rows")
        return held.enter_context(path.open("w", newline="", encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None
