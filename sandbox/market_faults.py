"""How a vendor of market data goes wrong while it answers 200: no depth, no numbers, no names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

# Members that say how deep a market is, and those a vendor may call something else one day.
DEPTHS = ("liquidity", "totalMarketLiquidity")
FIGURES = (
    "priceUsd", "priceNative", "liquidity", "volume", "txns", "marketCap", "usdPrice", "mcap",
    "stats5m", "stats1h", "stats24h", "audit", "value", "price", "v24hUSD", "market_cap",
    "top10HolderPercent", "topHolders", "score_normalised", "totalHolders",
)  # fmt: skip
# How deep members of an answer may be inside one another.
DEEPEST = 12


def spoil(kind: str, value: Any, dice: Random) -> Any:
    """Give an answer as such a fault would leave it."""
    acts = {"zero_liquidity": _dry, "nan": _muddle, "renamed": _rename}
    return acts[kind](value, dice) if kind in acts else _hush(value)


def _objects(value: Any, deep: int = 0) -> Iterator[dict[str, Any]]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
    if deep < DEEPEST:
        for part in inside:
            yield from _objects(part, deep + 1)


def _some(found: list[Any], dice: Random) -> list[Any]:
    """Draw about half of what was found, one at least."""
    if not found:
        return []
    return [one for one in found if dice.random() < 0.5] or [dice.choice(found)]


def _dry(value: Any, dice: Random) -> Any:
    """Say that there is no liquidity, or nothing about it."""
    wet = [(one, name) for one in _objects(value) for name in DEPTHS if one.get(name)]
    for holder, name in _some(wet, dice):
        depth = holder[name]
        draw = dice.random()
        if draw < 0.6:
            holder[name] = dict.fromkeys(depth, 0) if isinstance(depth, dict) else 0
        elif draw < 0.8:
            holder[name] = None
        else:
            del holder[name]
    return value


def _muddle(value: Any, dice: Random) -> Any:
    """Put NaN in the place of numbers, those written as strings included."""
    numbers = [(one, name) for one in _objects(value) for name in one if _is_number(one[name])]
    for holder, name in _some(numbers, dice):
        holder[name] = "NaN" if isinstance(holder[name], str) else math.nan
    return value


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.replace(".", "", 1).isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rename(value: Any, dice: Random) -> Any:
    """Call one figure by another name wherever it stands."""
    objects = list(_objects(value))
    present = sorted({name for one in objects for name in one if name in FIGURES})
    if present:
        old = dice.choice(present)
        for one in objects:
            if old in one:
                one[f"{old}V2"] = one.pop(old)
    return value


def _hush(value: Any) -> Any:
    """Keep the envelope and say nothing in it."""
    if isinstance(value, list):
        return []
    if isinstance(value, dict) and "data" in value:
        return {**value, "data": None}
    if isinstance(value, dict) and "pairs" in value:
        return {"schemaVersion": value.get("schemaVersion"), "pairs": None}
    return {}
