"""DexScreener: pools with their activity, tokens that paid to be seen, names, and SOL's price."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.conf import settings

from aura.core import clock, http
from aura.core.errors import Garbled
from aura.core.solana import USDC, WSOL
from market.domain import figures
from market.domain.figures import inner
from market.domain.prices import (
    NAME_LENGTH,
    SYMBOL_LENGTH,
    SolQuote,
    TokenName,
    https_url,
    minute_of,
    plain,
    price,
)
from market.domain.readings import Activity, PoolReading, Span
from market.domain.sources import Listed, Told
from market.domain.venues import venue_of
from market.providers.gathering import OddError, from_lists, gathered, listed

CHAIN: Final = "solana"
# Sliding lists of thirty; profiles and boosts are paid for: marketing, no merit.
# https://docs.dexscreener.com/api/reference#token-profiles-latest-v1
LISTS: Final[Mapping[str, str]] = {
    "profiles latest": "/token-profiles/latest/v1",
    "boosts latest": "/token-boosts/latest/v1",
    "boosts top": "/token-boosts/top/v1",
}
_SPANS: Final[Mapping[Span, str]] = {"5m": "m5", "1h": "h1", "6h": "h6", "24h": "h24"}


class DexScreener:
    """Reads pairs. It needs no key, and answers with nothing for mints it does not know."""

    vendor = source = "dexscreener"
    # Its lists have a budget of their own: 60 calls a minute, pairs have 300.
    # https://docs.dexscreener.com/api/reference
    lists_vendor = "dexscreener-lists"
    # https://docs.dexscreener.com/api/reference: up to 30 addresses a call
    names_at_once = at_once = 30

    def names(self, mints: Sequence[str]) -> list[TokenName]:
        """Return the names of those of up to 30 mints that are traded somewhere."""
        if not mints:
            return []
        return parse_names(self._tokens(mints[: self.names_at_once]), mints)

    def sol_quote(self, now: datetime) -> SolQuote | None:
        """Return the price of SOL in the minute of `now`, from its deepest USDC pool."""
        usd = parse_sol_price(self._token_pairs(WSOL))
        return None if usd is None else SolQuote(minute_of(now), usd, self.vendor)

    def pairs_of(self, mints: Sequence[str]) -> Told[PoolReading]:
        """Return the top pool of each of up to 30 mints; unknown mints are missing."""
        asked = mints[: self.at_once]
        pairs = self._tokens(asked) if asked else []
        return parse_pools(self.vendor, pairs, clock.now(), of=asked)

    def pools_of(self, mint: str) -> Told[PoolReading]:
        """Return up to 30 pools in which the mint is the base."""
        return parse_pools(self.vendor, self._token_pairs(mint), clock.now(), of=[mint])

    def search(self, words: str) -> Told[PoolReading]:
        """Return up to 30 pools whose token's name, symbol or address has these words."""
        return parse_pools(self.vendor, self._search(words), clock.now())

    def discovered(self) -> Told[Listed]:
        """Return what its three lists name; a list that fails costs the others nothing."""
        return from_lists({name: partial(self._list, path) for name, path in LISTS.items()})

    # https://docs.dexscreener.com/api/reference#tokens-v1-chainid-tokenaddresses
    def _tokens(self, mints: Sequence[str]) -> list[Any]:
        return self._pairs(f"/tokens/v1/{CHAIN}/{','.join(mints)}")

    # https://docs.dexscreener.com/api/reference#token-pairs-v1-chainid-tokenaddress
    def _token_pairs(self, mint: str) -> list[Any]:
        return self._pairs(f"/token-pairs/v1/{CHAIN}/{mint}")

    # https://docs.dexscreener.com/api/reference#latest-dex-search
    def _search(self, words: str) -> list[Any]:
        return self._pairs("/latest/dex/search", q=words)

    def _pairs(self, path: str, **params: str) -> list[Any]:
        answer = http.request_json(
            self.vendor, "GET", settings.DEXSCREENER_URL, path, params=params, none_for={404}
        )
        return parse_pairs(self.vendor, answer)

    # https://docs.dexscreener.com/api/reference#token-boosts-latest-v1
    def _list(self, path: str) -> Told[str]:
        answer = http.request_json(self.lists_vendor, "GET", settings.DEXSCREENER_URL, path)
        return parse_list(self.vendor, answer)


def parse_pools(
    vendor: str, pairs: Sequence[Any], now: datetime, *, of: Collection[str] | None = None
) -> Told[PoolReading]:
    """Read pairs of Solana whose base is one of the mints `of`, or any mint without it.

    A pair gives its figures for the base, so one where the mint is the quote tells nothing of it.
    """

    def read(pair: Any) -> PoolReading | None:
        return _pool(pair, now, of)

    return gathered(vendor, "pairs", pairs, read, needed=lambda pool: pool.price_usd)


