"""Pool states for gradings, written by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

CALLED = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
LATER = CALLED + timedelta(days=3)


class Seen(NamedTuple):
    """A pool's reserves in whole coins as a source told them."""

    at: datetime
    base: Decimal | None
    quote: Decimal | None
    quote_usd: Decimal | None = Decimal(100)
    pool: str = "pool"
    venue: str = "Raydium AMM v4"
    source: str = "dexscreener"


def seen(seconds: float, base: Any, quote: Any, **rest: Any) -> Seen:
    """A state so many seconds after the call; amounts as text or whole numbers."""
    if "quote_usd" in rest:
        rest["quote_usd"] = Decimal(rest["quote_usd"])
    return Seen(CALLED + timedelta(seconds=seconds), Decimal(base), Decimal(quote), **rest)


def held(
    since: float, until: float, base: Any, quote: Any, every: float = 120, **rest: Any
) -> list[Seen]:
    """The same reserves read again and again: a pool nobody trades keeps its price."""
    count = int((until - since) // every) + 1
    return [seen(since + i * every, base, quote, **rest) for i in range(count)]
