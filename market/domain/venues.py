"""What places of trade are called, and how they price: one name for what every source calls it.

Names are those decoded trades carry, so that the fees of `market.domain.fees` are found by them.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from market.domain.prices import plain

VENUE_LENGTH: Final = 32

# curve: sold by a launchpad until it is full, and it has no pool's liquidity. product: x·y stays
# the same, so √(x·y) counts its liquidity. concentrated: reserves tell no depth at the price.
Kind = Literal["curve", "product", "concentrated", "unknown"]

_KINDS: Final[Mapping[str, Kind]] = {
    "pump.fun": "curve",
    "Raydium LaunchLab": "curve",
    "Meteora DBC": "curve",
    "Moonit": "curve",
    "boop.fun": "curve",
    "PumpSwap": "product",
    "Raydium AMM v4": "product",
    "Raydium CPMM": "product",
    "Meteora DAMM v1": "product",
    "FluxBeam": "product",
    "Raydium CLMM": "concentrated",
    "Orca Whirlpool": "concentrated",
    "Meteora DLMM": "concentrated",
    "Meteora DAMM v2": "concentrated",
    "Byreal": "concentrated",
}

PUMP: Final = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP: Final = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
RAYDIUM_V4: Final = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_CPMM: Final = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
LAUNCHLAB: Final = "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj"
METEORA_DAMM_V2: Final = "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG"
METEORA_DBC: Final = "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN"
# Programs whose own accounts hold the coins of pools and curves.
PROGRAMS: Final[Mapping[str, str]] = {
    PUMP: "pump.fun",
    PUMP_SWAP: "PumpSwap",
    RAYDIUM_V4: "Raydium AMM v4",
    RAYDIUM_CPMM: "Raydium CPMM",
    LAUNCHLAB: "Raydium LaunchLab",
    METEORA_DAMM_V2: "Meteora DAMM v2",
    METEORA_DBC: "Meteora DBC",
    "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK": "Raydium CLMM",
    "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc": "Orca Whirlpool",
    "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo": "Meteora DLMM",
    "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB": "Meteora DAMM v1",
    "24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi": "Meteora vault",
    "MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG": "Moonit",
    "boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4": "boop.fun",
    "HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o": "Heaven",
    "REALQqNEomY6cQGZJUGwywTBD2UmDT32rZcNnfxQ5N2": "Byreal",
    "FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X": "FluxBeam",
}

# https://docs.dexscreener.com/api/reference: dexId and labels of a pair
_DEXSCREENER: Final[Mapping[tuple[str, str], str]] = {
    ("pumpfun", ""): "pump.fun",
    ("pumpswap", ""): "PumpSwap",
    ("raydium", ""): "Raydium AMM v4",
    ("raydium", "cpmm"): "Raydium CPMM",
    ("raydium", "clmm"): "Raydium CLMM",
    ("launchlab", ""): "Raydium LaunchLab",
    ("orca", "wp"): "Orca Whirlpool",
    ("meteora", "dyn"): "Meteora DAMM v1",
    ("meteora", "dyn2"): "Meteora DAMM v2",
    ("meteora", "dlmm"): "Meteora DLMM",
    ("meteoradbc", ""): "Meteora DBC",
    ("moonit", ""): "Moonit",
    ("boop", ""): "boop.fun",
    ("byreal", ""): "Byreal",
    ("fluxbeam", ""): "FluxBeam",
}


def kind_of(venue: str) -> Kind:
    """Say how a venue prices; "unknown" for one without a line here."""
    return _KINDS.get(venue, "unknown")


def venue_of(dex: str, labels: Sequence[str]) -> str:
    """Name the venue of a DexScreener pair; what is not known keeps the vendor's own words.

    A label nobody knows is not taken for a plain pool: it may say how the pool prices.
    """
    said = [label.lower() for label in labels]
    for label in said or [""]:
        known = _DEXSCREENER.get((dex.lower(), label))
        if known:
            return known
    return plain(" ".join([dex.lower(), *said]), VENUE_LENGTH)
