"""A table written as CSV or JSON, piece by piece: exact numbers, units in the names, no formulas.

Every amount is text, so that no reader rounds it; a count is a number.
"""

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Cell = str | int | bool | None
Row = Sequence[Cell]

# So many characters are collected before they are sent.
_PIECE: Final = 32_768
# What a spreadsheet takes for a formula, and the wide forms some of them take for the same:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name with the unit, and whether it holds what somebody else wrote."""

    name: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file says of itself: its table, when it was made, its columns and its ceiling."""

    table: str
    made_at: str
    columns: Sequence[Column]
    ceiling: int


def scaled(raw: int, decimals: int) -> str:
    """Write an integer of smallest units as the exact decimal, all its places kept."""
    digits = str(abs(raw)).rjust(decimals + 1, "0")
    sign = "-" if raw < 0 else ""
    if not decimals:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def guarded(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: it then begins with an apostrophe."""
    begins = text.lstrip()
    risky = begins.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if risky else text


def csv_pieces(
    head: Heading, rows: Iterable[Row], *, cut: Callable[[Row], str]
) -> Generator[str, None, None]:
    """Write a header line and one line a row (RFC 4180); a last line says when it was cut off.

    `rows` may hold more than the ceiling: what is over it is not written, and `cut`, given the
    last row written, says so.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in head.columns])
    risky = [number for number, column in enumerate(head.columns) if column.is_text]
    last: Row = ()
    for number, row in enumerate(rows):
        if number == head.ceiling:
            writer.writerow([cut(last)])
            break
        writer.writerow(_csv_cells(row, risky))
        last = row
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    yield _taken(buffer)


def _csv_cells(row: Row, risky: Sequence[int]) -> list[Cell]:
    cells = [str(cell).lower() if isinstance(cell, bool) else cell for cell in row]
    for number in risky:
        cells[number] = guarded(str(cells[number] or ""))
    return cells


def json_pieces(
    head: Heading, rows: Iterable[Row], *, cut: Callable[[Row], str]
) -> Generator[str, None, None]:
    """Write one object: the table's name, when it was made, its rows as objects, and the end.

    The end tells how many rows there are, whether they are all (`complete`), and if not why.
    """
    buffer = io.StringIO()
    names = [column.name for column in head.columns]
    opening = json.dumps({"table": head.table, "made_at": head.made_at, "columns": names})
    buffer.write(f'{opening[:-1]}, "rows": [')
    last: Row = ()
    note, written = "", 0
    for row in rows:
        if written == head.ceiling:
            note = cut(last)
            break
        buffer.write(",\n" if written else "\n")
        buffer.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        last, written = row, written + 1
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    ending = {"row_count": written, "complete": not note, "note": note or None}
    buffer.write(f"\n], {json.dumps(ending)[1:]}\n")
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
