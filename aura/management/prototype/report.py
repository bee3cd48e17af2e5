"""What became of every row: counts a table, and each refused or altered row with its reason."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from aura.management.prototype.cells import shown
from aura.management.prototype.file import Cell, Contents, Row
from aura.management.prototype.tables import Kind

REFUSED: Final = "refused"
IN_PART: Final = "taken in part"


@dataclass(slots=True)
class Tally:
    """Counts of one table; what is in none of the last three was not reached."""

    rows: int = 0
    taken: int = 0
    already_there: int = 0
    refused: int = 0

    @property
    def not_reached(self) -> int:
        """How many of its rows nothing was decided about."""
        return self.rows - self.taken - self.already_there - self.refused


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that was refused, or taken without one of its values."""

    outcome: str
    row: Row
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.row.table} row {self.row.number}: {self.value}: {self.reason}"


@dataclass(slots=True)
class Report:
    """Collects what becomes of the rows of a file."""

    contents: Contents
    is_dry_run: bool
    tallies: dict[str, Tally] = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _lacking: dict[tuple[str, int], list[Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tallies = {
            table: Tally() for tables in self.contents.tables.values() for table in tables
        }
        for rows in self.contents.rows.values():
            for row in rows:
                self.tallies[row.table].rows += 1

    @property
    def taken(self) -> int:
        """How many rows were taken, of all tables."""
        return sum(tally.taken for tally in self.tallies.values())

    @property
    def not_reached(self) -> int:
        """How many rows nothing was decided about."""
        return sum(tally.not_reached for tally in self.tallies.values())

    def take(self, row: Row) -> None:
        """Count a row that is new, and tell what of it is not as in the file."""
        self.tallies[row.table].taken += 1
        self.entries += self._lacking.pop((row.table, row.number), [])

    def leave(self, row: Row) -> None:
        """Count a row that was there before."""
        self.tallies[row.table].already_there += 1

    def refuse(self, row: Row, value: Cell, reason: str) -> None:
        """Count a row that is not taken, with the value that is the cause."""
        self.tallies[row.table].refused += 1
        self.entries.append(Entry(REFUSED, row, shown(value), reason.rstrip(".")))

    def alter(self, row: Row, value: Cell, what: str) -> None:
        """Note what of a row is not as in the file; it is told if the row is taken."""
        entry = Entry(IN_PART, row, shown(value), what.rstrip("."))
        self._lacking.setdefault((row.table, row.number), []).append(entry)

    def lines(self) -> Iterator[str]:
        """Tell everything, for a person to read."""
        yield from self._table()
        if self.contents.discarded:
            told = ", ".join(f"{shown(t)} {n:,}" for t, n in self.contents.discarded.items())
            yield f"discarded, AURA computes its own figures (rows): {told}"
        if self.contents.left_alone:
            yield f"left alone, not known: {', '.join(map(shown, self.contents.left_alone))}"
        wanted = [kind for kind in Kind if kind is not Kind.DISCARDED]
        if missing := [kind.value for kind in wanted if kind not in self.contents.tables]:
            yield f"not in the file: {', '.join(missing)}"
        yield from self.remarks
        for outcome in (IN_PART, REFUSED):
            entries = [entry for entry in self._in_order() if entry.outcome == outcome]
            if entries:
                yield f"{'would be ' * self.is_dry_run}{outcome} ({len(entries):,}):"
            yield from (f"  {entry}" for entry in entries)

    def _in_order(self) -> list[Entry]:
        """Return the entries in the file's order."""
        places = {table: place for place, table in enumerate(self.tallies)}
        return sorted(self.entries, key=lambda e: (places[e.row.table], e.row.number))

    def _table(self) -> Iterator[str]:
        would = "would be " if self.is_dry_run else ""
        heads = ["table", "rows", f"{would}taken", "already there", f"{would}refused"]
        body = [
            [shown(name), *(f"{n:,}" for n in (t.rows, t.taken, t.already_there, t.refused))]
            for name, t in self.tallies.items()
        ]
        if self.not_reached:
            heads.append("not reached")
            for line, tally in zip(body, self.tallies.values(), strict=True):
                line.append(f"{tally.not_reached:,}")
        widths = [max(map(len, column)) for column in zip(heads, *body, strict=True)]
        for first, *counts in [heads, *body]:
            cells = [c.rjust(w) for c, w in zip(counts, widths[1:], strict=True)]
            yield "  ".join([first.ljust(widths[0]), *cells])

    def write_csv(self, to: IO[str]) -> None:
        """Write every row that was refused or taken in part."""
        writer = csv.writer(to)
        writer.writerow(["table", "row", "outcome", "value", "reason"])
        for entry in self._in_order():
            row = entry.row
            writer.writerow([row.table, row.number, entry.outcome, entry.value, entry.reason])
