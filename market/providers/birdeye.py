"""Birdeye: how it is asked, how it answers, and what SOL cost in past minutes."""

from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from aura.core import http
from aura.core.errors import Garbled
from aura.core.solana import WSOL
from market.domain.prices import SolQuote, minute_of, price

# https://docs.birdeye.so/docs/compute-unit-cost
_UNITS: Final = 60


class Birdeye:
    """Reads price history by the minute; needs a key."""

    vendor = "birdeye"
    minutes_at_once = 1000

    def history(self, since: datetime, until: datetime) -> list[SolQuote]:
        """Return quotes of the minutes from `since` to `until`, at most 1,000 minutes apart."""
        answer = self._history_price(int(since.timestamp()), int(until.timestamp()))
        return parse_history(self.vendor, answer)

    # https://docs.birdeye.so/reference/get-defi-history_price
    def _history_price(self, time_from: int, time_to: int) -> Any:
        return get(
            "/defi/history_price",
            _UNITS,
            address=WSOL,
            address_type="token",
            type="1m",
            time_from=time_from,
            time_to=time_to,
        )


def get(path: str, units: int, **params: str | int) -> Any:
    """Ask Birdeye for an answer that costs so many compute units."""
    return http.request_json(
        Birdeye.vendor,
        "GET",
        settings.BIRDEYE_URL,
        path,
        params=params,
        headers={"X-API-KEY": settings.BIRDEYE_API_KEY, "x-chain": "solana"},
        credits=units,
    )


def data_of(vendor: str, what: str, answer: Any) -> Any:
    """Take an answer out of its envelope, which can say failure under HTTP 200: then Garbled."""
    if not isinstance(answer, dict) or answer.get("success") is not True:
        said = answer.get("message") if isinstance(answer, dict) else None
        words = http.quote(said) if isinstance(said, str) else ""
        raise Garbled(vendor, f"{what} failed{words}")
    return answer.get("data")


def parse_history(vendor: str, answer: Any) -> list[SolQuote]:
    """Read an answer of history_price, oldest first; points without a price are left out.

    Raises Garbled when it is no success with items.
    """
    data = data_of(vendor, "history_price", answer)
    items = data.get("items") if isinstance(data, dict) else [] if data is None else None
    if not isinstance(items, list):
        raise Garbled(vendor, "history_price answered no items")
    quotes: dict[datetime, SolQuote] = {}
    for item in items:
        quote = _quote(vendor, item)
        if quote is not None:
            quotes.setdefault(quote.at, quote)
    return [quotes[at] for at in sorted(quotes)]


def _quote(vendor: str, item: Any) -> SolQuote | None:
    if not isinstance(item, dict):
        return None
    seconds, usd = item.get("unixTime"), price(item.get("value"))
    if isinstance(seconds, bool) or not isinstance(seconds, int) or usd is None:
        return None
    if not 0 < seconds < 10**11:
        return None
    return SolQuote(minute_of(datetime.fromtimestamp(seconds, UTC)), usd, vendor)
