"""Rows of the market app."""

from market.models.pools import Pool, PoolPoint
from market.models.runs import Listing, MarketRun
from market.models.safety import SafetyReport
from market.models.series import Bucket, Candle
from market.models.states import TokenState
from market.models.tokens import SolPrice, Token

__all__ = [
    "Bucket",
    "Candle",
    "Listing",
    "MarketRun",
    "Pool",
    "PoolPoint",
    "SafetyReport",
    "SolPrice",
    "Token",
    "TokenState",
]
