"""The prototype's SQLite file, opened read-only, read whole before anything is done with it."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aura.core.errors import Refused
from aura.management.prototype.tables import Kind, columns_of, kind_of

Cell = int | float | str | bytes | None

# So many bytes are read of a text or blob: more than the longest note has, four a character.
LONGEST_CELL: Final = 20_000
# How long another program's lock is waited for, in seconds.
PATIENCE: Final = 2.0
# https://www.sqlite.org/fileformat.html: the first bytes, and where the journal's kind is told
_MAGIC: Final = b"SQLite format 3\x00"
_READ_VERSION_AT: Final = 19
_WAL: Final = 2

# https://www.sqlite.org/rescode.html, by the beginning of the name
_TROUBLES: Final = (
    ("SQLITE_NOTADB", "it is no SQLite file, or it is encrypted"),
    ("SQLITE_CORRUPT", "it is damaged or cut short; `sqlite3 FILE .recover` may save the rest"),
    ("SQLITE_BUSY", "another program has locked it; stop the prototype and try again"),
    ("SQLITE_CANTOPEN", "its companion files (-wal, -journal) are missing or unreadable"),
    ("SQLITE_READONLY", "it was left in the middle of a write; open it once with the prototype"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its table, its rowid (its place where it has none), cells by our column names."""

    table: str
    number: int
    cells: Mapping[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        return self.cells.get(column)


@dataclass(slots=True)
class Contents:
    """What the file holds: rows to judge, rows to discard (counted), tables left alone."""

    tables: dict[Kind, list[str]] = field(default_factory=dict)
    rows: dict[Kind, list[Row]] = field(default_factory=dict)
    discarded: dict[str, int] = field(default_factory=dict)
    left_alone: list[str] = field(default_factory=list)


def read_file(path: Path) -> Contents:
    """Read every table of the prototype. Raises Refused for a file that is none of its kind."""
    uri = _uri(path)
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
        ) as file:
            file.text_factory = lambda raw: raw.decode("utf-8", "replace")
            # What the file's author wrote into its schema runs no function with side effects.
            file.execute("PRAGMA trusted_schema = OFF")
            # One view of all tables, also while the prototype goes on writing.
            file.execute("BEGIN")
            contents = _contents(file)
    except sqlite3.Error as error:
        raise Refused(f"{path} cannot be read: {_in_words(error)}.") from None
    if not contents.tables and not contents.discarded:
        there = ", ".join(contents.left_alone[:10]) or "no tables at all"
        raise Refused(f"{path} is not the prototype's: it holds {there}.")
    return contents


def _uri(path: Path) -> str:
    """Return the address to open; nothing is ever written, beside the file neither."""
    try:
        if not path.is_file():
            raise Refused(f"{path} is no file." if path.exists() else f"There is no file {path}.")
        with path.open("rb") as stream:
            head = stream.read(_READ_VERSION_AT + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    if not head:
        raise Refused(f"{path} is empty.")
    if not head.startswith(_MAGIC):
        raise Refused(f"{path} cannot be read: {_TROUBLES[0][1]}.")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    in_wal = head[_READ_VERSION_AT:] == bytes([_WAL])
    # A reader of a file in WAL mode would leave -wal and -shm files behind. Where there are none
    # nobody writes, and none are needed.
    is_at_rest = in_wal and not path.with_name(f"{path.name}-wal").exists()
    return f"{uri}&immutable=1" if is_at_rest else uri


def _in_words(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    said = "".join(c if c.isprintable() else "?" for c in str(error))[:200]
    return next((words for start, words in _TROUBLES if name.startswith(start)), said)


def _contents(file: sqlite3.Connection) -> Contents:
    found = Contents()
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
    for (table,) in file.execute(listed).fetchall():
        if table.startswith("sqlite_"):
            continue
        columns = [
            name for (name,) in file.execute("SELECT name FROM pragma_table_info(?)", [table])
        ]
        kind = kind_of(table, columns)
        if kind is None:
            found.left_alone.append(table)
        elif kind is Kind.DISCARDED:
            (count,) = file.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()  # noqa: S608  # quoted
            found.discarded[table] = count
        else:
            found.tables.setdefault(kind, []).append(table)
            rows = found.rows.setdefault(kind, [])
            rows.extend(_rows(file, table, columns_of(kind, columns)))
    return found


def _rows(file: sqlite3.Connection, table: str, columns: Mapping[str, str]) -> Iterator[Row]:
    """Read a table in the order of its rowids."""
    shortened = [_shortened(_quoted(theirs)) for theirs in columns.values()]
    for place, (rowid, *cells) in enumerate(_select(file, table, shortened), start=1):
        number = rowid if isinstance(rowid, int) else place
        yield Row(table, number, dict(zip(columns, cells, strict=True)))


def _select(file: sqlite3.Connection, table: str, cells: Sequence[str]) -> sqlite3.Cursor:
    wanted = "".join(f", {cell}" for cell in cells)
    try:
        return file.execute(f"SELECT rowid{wanted} FROM {_quoted(table)} ORDER BY rowid")  # noqa: S608  # quoted
    except sqlite3.OperationalError:
        # A table WITHOUT ROWID; whatever else is wrong with it is said by this one.
        return file.execute(f"SELECT NULL{wanted} FROM {_quoted(table)}")  # noqa: S608  # quoted


def _shortened(column: str) -> str:
    """Ask for the first bytes of a text or blob: substr() of a text would end at a NUL."""
    first = f"substr(CAST({column} AS BLOB), 1, {LONGEST_CELL})"
    return (
        f"CASE typeof({column}) WHEN 'text' THEN CAST({first} AS TEXT) "
        f"WHEN 'blob' THEN {first} ELSE {column} END"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
