"""What is known of a token: a value that can be believed, who told it, and when."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Generic, Protocol, TypeVar

from market.domain.figures import number, worth

LEAST: Final = Decimal(10) ** -9
STEEPEST: Final = Decimal(10) ** 6
# Solana's first block.
_GENESIS: Final = datetime(2020, 3, 16, tzinfo=UTC)

T = TypeVar("T")


class Reading(Protocol):
    """What every reading has."""

    @property
    def source(self) -> str:
        """Who tells it."""
        ...

    @property
    def read_at(self) -> datetime:
        """When it was read."""
        ...


R = TypeVar("R", bound=Reading)


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value, who told it and when."""

    value: T
    source: str
    read_at: datetime


def first(readings: Iterable[R], pick: Callable[[R], T | None]) -> Known[T] | None:
    """Return the first value that is there, of readings in the order of trust."""
    for one in readings:
        if (value := pick(one)) is not None:
            return Known(value, one.source, one.read_at)
    return None


def amount(given: object) -> Decimal | None:
    """Believe a positive amount of coins or USD; less than a billionth is as unknown as none."""
    read = worth(given)
    return read if read is not None and read >= LEAST else None


def change(given: object) -> Decimal | None:
    """Believe a change as a fraction: nothing loses more than everything."""
    read = number(given)
    return read if read is not None and -1 <= read <= STEEPEST else None


def flag(given: object) -> bool | None:
    """Believe what is either true or false."""
    return given if isinstance(given, bool) else None


def moment(given: datetime | None, at: datetime) -> datetime | None:
    """Believe a moment between Solana's first block and `at`."""
    return given if given is not None and _GENESIS <= given <= at else None
