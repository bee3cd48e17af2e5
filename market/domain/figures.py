"""How a vendor's figure becomes ours: exact, within what is possible, or not known.

A figure may be missing, null, NaN, negative, text or huge. None stands for all of these; nothing
is ever taken for zero.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from aura.core.solana import address

# Eighteen digits tell any price or amount; a vendor's float has no more.
_EXACT: Final = Context(prec=18, traps=[])
_LONGEST: Final = 80
_MOST: Final = Decimal(10) ** 15
_HIGHEST_PRICE: Final = Decimal(10) ** 10
_LOWEST_PRICE: Final = Decimal(10) ** -18
_HUNDRED: Final = Decimal(100)
# A price that rose a millionfold within a day is a mistake.
_STEEPEST: Final = Decimal(10) ** 6
# Solana's first block; what lies before it was told in another unit.
_FIRST: Final = datetime(2020, 3, 16, tzinfo=UTC)
_CLOCKS_DIFFER: Final = timedelta(hours=1)


def number(given: object) -> Decimal | None:
    """Read any finite number from an int, a Decimal or text, to eighteen digits."""
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        return None
    if isinstance(given, str) and len(given) > _LONGEST:
        return None
    try:
        read = _EXACT.plus(Decimal(given))
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def price(given: object) -> Decimal | None:
    """Read the price of one coin: positive, from 10⁻¹⁸ to under 10¹⁰."""
    read = number(given)
    return read if read is not None and _LOWEST_PRICE <= read < _HIGHEST_PRICE else None


def worth(given: object) -> Decimal | None:
    """Read a liquidity, market value, supply or reserve: zero is as unknown as none at all."""
    read = number(given)
    return read if read is not None and 0 < read < _MOST else None


def volume(given: object) -> Decimal | None:
    """Read what was traded: zero is possible and told."""
    read = number(given)
    return abs(read) if read is not None and 0 <= read < _MOST else None


def count(given: object) -> int | None:
    """Read a whole number of things, zero among them."""
    read = number(given)
    if read is None or not 0 <= read < _MOST or read != read.to_integral_value():
        return None
    return int(read)


def several(given: object) -> int | None:
    """Read a number of holders: a traded token without any is one nobody has counted."""
    return count(given) or None


def share(given: object) -> Decimal | None:
    """Read a fraction from 0 to 1."""
    read = number(given)
    return abs(read) if read is not None and 0 <= read <= 1 else None


def share_of_percent(given: object) -> Decimal | None:
    """Read a fraction from 0 to 1 told in per cent."""
    read = number(given)
    return None if read is None else share(read / _HUNDRED)


def change_of_percent(given: object) -> Decimal | None:
    """Read a change told in per cent as a fraction, not below -1."""
    read = number(given)
    if read is None:
        return None
    change = read / _HUNDRED
    return change if -1 <= change <= _STEEPEST else None


def at_seconds(given: object, now: datetime) -> datetime | None:
    """Read a moment in Unix seconds that lies between Solana's first block and `now`."""
    read = number(given)
    if read is None or not 0 < read < 10**11:
        return None
    return _possible(datetime.fromtimestamp(int(read), UTC), now)


def at_milliseconds(given: object, now: datetime) -> datetime | None:
    """Read a moment in Unix milliseconds, as `at_seconds`."""
    read = number(given)
    return None if read is None else at_seconds(read / 1000, now)


def at_iso(given: object, now: datetime) -> datetime | None:
    """Read a moment in ISO 8601; without an offset it is UTC."""
    if not isinstance(given, str) or len(given) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(given)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _possible(moment.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None


def _possible(moment: datetime, now: datetime) -> datetime | None:
    return moment if _FIRST <= moment <= now + _CLOCKS_DIFFER else None


def key(given: object) -> str:
    """Read an address; empty when it is none."""
    try:
        return address(given)
    except ValueError:
        return ""


def inner(given: object, name: str) -> Mapping[str, Any]:
    """Return the object in a field; an empty one when there is none."""
    found = given.get(name) if isinstance(given, dict) else None
    return found if isinstance(found, dict) else {}
