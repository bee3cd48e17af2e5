"""What the market app asks of the outside world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar, overload

from market.domain.prices import SolQuote, TokenName
from market.domain.readings import PoolReading, SafetyReading, TokenReading

Reading = TypeVar("Reading", covariant=True)


@dataclass(frozen=True, slots=True)
class Told(Sequence[Reading], Generic[Reading]):
    """What a source told, and how many of its items could not be read and were left out."""

    items: tuple[Reading, ...] = ()
    odd: int = 0

    def __len__(self) -> int:
        """Count what was read."""
        return len(self.items)

    @overload
    def __getitem__(self, at: int) -> Reading: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Reading, ...]: ...
    def __getitem__(self, at: int | slice) -> Reading | tuple[Reading, ...]:
        """Return one reading, or several."""
        return self.items[at]


class Listed(NamedTuple):
    """A mint on one of a source's lists, such as "boosts latest"."""

    mint: str
    listing: str


class MarketSource(Protocol):
    """Knows tokens' names and the present price of SOL; methods raise ProviderError."""

    vendor: str
    names_at_once: int

    def names(self, mints: Sequence[str]) -> list[TokenName]:
        """Return the names of those of up to `names_at_once` mints that the source knows."""
        ...

    def sol_quote(self, now: datetime) -> SolQuote | None:
        """Return the price of SOL in the minute of `now`; None when the source has none."""
        ...


class SolPriceHistory(Protocol):
    """Knows what SOL cost in past minutes; methods raise ProviderError."""

    vendor: str
    minutes_at_once: int

    def history(self, since: datetime, until: datetime) -> list[SolQuote]:
        """Return quotes of the minutes from `since` to `until`, as many as the source has."""
        ...


class Source(Protocol):
    """Whoever tells readings: `source` as in their terms, `vendor` as in the budgets."""

    source: str
    vendor: str


class PoolSource(Source, Protocol):
    """Knows pools; methods raise ProviderError."""

    at_once: int

    def pairs_of(self, mints: Sequence[str]) -> Told[PoolReading]:
        """Return pools in which up to `at_once` mints are the base.

        There may be none of a mint, or several; a source may know the deepest alone.
        """
        ...


class TokenSource(Source, Protocol):
    """Knows tokens over all their pools; methods raise ProviderError."""

    at_once: int

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        """Return what is known of up to `at_once` mints, at most one reading a mint.

        A reading's `safety` is what the same answer said about danger: it costs no call more.
        """
        ...


class SafetySource(Source, Protocol):
    """Judges tokens, at a call or more a mint; methods raise ProviderError."""

    at_once: int

    def safety_of(self, mints: Sequence[str]) -> Told[SafetyReading]:
        """Return what is known of the danger of up to `at_once` mints."""
        ...


class Discovery(Source, Protocol):
    """Names tokens worth a look."""

    def discovered(self) -> Told[Listed]:
        """Return the mints of its lists, those of one list in its order; one may be on several.

        A list that cannot be had is left out and counted; raises ProviderError when none can.
        """
        ...
