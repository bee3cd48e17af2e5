"""DexScreener: what tokens are called, and SOL's price from the deepest SOL/USDC pool."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from aura.core import http
from aura.core.errors import Garbled
from aura.core.solana import USDC, WSOL
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


class DexScreener:
    """Reads pairs. It needs no key, and answers with nothing for mints it does not know."""

    vendor = "dexscreener"
    # https://docs.dexscreener.com/api/reference: up to 30 addresses a call
    names_at_once = 30

    def names(self, mints: Sequence[str]) -> list[TokenName]:
        """Return the names of those of up to 30 mints that are traded somewhere."""
        if not mints:
            return []
        return parse_names(self._tokens(mints[: self.names_at_once]), mints)

    def sol_quote(self, now: datetime) -> SolQuote | None:
        """Return the price of SOL in the minute of `now`, from its deepest USDC pool."""
        usd = parse_sol_price(self._token_pairs(WSOL))
        return None if usd is None else SolQuote(minute_of(now), usd, self.vendor)

    # https://docs.dexscreener.com/api/reference#tokens-v1-chainid-tokenaddresses
    def _tokens(self, mints: Sequence[str]) -> list[Any]:
        return self._pairs(f"/tokens/v1/solana/{','.join(mints)}")

    # https://docs.dexscreener.com/api/reference#token-pairs-v1-chainid-tokenaddress
    def _token_pairs(self, mint: str) -> list[Any]:
        return self._pairs(f"/token-pairs/v1/solana/{mint}")

    def _pairs(self, path: str) -> list[Any]:
        answer = http.request_json(
            self.vendor, "GET", settings.DEXSCREENER_URL, path, none_for={404}
        )
        return parse_pairs(self.vendor, answer)


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
            token = _dict(pair, side)
            mint = token.get("address")
            if not isinstance(mint, str) or mint not in asked or mint in found:
                continue
            symbol = plain(token.get("symbol"), SYMBOL_LENGTH)
            name = plain(token.get("name"), NAME_LENGTH)
            if symbol or name:
                image = _dict(pair, "info").get("imageUrl") if side == "baseToken" else None
                found[mint] = TokenName(mint, symbol, name, https_url(image))
    return list(found.values())


def parse_sol_price(pairs: Sequence[Any]) -> Decimal | None:
    """Return SOL's price in USD from its deepest SOL/USDC pair; None when no pair tells one."""
    best: tuple[Decimal, Decimal] | None = None
    for pair in pairs:
        if _dict(pair, "baseToken").get("address") != WSOL:
            continue
        if _dict(pair, "quoteToken").get("address") != USDC:
            continue
        usd = price(pair.get("priceUsd"))
        depth = price(_dict(pair, "liquidity").get("usd"))
        if usd is not None and depth is not None and (best is None or depth > best[0]):
            best = depth, usd
    return best[1] if best else None


def _dict(given: Any, name: str) -> dict[str, Any]:
    inner = given.get(name) if isinstance(given, dict) else None
    return inner if isinstance(inner, dict) else {}
