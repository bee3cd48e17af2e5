"""Import wallets from a file, saying of every row what became of it."""

import csv
import io
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from aura.core import exact, solana
from aura.core.errors import Refused
from aura.models import User
from wallets.actions import confirm_wallet, curate_wallet, follow_wallet, track_wallet

FILE_LIMIT = 8 * 1024 * 1024
ADDRESS_KEYS = ("address", "wallet_address", "wallet", "walletAddress")
NAME_KEYS = ("nickname", "name", "label")


class Command(BaseCommand):
    """`import_wallets FILE [--dry-run] [--follow-as EMAIL]`."""

    help = "Import wallets from CSV or JSON (a file, or - for standard input)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a file, --dry-run and --follow-as."""
        parser.add_argument("file")
        parser.add_argument(
            "--dry-run", action="store_true", help="judge every row, change nothing"
        )
        parser.add_argument(
            "--follow-as", metavar="EMAIL", help="let this user follow them under their nicknames"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a row and a total; a second import adds nothing."""
        rows = read_rows(_text(options["file"]))
        user = _user(options["follow_as"])
        seen: set[str] = set()
        accepted = refused = 0
        for row in rows:
            given, nickname = row
            try:
                address = solana.address(given)
                if address in seen:
                    raise ValueError("appears earlier in this file")
                confirm_wallet(address)
                note = "" if options["dry_run"] else self._import(address, nickname, user)
            except (ValueError, Refused) as reason:
                refused += 1
                self.stdout.write(f"refused {_shown(given)}: {reason}")
                continue
            seen.add(address)
            accepted += 1
            off_curve = "" if solana.is_on_curve(address) else " (vault or program)"
            self.stdout.write(f"accepted {address} {nickname}{off_curve}{note}".rstrip())
        dry = " (dry run: nothing changed)" if options["dry_run"] else ""
        self.stdout.write(f"{accepted} accepted, {refused} refused{dry}")

    @transaction.atomic
    def _import(self, address: str, nickname: str, user: User | None) -> str:
        wallet, is_new = track_wallet(address)
        if user is None:
            curate_wallet(wallet, reason="Imported from a file")
        else:
            follow_wallet(user, address=address, nickname=nickname[:64])
        return "" if is_new else " (known already)"


def read_rows(text: str) -> list[tuple[str, str]]:
    """Read (address, nickname) rows from CSV with a header, or from JSON.

    JSON is a list of objects or of addresses, or an object holding one such list. Raises
    CommandError for anything else.
    """
    body = text.lstrip("\ufeff").strip()
    if not body:
        raise CommandError("the file is empty")
    if body[0] in "[{":
        return _json_rows(body)
    if "\x00" in body:
        raise CommandError("the file is neither CSV nor JSON: it holds NUL bytes")
    try:
        reader = csv.DictReader(io.StringIO(body))
        names = reader.fieldnames or []
        key = next((k for k in ADDRESS_KEYS if k in names), None)
        if key is None:
            raise CommandError(f"no address column; expected one of {', '.join(ADDRESS_KEYS)}")
        return [(str(row.get(key) or ""), _name(row)) for row in reader]
    except csv.Error as error:
        raise CommandError(f"not readable as CSV: {error}") from None


def _json_rows(body: str) -> list[tuple[str, str]]:
    try:
        content = exact.loads(body)
    except ValueError as error:
        raise CommandError(f"not readable as JSON: {error}") from None
    if isinstance(content, dict):
        content = next((v for v in content.values() if isinstance(v, list)), None)
    if not isinstance(content, list):
        raise CommandError("a list of wallets was expected")
    rows = []
    for item in content:
        if isinstance(item, dict):
            rows.append((str(next((item[k] for k in ADDRESS_KEYS if k in item), "")), _name(item)))
        else:
            rows.append((str(item), ""))
    return rows


def _name(row: dict[str, Any]) -> str:
    return str(next((row[k] for k in NAME_KEYS if row.get(k)), "")).strip()


def _shown(given: str) -> str:
    """Show a refused value safely: one line, no control characters, cut."""
    tidy = "".join(c if c.isprintable() else "?" for c in given.strip())
    return tidy[:60] or "(empty)"


def _text(file: str) -> str:
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            body = stream.read(FILE_LIMIT + 1)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    if len(body) > FILE_LIMIT:
        raise CommandError(f"the file is over {FILE_LIMIT // 1024**2} MB")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"the file is not UTF-8 text (byte {error.start})") from None


def _user(email: str | None) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise CommandError(f"no user {email}")
    return user
