"""The spans of time figures are worked out over."""

from datetime import datetime, timedelta
from enum import StrEnum


class Window(StrEnum):
    """How far back a figure looks."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"

    @property
    def length(self) -> timedelta | None:
        """How long it is; None for all there is."""
        return _LENGTHS[self]

    def since(self, now: datetime) -> datetime | None:
        """Return the moment after which something counts; None: always."""
        length = self.length
        return None if length is None else now - length


_LENGTHS = {
    Window.DAY: timedelta(hours=24),
    Window.WEEK: timedelta(days=7),
    Window.MONTH: timedelta(days=30),
    Window.ALL: None,
}
