"""What a cell of a file nobody checked may mean: text, numbers, times. Pure; raises ValueError."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from aura.core import solana
from aura.management.prototype.file import Cell

SHOWN_LENGTH: Final = 48
# No token of Solana is older than its first block.
# https://explorer.solana.com/block/0
EARLIEST: Final = datetime(2020, 3, 16, tzinfo=UTC)
# Seconds have ten digits until the year 2286, milliseconds thirteen.
_MILLISECONDS_FROM: Final = 10**11
_SIGNATURE_LENGTH: Final = range(64, 89)
_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?)\$?(?P<digits>(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,3})?)", re.ASCII
)


def text(cell: Cell) -> str:
    """Return a cell as text; what is no UTF-8 is replaced, nothing is an empty text."""
    if cell is None:
        return ""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def line(cell: Cell) -> str:
    """Return a cell as one printable line, the spaces tidied."""
    kept = (c if c.isprintable() else " " if c.isspace() else "" for c in text(cell))
    return " ".join("".join(kept).split())


def shown(cell: Cell) -> str:
    """Show a cell safely: one printable line, shortened."""
    tidy = "".join(c if c.isprintable() else "?" for c in text(cell).strip())
    return (f"{tidy[: SHOWN_LENGTH - 1]}…" if len(tidy) > SHOWN_LENGTH else tidy) or "(empty)"


def number(cell: Cell) -> Decimal | None:
    """Read a number, also one written as `$1,234.5`; None for an empty cell."""
    if cell is None or isinstance(cell, int):
        return None if cell is None else Decimal(cell)
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise ValueError("not a finite number")
        # The shortest digits that mean this float: what was typed in.
        return Decimal(repr(cell))
    given = text(cell).strip()
    if not given:
        return None
    match = _NUMBER.fullmatch(given)
    try:
        return Decimal(match["sign"] + match["digits"].replace(",", "") if match else "")
    except InvalidOperation:
        raise ValueError("not a number") from None


def moment(cell: Cell, *, now: datetime) -> datetime | None:
    """Read a time: ISO text, or unix seconds or milliseconds; None for an empty cell.

    A time without a zone is UTC, as SQLite and servers write it. Before Solana began and after
    tomorrow nothing was bought.
    """
    given = text(cell).strip()
    if not given:
        return None
    try:
        at = _from_text(given) if _NUMBER.fullmatch(given) is None else _from_unix(number(cell))
    except (ValueError, OverflowError, ArithmeticError):
        raise ValueError("not a time") from None
    if not EARLIEST <= at <= now + timedelta(days=1):
        raise ValueError(f"a time of the year {at.year}")
    return at


def _from_text(given: str) -> datetime:
    at = datetime.fromisoformat(given)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _from_unix(given: Decimal | None) -> datetime:
    seconds = given or Decimal(0)
    if abs(seconds) >= _MILLISECONDS_FROM:
        seconds /= 1000
    return datetime.fromtimestamp(float(seconds), UTC)


def signature(cell: Cell) -> solana.Signature:
    """Check a transaction's signature: 64 bytes in base58."""
    given = text(cell).strip()
    if not given:
        raise ValueError("no signature given")
    strange = sorted({c for c in given if c in "0OIl" or not (c.isascii() and c.isalnum())})
    if strange:
        raise ValueError(f"not base58: contains {' '.join(strange[:5])!r}")
    if len(given) not in _SIGNATURE_LENGTH:
        raise ValueError(f"not 64 bytes: {len(given)} characters, a signature has 64 to 88")
    try:
        return solana.signature(given)
    except ValueError:
        raise ValueError("not 64 bytes when decoded from base58") from None
