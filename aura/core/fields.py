"""Columns for exact amounts."""

from typing import Any

from django.db import models


class RawAmountField(models.DecimalField[Any, Any]):
    """Raw token units as a Python int in a NUMERIC(40, 0): a u64 does not fit a bigint."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=40, decimal_places=0)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, *_: Any) -> int | None:
        """Return an int, as the ledger counts."""
        return None if value is None else int(value)

    def deconstruct(self) -> Any:
        """Leave the fixed digits out of migrations."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits", None)
        kwargs.pop("decimal_places", None)
        return name, path, args, kwargs
