"""Many rows in one statement: inserted, or brought together with the row that is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, models

# A statement stays a few megabytes long.
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Upsert:
    """How rows of a model go in.

    `types` names the columns written and their PostgreSQL types; `key` are those of the unique
    constraint; `merged` says in SQL what becomes of a column of a row that is there (`old` is that
    row, `excluded` the new one), every other column is replaced; `only_if` is a condition for it.
    """

    model: type[models.Model]
    types: Mapping[str, str]
    key: Sequence[str]
    merged: Mapping[str, str]
    only_if: str = ""

    def run(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, each with its values in the order of `types`, none twice under one key."""
        with connection.cursor() as cursor:
            for start in range(0, len(rows), _AT_ONCE):
                batch = rows[start : start + _AT_ONCE]
                columns = [list(values) for values in zip(*batch, strict=True)]
                cursor.execute(self._statement(), columns)

    def _statement(self) -> str:
        name = connection.ops.quote_name
        given = ", ".join(f"%s::{of}[]" for of in self.types.values())
        changed = ", ".join(
            f"{column} = {self.merged.get(column, f'excluded.{column}')}"
            for column in self.types
            if column not in self.key
        )
        condition = f" WHERE {self.only_if}" if self.only_if else ""
        return (
            f"INSERT INTO {name(self.model._meta.db_table)} AS old ({', '.join(self.types)})"  # noqa: S608  # our own table and columns
            f" SELECT * FROM unnest({given})"
            f" ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {changed}{condition}"
        )
