"""JSON without floats: integers stay integers, decimals become Decimal, NaN is refused."""

import json
from decimal import Decimal
from typing import Any, NoReturn


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a number")


def loads(text: str | bytes) -> Any:
    """Parse JSON with exact decimals.

    Raises ValueError for malformed text, for NaN and Infinity (which `json.loads` would
    return as floats even with `parse_float`), for numbers too long to convert and for nesting
    too deep to follow.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any) -> str:
    """Write JSON in one canonical way: sorted keys, no spaces, decimals as strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, allow_nan=False)
