"""The chain of the record: each entry's hash covers the entry before it, so none changes unseen.

    hash = SHA-256( hash of the entry before, 64 hex digits + canonical JSON of the body )

The first entry follows 64 zeros. The root of a day is the hash of its last entry: it covers that
day and all before. Anyone who kept a root can tell whether the record was rewritten since.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any, Final

GENESIS: Final = "0" * 64
FORMAT: Final = "aura-record-1"
# Past this a reader that keeps numbers as doubles reads another number.
_EXACT: Final = 2**53


class NotCanonical(ValueError):
    """A value has no one way to be written: it is not recorded."""


def canonical(value: Any) -> str:
    """Write JSON in the one way that is hashed: sorted keys, no spaces, ASCII.

    Raises NotCanonical for what another reader would not read as the same: NaN, Infinity,
    integers past 2^53, keys that are no strings, and types JSON does not have.
    Exact amounts are given as strings.
    """
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check(value: Any) -> None:
    if isinstance(value, list | tuple):
        for part in value:
            _check(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"{key!r} is no name of a field")
            _check(part)
    elif isinstance(value, int | float):
        _check_number(value)
    elif value is not None and not isinstance(value, str):
        raise NotCanonical(f"{type(value).__name__} is not JSON")


def _check_number(value: float) -> None:
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise NotCanonical(f"{value} is too long for a number: give it as a string")
    elif not isfinite(value):
        raise NotCanonical(f"{value} is not a number every reader knows")


def digest(text: str | bytes) -> str:
    """Return the SHA-256 of a text, in hex."""
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def link(prev_hash: str, body: str) -> str:
    """Return the hash of an entry with this body after the entry of that hash."""
    return digest(prev_hash + body)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link as it is stored or exported."""

    no: int
    prev_hash: str
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold: the entry, which of its fields, and what is wrong."""

    no: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"entry {self.no}, {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Link:
    """An entry that holds, with its body read."""

    entry: Entry
    values: dict[str, Any]


def walk(entries: Iterable[Entry]) -> Iterator[Link | Break]:
    """Yield every entry that holds, in order; at the first that does not, a Break and no more.

    The next entry tells whether a body or a hash was changed: it repeats the hash.
    """
    head, expected = GENESIS, 1
    coming = iter(entries)
    entry = next(coming, None)
    while entry is not None:
        after = next(coming, None)
        found = _break_of(entry, head, expected, after)
        if found is not None:
            yield found
            return
        values = _values(entry)
        if isinstance(values, Break):
            yield values
            return
        yield Link(entry, values)
        head, expected, entry = entry.hash, expected + 1, after


def _break_of(entry: Entry, head: str, expected: int, after: Entry | None) -> Break | None:
    if entry.no != expected:
        return Break(expected, "no", f"missing: entry {entry.no} stands in its place")
    if entry.prev_hash != head:
        return Break(entry.no, "prev_hash", f"is {entry.prev_hash}, the entry before has {head}")
    made = link(entry.prev_hash, entry.body)
    if made == entry.hash:
        return None
    if after is not None and after.prev_hash == made:
        return Break(entry.no, "hash", f"is {entry.hash}, the entry makes {made}")
    return Break(entry.no, "body", f"makes {made}, the recorded hash is {entry.hash}")


def _values(entry: Entry) -> dict[str, Any] | Break:
    """Read a body; it must be canonical, name its own number, and be an object."""
    try:
        values = json.loads(entry.body)
        if not isinstance(values, dict) or canonical(values) != entry.body:
            return Break(entry.no, "body", "is not canonical JSON of an object")
    except (ValueError, RecursionError) as error:
        return Break(entry.no, "body", f"cannot be read: {error}")
    if values.get("no") != entry.no:
        return Break(entry.no, "body.no", f"is {values.get('no')}")
    return values


def day_of(values: dict[str, Any]) -> str:
    """Return the day of an entry, in UTC, as YYYY-MM-DD."""
    return str(values.get("at", ""))[:10]


def export_lines(links: Iterable[Link], *, world: str) -> Iterator[str]:
    """Yield the record as JSON Lines: a head, every entry, and after each day its root."""
    yield canonical({"format": FORMAT, "world": world})
    day, head = "", GENESIS
    for one in links:
        if day and day_of(one.values) != day:
            yield canonical({"day": day, "root": head})
        day, head = day_of(one.values), one.entry.hash
        entry = one.entry
        yield canonical(
            {"no": entry.no, "prev_hash": entry.prev_hash, "body": entry.body, "hash": entry.hash}
        )
    if day:
        yield canonical({"day": day, "root": head})


@dataclass(frozen=True, slots=True)
class Root:
    """A line of an exported file that names a day's root, and the last entry before it."""

    day: str
    hash: str
    after: int


def read_export(lines: Iterable[str]) -> Iterator[Entry | Root]:
    """Read an exported file; ValueError, naming the line, for what is none of this form."""
    last = 0
    for number, line in enumerate(lines, start=1):
        try:
            values = json.loads(line)
            if number == 1:
                if values["format"] != FORMAT:
                    raise ValueError(f"format {values['format']!r} is not {FORMAT}")
            elif "root" in values:
                yield Root(str(values["day"]), str(values["root"]), last)
            else:
                last = int(values["no"])
                named = (str(values[name]) for name in ("prev_hash", "body", "hash"))
                yield Entry(last, *named)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"line {number}: {error}") from None
