"""What a token is called and what SOL costs: values, and how a vendor's text becomes one."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

SYMBOL_LENGTH: Final = 32
NAME_LENGTH: Final = 96
URL_LENGTH: Final = 500
# What a column of prices holds: ten digits before the point.
_HIGHEST: Final = Decimal(10) ** 10
_STEP: Final = Decimal("0.00000001")

# Control, format (bidirectional marks, zero-width), surrogate, private and unassigned characters,
# and line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters that show nothing: the Hangul fillers and the Braille blank.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


@dataclass(frozen=True, slots=True)
class SolQuote:
    """The price of one SOL in USD in the minute `at`."""

    at: datetime
    usd: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class TokenName:
    """What a source calls a mint. Anyone can choose these words: show them, never trust them."""

    mint: str
    symbol: str
    name: str
    image_url: str


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute of an aware moment, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def price(given: object) -> Decimal | None:
    """Read a price from a string, an int or a Decimal; None for anything but a positive number.

    Missing is not zero: an absent, null, zero, negative, infinite or too large price is None.
    Rounded to eight places.
    """
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        return None
    if isinstance(given, str) and len(given) > 80:
        return None
    try:
        number = Decimal(given)
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 < number < _HIGHEST:
        return None
    return number.quantize(_STEP) or None


def plain(given: object, length: int) -> str:
    """Return text fit to show: no invisible or direction-changing characters, one line, capped.

    Stacked combining marks are cut to three a letter, for they would paint over other rows.
    """
    if not isinstance(given, str):
        return ""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", given[: length * 8]):
        kind = unicodedata.category(character)
        if kind in _UNSEEN or character in _BLANK:
            kept.append(" " if kind in ("Zl", "Zp") or character in "\t\n\r" else "")
            continue
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= 3:
            kept.append(character)
    return " ".join("".join(kept).split())[:length].strip()


def https_url(given: object) -> str:
    """Return an https address as it is, or nothing: no other scheme is ever put in a page."""
    if not isinstance(given, str) or len(given) > URL_LENGTH or not given.isascii():
        return ""
    is_clean = given.isprintable() and not any(c in given for c in " \"'<>\\")
    return given if is_clean and given.startswith("https://") and "/" in given[9:] else ""
