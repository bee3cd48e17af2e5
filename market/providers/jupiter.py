"""Jupiter: tokens over all their pools, with organic volume and an audit; no key is needed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.conf import settings

from aura.core import clock, http
from aura.core.errors import Garbled
from aura.core.solana import WSOL
from market.domain import figures, prices
from market.domain.figures import inner
from market.domain.prices import (
    NAME_LENGTH,
    SYMBOL_LENGTH,
    SolQuote,
    TokenName,
    https_url,
    minute_of,
    plain,
)
from market.domain.readings import Activity, SafetyReading, Span, TokenReading
from market.domain.sources import Listed, Told
from market.providers.gathering import OddError, from_lists, gathered, listed

# https://dev.jup.ag/docs/tokens/v2/token-information
CATEGORIES: Final = ("toptraded", "toptrending", "toporganicscore")
INTERVALS: Final = ("5m", "1h", "6h", "24h")
_LIST_LENGTH: Final = 100
# https://dev.jup.ag/portal/rate-limit: credits a call
_SEARCH, _CATEGORY, _RECENT, _PRICE = 10, 5, 1, 1
_LAUNCHPAD_LENGTH: Final = 32
_SPANS: Final[Mapping[Span, str]] = {
    "5m": "stats5m",
    "1h": "stats1h",
    "6h": "stats6h",
    "24h": "stats24h",
}


class Jupiter:
    """Reads tokens, twice as often with a key as without one."""

    vendor = source = "jupiter"
    # https://dev.jup.ag/docs/tokens/v2/token-information: up to 100 mints a search
    names_at_once = at_once = 100
    # https://dev.jup.ag/docs/price/v3: up to 50 mints
    prices_at_once = 50

    def tokens_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        """Return what is known of up to 100 mints, each with its audit as `safety`."""
        asked = mints[: self.at_once]
        answer = self._search(asked) if asked else []
        return parse_tokens(self.vendor, answer, clock.now(), of=asked)

    def prices_of(self, mints: Sequence[str]) -> Told[TokenReading]:
        """Return price and liquidity of up to 50 mints; one without a sure price is missing."""
        asked = mints[: self.prices_at_once]
        answer = self._prices(asked) if asked else {}
        return parse_prices(self.vendor, answer, clock.now(), of=asked)

    def names(self, mints: Sequence[str]) -> list[TokenName]:
        """Return the names of those of up to 100 mints that Jupiter knows."""
        asked = mints[: self.names_at_once]
        return parse_names(self.vendor, self._search(asked), asked) if asked else []

    def sol_quote(self, now: datetime) -> SolQuote | None:
        """Return the price of SOL in the minute of `now`."""
        for token in self.prices_of([WSOL]):
            usd = prices.price(token.price_usd)
            if usd is not None:
                return SolQuote(minute_of(now), usd, self.vendor)
        return None

    def discovered(self) -> Told[Listed]:
        """Return the mints of its thirteen lists: three kinds over four spans, and new ones."""
        lists = {
            f"{category} {interval}": partial(self._top_mints, category, interval)
            for category in CATEGORIES
            for interval in INTERVALS
        }
        return from_lists({**lists, "recent": self._recent_mints})

    def _top_mints(self, category: str, interval: str) -> Told[str]:
        return parse_mints(self.vendor, self._top(category, interval))

    def _recent_mints(self) -> Told[str]:
        return parse_mints(self.vendor, self._recent())

    # https://dev.jup.ag/api-reference/tokens/v2/search
    def _search(self, mints: Sequence[str]) -> Any:
        return get("/tokens/v2/search", _SEARCH, query=",".join(mints))

    # https://dev.jup.ag/api-reference/tokens/v2/category
    def _top(self, category: str, interval: str) -> Any:
        return get(f"/tokens/v2/{category}/{interval}", _CATEGORY, limit=_LIST_LENGTH)

    # https://dev.jup.ag/api-reference/tokens/v2/recent
    def _recent(self) -> Any:
        return get("/tokens/v2/recent", _RECENT)

    # https://dev.jup.ag/api-reference/price/v3/price
    def _prices(self, mints: Sequence[str]) -> Any:
        return get("/price/v3", _PRICE, ids=",".join(mints))


def get(path: str, cost: int, **params: str | int) -> Any:
    """Ask Jupiter, with the key where there is one: without it the keyless tier answers."""
    key = settings.JUPITER_API_KEY
    return http.request_json(
        Jupiter.vendor,
        "GET",
        settings.JUPITER_URL,
        path,
        params=params,
        headers={"x-api-key": key} if key else {},
        credits=cost,
    )


def parse_tokens(
    vendor: str, answer: Any, now: datetime, *, of: Collection[str] | None = None
) -> Told[TokenReading]:
    """Read a list of tokens, those of the mints `of` or all."""

    def read(item: Any) -> TokenReading | None:
        mint = _mint(item)
        return None if of is not None and mint not in of else _token(mint, item, now)

    items = listed(vendor, "tokens", answer)
    return gathered(vendor, "tokens", items, read, needed=lambda token: token.price_usd)


def _mint(item: Any) -> str:
    mint = figures.key(item.get("id")) if isinstance(item, dict) else ""
    if not mint:
        raise OddError("a token without its mint")
    return mint


def _token(mint: str, item: Mapping[str, Any], now: datetime) -> TokenReading:
    return TokenReading(
        source="jupiter",
        mint=mint,
        read_at=now,
        price_usd=figures.price(item.get("usdPrice")),
        liquidity_usd=figures.worth(item.get("liquidity")),
        market_cap_usd=figures.worth(item.get("mcap")),
        supply=figures.worth(item.get("totalSupply")),
        decimals=figures.count(item.get("decimals")),
        holders=figures.several(item.get("holderCount")),
        opened_at=figures.at_iso(inner(item, "firstPool").get("createdAt"), now),
        graduated_at=figures.at_iso(item.get("graduatedAt"), now),
        launchpad=plain(item.get("launchpad"), _LAUNCHPAD_LENGTH),
        activity=_activity(item),
        safety=_safety(mint, item, now),
    )


def _activity(item: Mapping[str, Any]) -> dict[Span, Activity]:
    """Read what happened in each span.

    `buyers` and `sellers` stay unknown: numTraders counts both sides together, numOrganicBuyers
    leaves out whom Jupiter takes for bots, and numNetBuyers is who bought more than they sold.
    """
    found: dict[Span, Activity] = {}
    for span, name in _SPANS.items():
        stats = inner(item, name)
        bought, sold = (
            figures.volume(stats.get("buyVolume")),
            figures.volume(stats.get("sellVolume")),
        )
        activity = Activity(
            volume_usd=None if bought is None or sold is None else bought + sold,
            buy_usd=bought,
            sell_usd=sold,
            organic_buy_usd=figures.volume(stats.get("buyOrganicVolume")),
            organic_sell_usd=figures.volume(stats.get("sellOrganicVolume")),
            buys=figures.count(stats.get("numBuys")),
            sells=figures.count(stats.get("numSells")),
            change=figures.change_of_percent(stats.get("priceChange")),
            holder_change=figures.change_of_percent(stats.get("holderChange")),
        )
        if activity != Activity():
            found[span] = activity
    return found


def _safety(mint: str, item: Mapping[str, Any], now: datetime) -> SafetyReading | None:
    """Read the audit; None when it says nothing. Its top holders leave pools out."""
    audit = inner(item, "audit")
    reading = SafetyReading(
        source="jupiter",
        mint=mint,
        read_at=now,
        can_mint=_may(audit.get("mintAuthorityDisabled"), item.get("mintAuthority")),
        can_freeze=_may(audit.get("freezeAuthorityDisabled"), item.get("freezeAuthority")),
        top10_share=figures.share_of_percent(audit.get("topHoldersPercentage")),
        dev_share=figures.share_of_percent(audit.get("devBalancePercentage")),
        holders=figures.several(item.get("holderCount")),
        creator=figures.key(item.get("dev")),
        risks=("suspicious",) if audit.get("isSus") is True else (),
    )
    is_silent = reading == SafetyReading("jupiter", mint, now, holders=reading.holders)
    return None if is_silent else reading


def _may(is_disabled: object, authority: object) -> bool | None:
    """Say whether an authority stands; the field is there only for some tokens."""
    if isinstance(is_disabled, bool):
        return not is_disabled
    return True if figures.key(authority) else None


def parse_prices(
    vendor: str, answer: Any, now: datetime, *, of: Collection[str]
) -> Told[TokenReading]:
    """Read prices by mint; a mint without a price or not asked for is left out."""
    if not isinstance(answer, dict):
        raise Garbled(vendor, "prices answered no object")

    def read(item: tuple[str, Any]) -> TokenReading | None:
        mint, told = item
        if mint not in of or told is None:
            return None
        usd = figures.price(told.get("usdPrice")) if isinstance(told, dict) else None
        if usd is None:
            raise OddError("a mint without its price")
        liquidity = figures.worth(told.get("liquidity"))
        return TokenReading("jupiter", mint, now, usd, liquidity)

    return gathered(vendor, "prices", answer.items(), read)


def parse_mints(vendor: str, answer: Any) -> Told[str]:
    """Read the mints of a list of tokens, in its order."""
    return gathered(vendor, "list", listed(vendor, "list", answer), _mint)


def parse_names(vendor: str, answer: Any, asked: Collection[str]) -> list[TokenName]:
    """Read what Jupiter calls the mints asked about."""

    def read(item: Any) -> TokenName | None:
        mint = _mint(item)
        symbol, name = (
            plain(item.get("symbol"), SYMBOL_LENGTH),
            plain(item.get("name"), NAME_LENGTH),
        )
        if mint not in asked or not (symbol or name):
            return None
        return TokenName(mint, symbol, name, https_url(item.get("icon")))

    return list(gathered(vendor, "tokens", listed(vendor, "tokens", answer), read))
