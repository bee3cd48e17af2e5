"""Prints what recorded transactions mean, one JSON line each, without a database."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wallets.domain.addresses import is_address
from wallets.domain.decode import decode
from wallets.domain.lines import decoded_json
from wallets.domain.parse import parse
from wallets.domain.values import Undecodable

# Far above any real file of transactions, far below what would exhaust memory.
_MAX_BYTES = 256 * 1024 * 1024


class Command(BaseCommand):
    """Decode files of transactions to JSON lines."""

    help = "Decode transactions (a file holds one, an array or JSON lines; - is standard input)."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django declares it so

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the files and the owner."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--owner", metavar="ADDRESS", help="only this owner's swaps and costs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for every transaction; exit 1 at the end if any could not be decoded."""
        owner: str | None = options["owner"]
        if owner is not None and not is_address(owner):
            raise CommandError(f"{owner} is not an address")
        failures = 0
        for name in options["files"]:
            for line in _lines(name, owner):
                failures += "error" in line
                self.stdout.write(json.dumps(line, ensure_ascii=False))
        if failures:
            raise SystemExit(1)


def _lines(name: str, owner: str | None) -> Iterator[dict[str, Any]]:
    """Yield the printed objects of one file; what cannot be read is one with its reason."""
    try:
        for payload in _payloads(_text(name)):
            yield _line(name, payload, owner)
    except (OSError, ValueError, RecursionError) as error:
        yield {"file": name, "error": _reason(error)}


def _line(name: str, payload: Any, owner: str | None) -> dict[str, Any]:
    if isinstance(payload, _Malformed):
        return {"file": name, "error": payload.reason}
    try:
        transaction = parse(payload)
    except Undecodable as error:
        return {"file": name, "error": error.reason}
    if owner is None:
        return decoded_json(decode(transaction))
    decoded = decode(transaction, [owner])
    return decoded_json(replace(decoded, legs=tuple(x for x in decoded.legs if x.owner == owner)))


class _Malformed:
    """A line that is not JSON."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _text(name: str) -> str:
    if name == "-":
        raw = sys.stdin.buffer.read(_MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES} bytes")
    return raw.decode("utf-8-sig")


def _payloads(text: str) -> Iterator[Any]:
    """Yield the transactions of a text: one object, an array of them, or one a line."""
    if not text.strip():
        raise ValueError("the file is empty")
    try:
        whole = _json(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0]):
            raise
        yield from map(_json_line, lines)
        return
    if isinstance(whole, list):
        yield from whole
    else:
        yield whole


def _json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _is_json(text: str) -> bool:
    try:
        _json(text)
    except ValueError:
        return False
    return True


def _json_line(line: str) -> Any:
    try:
        return _json(line)
    except (ValueError, RecursionError) as error:
        return _Malformed(_reason(error))


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return str(error)