def _pool(pair: Any, now: datetime, of: Collection[str] | None) -> PoolReading | None:
    if not isinstance(pair, dict):
        raise OddError("a pair that is no object")
    if pair.get("chainId") not in (None, CHAIN):
        return None
    mint = figures.key(inner(pair, "baseToken").get("address"))
    quote_mint = figures.key(inner(pair, "quoteToken").get("address"))
    pool, dex, labels = figures.key(pair.get("pairAddress")), pair.get("dexId"), pair.get("labels")
    if not (mint and quote_mint and pool) or not isinstance(dex, str):
        raise OddError("a pair without its addresses or its venue")
    if of is not None and mint not in of:
        return None
    words = [w for w in labels if isinstance(w, str)] if isinstance(labels, list) else []
    liquidity = inner(pair, "liquidity")
    return PoolReading(
        source="dexscreener",
        mint=mint,
        read_at=now,
        pool=pool,
        venue=venue_of(dex, words),
        quote_mint=quote_mint,
        price_usd=figures.price(pair.get("priceUsd")),
        price_quote=figures.price(pair.get("priceNative")),
        liquidity_usd=figures.worth(liquidity.get("usd")),
        base=figures.worth(liquidity.get("base")),
        quote=figures.worth(liquidity.get("quote")),
        market_cap_usd=figures.worth(pair.get("marketCap")),
        fdv_usd=figures.worth(pair.get("fdv")),
        opened_at=figures.at_milliseconds(pair.get("pairCreatedAt"), now),
        activity=_activity(pair),
    )


def _activity(pair: Mapping[str, Any]) -> dict[Span, Activity]:
    """Read what happened; buys and sells count trades: the vendor counts no wallets."""
    found: dict[Span, Activity] = {}
    for span, name in _SPANS.items():
        trades = inner(inner(pair, "txns"), name)
        activity = Activity(
            volume_usd=figures.volume(inner(pair, "volume").get(name)),
            buys=figures.count(trades.get("buys")),
            sells=figures.count(trades.get("sells")),
            change=figures.change_of_percent(inner(pair, "priceChange").get(name)),
        )
        if activity != Activity():
            found[span] = activity
    return found


def parse_list(vendor: str, answer: Any) -> Told[str]:
    """Read a list of profiles or boosts: mints of Solana; one alone may come without its list."""
    items = [answer] if isinstance(answer, dict) else listed(vendor, "list", answer)

    def read(item: Any) -> str | None:
        if not isinstance(item, dict) or not isinstance(item.get("chainId"), str):
            raise OddError("an item without its chain")
        if item["chainId"] != CHAIN:
            return None
        mint = figures.key(item.get("tokenAddress"))
        if not mint:
            raise OddError("an item without its mint")
        return mint

    return gathered(vendor, "list", items, read)


def parse_pairs(vendor: str, answer: Any) -> list[Any]:
    """Read a list of pairs, bare or under `pairs`; nothing found comes as [], null or 404."""
    pairs = answer.get("pairs") if isinstance(answer, dict) and "pairs" in answer else answer
    if pairs is None:
        return []
    if not isinstance(pairs, list):
        raise Garbled(vendor, "answered no list of pairs")
    return pairs


def parse_names(pairs: Sequence[Any], asked: Collection[str]) -> list[TokenName]:
    """Read what pairs call the mints asked about; addresses are compared with their case.

    A mint's own pair, where it is the base, goes before one where it is the quote; only the own
    pair has the token's image.
    """
    found: dict[str, TokenName] = {}
    for side in ("baseToken", "quoteToken"):
        for pair in pairs:
            token = inner(pair, side)
            mint = token.get("address")
            if not isinstance(mint, str) or mint not in asked or mint in found:
                continue
            symbol = plain(token.get("symbol"), SYMBOL_LENGTH)
            name = plain(token.get("name"), NAME_LENGTH)
            if symbol or name:
                image = inner(pair, "info").get("imageUrl") if side == "baseToken" else None
                found[mint] = TokenName(mint, symbol, name, https_url(image))
    return list(found.values())


def parse_sol_price(pairs: Sequence[Any]) -> Decimal | None:
    """Return SOL's price in USD from its deepest SOL/USDC pair; None when no pair tells one."""
    best: tuple[Decimal, Decimal] | None = None
    for pair in pairs:
        if inner(pair, "baseToken").get("address") != WSOL:
            continue
        if inner(pair, "quoteToken").get("address") != USDC:
            continue
        usd = price(pair.get("priceUsd"))
        depth = price(inner(pair, "liquidity").get("usd"))
        if usd is not None and depth is not None and (best is None or depth > best[0]):
            best = depth, usd
    return best[1] if best else None
