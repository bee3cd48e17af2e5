"""One metered call per configured endpoint of this app's vendors, with what our parsers expect."""

from typing import Any

from django.conf import settings

from aura.core import clock, http
from aura.core.shapes import NUMBER, Check, Filled, optional
from aura.core.solana import WSOL

_TOKEN = {"address": str, "name": str, "symbol": str}
_PAIR = {
    "chainId": str,
    "pairAddress": str,
    "baseToken": _TOKEN,
    "quoteToken": _TOKEN,
    "priceUsd": optional(str),
    "liquidity": optional({"usd": optional(NUMBER)}),
    "info": optional({"imageUrl": optional(str)}),
}


def checks() -> list[Check]:
    """Return the checks of what is configured."""
    found = [
        Check(
            "dexscreener tokens/v1",
            lambda: _dexscreener(f"/tokens/v1/solana/{WSOL}"),
            Filled(_PAIR),
        ),
        Check(
            "dexscreener token-pairs/v1",
            lambda: _dexscreener(f"/token-pairs/v1/solana/{WSOL}"),
            Filled(_PAIR),
        ),
    ]
    if settings.BIRDEYE_API_KEY:
        point = {"unixTime": int, "value": NUMBER}
        shape = {"success": bool, "data": {"items": Filled(point)}}
        found.append(Check("birdeye history_price", _birdeye, shape))
    return found


def _dexscreener(path: str) -> Any:
    return http.request_json("dexscreener", "GET", settings.DEXSCREENER_URL, path)


def _birdeye() -> Any:
    now = int(clock.now().timestamp())
    return http.request_json(
        "birdeye",
        "GET",
        settings.BIRDEYE_URL,
        "/defi/history_price",
        params={
            "address": WSOL,
            "address_type": "token",
            "type": "1m",
            "time_from": now - 600,
            "time_to": now,
        },
        headers={"X-API-KEY": settings.BIRDEYE_API_KEY, "x-chain": "solana"},
        credits=60,
    )
