"""What a parser expects of a vendor's answer, as data, and where an answer differs from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_NAMES = {int: "int", str: "string", bool: "bool", Decimal: "decimal", dict: "object", list: "list"}


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of several shapes; None among them allows null, `missing` allows the field's absence."""

    shapes: tuple[Any, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A list of one shape that holds at least one item, without which nothing is compared."""

    shape: Any


@dataclass(frozen=True, slots=True)
class Check:
    """One endpoint of a vendor: a metered call of it, and the shape our parser expects.

    `call` takes nothing and returns parsed JSON. A shape is a type (`int`, `str`, `bool`, `dict`,
    `list`), a list of one shape or `Filled` with it, a mapping of field names to shapes, a `OneOf`,
    or None for null.
    """

    name: str
    call: Callable[[], Any]
    shape: Any


NUMBER = OneOf((int, Decimal))


def nullable(shape: Any) -> OneOf:
    """Return the shape, or null."""
    return OneOf((shape, None))


def optional(shape: Any) -> OneOf:
    """Return the shape, null, or no such field."""
    return OneOf((shape, None), missing=True)


def differences(value: Any, shape: Any, at: str = "") -> list[str]:
    """Name every field that is missing, null or of another type than the shape says.

    Fields the shape does not name are no difference. A list's items are told of once, as `[]`.
    """
    if isinstance(shape, OneOf):
        found = [differences(value, one, at) for one in shape.shapes]
        return [] if [] in found else found[0]
    if isinstance(shape, Mapping):
        return _of_object(value, shape, at)
    if isinstance(shape, list | Filled):
        return _of_list(value, shape, at)
    if shape is None:
        return [] if value is None else [_other(value, "null", at)]
    # type(), because a bool is an int to isinstance
    return [] if type(value) is shape else [_other(value, _NAMES[shape], at)]


def _of_list(value: Any, shape: list[Any] | Filled, at: str) -> list[str]:
    if not isinstance(value, list):
        return [_other(value, "list", at)]
    if not value and isinstance(shape, Filled):
        return [f"{at or 'the answer'} is empty: nothing to compare"]
    inner = shape.shape if isinstance(shape, Filled) else shape[0]
    found = [differences(item, inner, f"{at}[]") for item in value]
    return list(dict.fromkeys(line for lines in found for line in lines))


def _of_object(value: Any, shape: Mapping[str, Any], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [_other(value, "object", at)]
    found = []
    for name, inner in shape.items():
        place = f"{at}.{name}" if at else name
        if name in value:
            found += differences(value[name], inner, place)
        elif not (isinstance(inner, OneOf) and inner.missing):
            found.append(f"{place} is missing")
    return found


def _other(value: Any, expected: str, at: str) -> str:
    place = at or "the answer"
    if value is None:
        return f"{place} is null, expected {expected}"
    return f"{place} is {_NAMES.get(type(value), type(value).__name__)}, expected {expected}"
