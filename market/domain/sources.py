"""What the market app asks of the outside world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from market.domain.prices import SolQuote, TokenName


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
