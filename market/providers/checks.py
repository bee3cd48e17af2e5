"""One metered call per configured endpoint of this app's vendors, with what our parsers expect."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from django.conf import settings

from aura.core import clock, http
from aura.core.errors import ProviderError
from aura.core.shapes import NUMBER, Check, Filled, nullable, optional
from aura.core.solana import USDC, WSOL
from market.providers.birdeye import Birdeye
from market.providers.birdeye_tokens import BirdeyeSecurity, BirdeyeTokens
from market.providers.dexscreener import LISTS, DexScreener
from market.providers.jupiter import Jupiter
from market.providers.rpc import Node
from market.providers.rugcheck import RugCheck, RugCheckSummary

# Old, traded everywhere, and known to every vendor.
BONK: Final = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
_SOME: Final = optional(NUMBER)
_TOKEN: Final = {"address": str, "name": str, "symbol": str}
_TRADES: Final = {span: {"buys": int, "sells": int} for span in ("m5", "h1", "h6", "h24")}
_PAIR: Final = {
    "chainId": str,
    "dexId": str,
    "pairAddress": str,
    "labels": optional([str]),
    "baseToken": _TOKEN,
    "quoteToken": _TOKEN,
    "priceNative": str,
    "priceUsd": optional(str),
    "txns": _TRADES,
    "volume": dict.fromkeys(_TRADES, _SOME),
    "priceChange": dict.fromkeys(_TRADES, _SOME),
    "liquidity": optional({"usd": _SOME, "base": _SOME, "quote": _SOME}),
    "marketCap": _SOME,
    "fdv": _SOME,
    "pairCreatedAt": optional(int),
    "info": optional({"imageUrl": optional(str)}),
}
_PROFILE: Final = {"chainId": str, "tokenAddress": str}
_STATS: Final = dict.fromkeys(
    (
        "priceChange",
        "holderChange",
        "buyVolume",
        "sellVolume",
        "buyOrganicVolume",
        "sellOrganicVolume",
        "numBuys",
        "numSells",
    ),
    _SOME,
)
_JUPITER_TOKEN: Final = {
    "id": str,
    "name": str,
    "symbol": str,
    "decimals": int,
    "usdPrice": _SOME,
    "liquidity": _SOME,
    "mcap": _SOME,
    "totalSupply": _SOME,
    "holderCount": _SOME,
    "launchpad": optional(str),
    "graduatedAt": optional(str),
    "firstPool": optional({"createdAt": str}),
    "audit": optional(
        {
            "mintAuthorityDisabled": optional(bool),
            "freezeAuthorityDisabled": optional(bool),
            "topHoldersPercentage": _SOME,
            "devBalancePercentage": _SOME,
        }
    ),
    **{f"stats{span}": optional(_STATS) for span in ("5m", "1h", "6h", "24h")},
}
_SUMMARY: Final = {
    "risks": nullable([{"name": str}]),
    "score_normalised": NUMBER,
    "lpLockedPct": NUMBER,
}
_REPORT: Final = {
    "mint": str,
    "creator": nullable(str),
    "creatorBalance": NUMBER,
    "token": {"mintAuthority": nullable(str), "freezeAuthority": nullable(str), "supply": NUMBER},
    "topHolders": nullable([{"address": str, "owner": str, "pct": NUMBER}]),
    "knownAccounts": dict,
    "markets": nullable([{"pubkey": str, "lp": {"lpLockedUSD": NUMBER}}]),
    "totalMarketLiquidity": NUMBER,
    "totalHolders": int,
    "transferFee": {"pct": NUMBER},
    "graphInsidersDetected": int,
    "insiderNetworks": optional([dict]),
    "rugged": nullable(bool),
    "risks": nullable([{"name": str}]),
    "score_normalised": NUMBER,
}


_BIRDEYE_ITEM: Final = {"address": str, "liquidity": _SOME, "decimals": optional(int)}


def checks() -> list[Check]:
    """Return the checks of what is configured."""
    subject = cache(_subject)
    found = [*_dexscreener(), *_jupiter(subject), *_rugcheck(subject), *_chain(subject)]
    return [*found, *_birdeye(subject)] if settings.BIRDEYE_API_KEY else found


def _subject() -> str:
    """Return a small token that lives now, for what is slow to answer about a great one."""
    try:
        return next((one.mint for one in DexScreener().discovered()), BONK)
    except ProviderError:
        return BONK


def _dexscreener() -> list[Check]:
    asks: dict[str, tuple[Callable[[], Any], Any]] = {
        "tokens/v1": (partial(DexScreener()._tokens, [WSOL]), _PAIR),
        "token-pairs/v1": (partial(DexScreener()._token_pairs, WSOL), _PAIR),
        "search": (partial(DexScreener()._search, "SOL/USDC"), _PAIR),
    }
    for name, path in LISTS.items():
        ask = partial(
            http.request_json, DexScreener.lists_vendor, "GET", settings.DEXSCREENER_URL, path
        )
        asks[name] = ask, _PROFILE
    return [Check(f"dexscreener {name}", ask, Filled(item)) for name, (ask, item) in asks.items()]


def _jupiter(subject: Callable[[], str]) -> list[Check]:
    tokens, known = Filled(_JUPITER_TOKEN), {"usdPrice": NUMBER, "liquidity": _SOME}
    vendor = Jupiter()
    return [
        Check("jupiter search", lambda: vendor._search([subject()]), tokens),
        Check("jupiter toptraded", partial(vendor._top, "toptraded", "1h"), tokens),
        Check("jupiter recent", vendor._recent, tokens),
        Check("jupiter price", partial(vendor._prices, [WSOL]), {WSOL: known}),
    ]


def _rugcheck(subject: Callable[[], str]) -> list[Check]:
    return [
        Check("rugcheck report", lambda: RugCheck()._report(subject()), _REPORT),
        Check("rugcheck summary", lambda: RugCheckSummary()._report(subject()), _SUMMARY),
    ]


def _chain(subject: Callable[[], str]) -> list[Check]:
    node = Node()
    account = {"value": Filled({"owner": str, "data": [str]})}
    found = [
        Check(
            f"{node.vendor} getMultipleAccounts",
            lambda: node._get_multiple_accounts([USDC]),
            account,
        )
    ]
    if settings.HELIUS_API_KEY:
        largest = {"value": Filled({"address": str, "amount": str})}
        found.append(
            Check(
                f"{node.vendor} getTokenLargestAccounts",
                lambda: node._get_token_largest_accounts(subject()),
                largest,
            )
        )
    return found


def _birdeye(subject: Callable[[], str]) -> list[Check]:
    """Return the checks of what Birdeye is asked for with the units there are."""
    now, tokens = clock.now(), BirdeyeTokens()
    used = {path for paths in settings.MARKET_SOURCES.values() for path in paths}
    price = {"value": NUMBER, "liquidity": _SOME, "priceChange24h": _SOME}
    found: dict[str, tuple[Callable[[], Any], Any]] = {
        "history_price": (
            lambda: Birdeye()._history_price(int(now.timestamp()) - 600, int(now.timestamp())),
            {"items": Filled({"unixTime": int, "value": NUMBER})},
        )
    }
    if "market.providers.birdeye_tokens.BirdeyeTokens" in used:
        found |= {
            "multi_price": (lambda: tokens._multi_price([WSOL]), {WSOL: price}),
            "token list": (tokens._list, {"items": Filled(_BIRDEYE_ITEM)}),
            "token_trending": (tokens._trending, {"tokens": Filled(_BIRDEYE_ITEM)}),
            "new_listing": (tokens._new_listing, {"items": Filled(_BIRDEYE_ITEM)}),
            "token_overview": (
                lambda: tokens._overview(subject()),
                {"address": str, "price": _SOME, "liquidity": _SOME, "holder": _SOME},
            ),
        }
    if "market.providers.birdeye_tokens.BirdeyeSecurity" in used:
        found["token_security"] = (
            lambda: BirdeyeSecurity()._security(subject()),
            {"creatorAddress": optional(str), "top10UserPercent": _SOME},
        )
    return [
        Check(f"birdeye {name}", ask, {"success": bool, "data": shape})
        for name, (ask, shape) in found.items()
    ]
