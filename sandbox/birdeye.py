"""Birdeye's prices: of SOL by the minute, so that history has dollar values; of coins now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from sandbox.addresses import WSOL
from sandbox.chain import Chain
from sandbox.figures import Figures, human
from sandbox.tokens import Token

Json = dict[str, Any]
# The pseudo mint Birdeye uses for native SOL, one digit apart from wrapped SOL.
NATIVE = "So11111111111111111111111111111111111111111"
STEPS = {"1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1_800, "1H": 3_600, "2H": 7_200,
         "4H": 14_400, "6H": 21_600, "8H": 28_800, "12H": 43_200, "1D": 86_400}  # fmt: skip
MOST_ITEMS = 1_000
MOST_PRICES = 100


class BadRequestError(Exception):
    """A request with wrong parameters; becomes HTTP 400."""


class Birdeye:
    """Reads the engine's minute prices, and the venues."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.figures = Figures(chain)

    def price(self, mint: str) -> Json:
        """Answer /defi/price; null data for a mint it does not know."""
        return {"success": True, "data": self._quote(mint, deep=True)}

    def prices(self, mints: str, *, deep: bool) -> Json:
        """Answer /defi/multi_price, with liquidity if `deep`; null for what it does not know."""
        wanted = [mint for mint in mints.split(",") if mint]
        if not wanted or len(wanted) > MOST_PRICES:
            raise BadRequestError(f"list_address must be from 1 to {MOST_PRICES} addresses")
        return {"success": True, "data": {mint: self._quote(mint, deep=deep) for mint in wanted}}

    def _quote(self, mint: str, *, deep: bool) -> Json | None:
        if mint in (WSOL, NATIVE):
            quote = self._sol()
        else:
            token = self.figures.known(mint)
            if token is None:
                return None
            quote = self._coin(token)
        if not deep:
            del quote["liquidity"]
        return quote

    def _coin(self, token: Token) -> Json:
        trades = self.figures.reel(token).trades
        at = trades[-1].time if trades else self.figures.opened(token)
        lamports, units = token.venue.price()
        moved = self.figures.change(token, "24h")
        return {
            "value": self.figures.price(token), "updateUnixTime": at, "updateHumanTime": human(at),
            "priceChange24h": moved, "priceInNative": lamports / units / 1000,
            "liquidity": self.figures.liquidity(token), "isScaledUiToken": False,
        }  # fmt: skip

    def _sol(self) -> Json:
        at, cents = self.chain.engine.prices[-1]
        earlier = self._at(at - 86_400)
        return {
            "value": cents / 100, "updateUnixTime": at, "updateHumanTime": human(at),
            "priceChange24h": round((cents / earlier - 1) * 100, 4), "priceInNative": 1,
            "liquidity": 31_250_400.12, "isScaledUiToken": False,
        }  # fmt: skip

    def _at(self, moment: int) -> int:
        prices = self.chain.engine.prices
        place = bisect_right(prices, moment, key=lambda row: row[0])
        return prices[max(0, place - 1)][1]

    def history(self, mint: str, kind: str, start: str, end: str) -> Json:
        """Answer /defi/history_price with one value a step from `start` to `end`, unix seconds."""
        step = STEPS.get(kind)
        if step is None or not (start.isdigit() and end.isdigit()) or len(start + end) > 30:
            raise BadRequestError("type, time_from or time_to is not valid")
        if mint not in (WSOL, NATIVE):
            return {"success": True, "data": {"items": []}}
        prices = self.chain.engine.prices
        first, last = prices[0][0], prices[-1][0]
        moment = -(-max(int(start), first) // step) * step
        items: list[Json] = []
        while moment <= min(int(end), last) and len(items) < MOST_ITEMS:
            place = max(0, bisect_left(prices, moment + 1, key=lambda row: row[0]) - 1)
            items.append({"unixTime": moment, "value": prices[place][1] / 100})
            moment += step
        return {"success": True, "data": {"isScaledUiToken": False, "items": items}}
