"""Jupiter's token and price answers: tokens v2 by mint, by list and newest, price v3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.addresses import TOKEN, USDC, WSOL
from sandbox.chain import Chain
from sandbox.figures import LAUNCHPAD, Figures, iso
from sandbox.tape import WINDOWS, Window
from sandbox.tokens import Token

Json = dict[str, Any]
SPANS = ("5m", "1h", "6h", "24h")
MOST_MINTS, MOST_FOUND, MOST_LISTED, MOST_PRICES = 100, 20, 100, 50
USUAL_LISTED, NEWEST = 50, 30
WEEK = 7 * 86_400
LISTS = ("toporganicscore", "toptraded", "toptrending")


class NotServedError(Exception):
    """A request Jupiter refuses; becomes HTTP 400."""


class JupiterTokens:
    """Makes answers from venues and the tape."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.figures = Figures(chain)

    def prices(self, idents: str) -> Json:
        """Answer /price/v3; a mint without a reliable price is missing."""
        mints = [mint for mint in idents.split(",") if mint]
        if not mints or len(mints) > MOST_PRICES:
            raise NotServedError(f"ids must be from 1 to {MOST_PRICES} mints")
        found: Json = {}
        for mint in mints:
            token = self.figures.known(mint)
            if token is not None and self._is_traded(token):
                found[mint] = self._price(token)
            elif mint in (WSOL, USDC):
                found[mint] = self._money(mint)
        return found

    def _is_traded(self, token: Token) -> bool:
        trades = self.figures.reel(token).trades
        fresh = self.figures.now - self.figures.opened(token) < WEEK
        return bool(trades or fresh) and not token.dead

    def _price(self, token: Token) -> Json:
        moved = self.figures.change(token, "24h")
        return {
            "createdAt": iso(self.figures.born(token)), "usdPrice": self.figures.price(token),
            "liquidity": self.figures.liquidity(token), "decimals": 6,
            "blockId": self.chain.tip(), "priceChange24h": moved,
        }  # fmt: skip

    def _money(self, mint: str) -> Json:
        is_sol = mint == WSOL
        return {
            "createdAt": "2022-08-18T06:18:12Z", "liquidity": 521_546_950.49,
            "usdPrice": self.figures.dollars if is_sol else 0.99987, "decimals": 9 if is_sol else 6,
            "blockId": self.chain.tip(), "priceChange24h": 0.42 if is_sol else 0.001,
        }  # fmt: skip

    def search(self, query: str) -> list[Json]:
        """Answer /tokens/v2/search: up to 100 mints, or coins by symbol, name or mint."""
        words = [word for word in query.split(",") if word]
        if not words:
            raise NotServedError("query is required")
        if len(words) > MOST_MINTS:
            raise NotServedError(f"at most {MOST_MINTS} mints")
        found = [token for token in map(self.figures.known, words) if token is not None]
        if not found and len(words) == 1:
            text = words[0].strip().lower()
            found = [token for token in self.chain.world.tokens.values()
                     if text in f"{token.name} {token.symbol}".lower()][:MOST_FOUND]  # fmt: skip
        return [self._token(token) for token in found]

    def listed(self, name: str, span: str, limit: str) -> list[Json]:
        """Answer /tokens/v2/{list}/{span}: the coins first in it, which must have traded."""
        if name not in LISTS or span not in SPANS:
            raise NotServedError("no such list")
        most = int(limit) if limit.isdigit() and len(limit) < 5 else USUAL_LISTED
        if not 1 <= most <= MOST_LISTED:
            raise NotServedError(f"limit must be from 1 to {MOST_LISTED}")
        rank: Callable[[Token], float] = {
            "toptraded": lambda token: self._window(token, span).usd,
            "toptrending": lambda token: self._trend(token, span),
            "toporganicscore": lambda token: self._organic(token, span),
        }[name]
        ranked = [(rank(token), token.number, token)
                  for token in self.chain.world.tokens.values() if not token.dead]  # fmt: skip
        ranked.sort(reverse=True)
        return [self._token(token) for score, _, token in ranked[:most] if score > 0]

    def recent(self) -> list[Json]:
        """Answer /tokens/v2/recent: those whose first pool is the newest."""
        newest = sorted(self.chain.world.tokens.values(), key=lambda token: token.born)
        return [self._token(token) for token in reversed(newest[-NEWEST:])]

    def _window(self, token: Token, span: str) -> Window:
        return self.figures.reel(token).windows[span]

    def _trend(self, token: Token, span: str) -> float:
        """Give how much busier a coin is than it was on average within the day."""
        window, day = self._window(token, span), self._window(token, "24h")
        traders = len(window.buys.traders | window.sells.traders)
        usual = day.count * WINDOWS[span] / WINDOWS["24h"]
        return traders / (1 + usual)

    def _organic(self, token: Token, span: str) -> float:
        """Give a score from 0 to 100 by the people among the volume and the holders."""
        window = self._window(token, span)
        if not window.count:
            return 0.0
        organic = (window.buys.organic_usd + window.sells.organic_usd) / max(window.usd, 1e-9)
        people = len(window.buys.traders | window.sells.traders)
        return float(min(100.0, 60 * organic + min(40.0, people * 0.5)))

    def _stats(self, token: Token, span: str) -> Json | None:
        window = self._window(token, span)
        if not window.count:
            return None
        buys, sells = window.buys, window.sells
        now, machines = self.figures.now, self.chain.tape.machines
        grown = self.chain.tape.holder_change(token.mint, WINDOWS[span], now)
        stats: Json = {
            "priceChange": self.figures.change(token, span),
            "holderChange": None if grown is None else grown * 100,
            "buyVolume": buys.usd, "sellVolume": sells.usd,
            "buyOrganicVolume": buys.organic_usd, "sellOrganicVolume": sells.organic_usd,
            "numBuys": buys.count, "numSells": sells.count,
            "numTraders": len(buys.traders | sells.traders),
            "numOrganicBuyers": len(buys.traders.keys() - machines),
            "numNetBuyers": window.net_buyers,
        }  # fmt: skip
        return {name: value for name, value in stats.items() if value is not None and value != 0}

    def _audit(self, token: Token) -> Json:
        minter, freezer = self.figures.authorities(token)
        holders = self.chain.holders
        audit: Json = {
            "mintAuthorityDisabled": minter is None, "freezeAuthorityDisabled": freezer is None,
            "topHoldersPercentage": holders.share(token, most=10) * 100,
        }  # fmt: skip
        dev = holders.share_of(token, token.creator)
        if dev:
            audit["devBalancePercentage"] = dev * 100
        if minter and freezer:
            audit["isSus"] = True
        return audit

    def _token(self, token: Token) -> Json:
        figures = self.figures
        minter, freezer = figures.authorities(token)
        supply, worth, opened = figures.supply(token), figures.worth(token), figures.opened(token)
        score = self._organic(token, "24h")
        result: Json = {
            "id": token.mint, "name": token.name, "symbol": token.symbol,
            "icon": f"https://cdn.example/{token.mint}.png", "decimals": 6,
            "tokenProgram": token.program, "createdAt": iso(figures.born(token)),
            "dev": token.creator, "circSupply": supply, "totalSupply": supply,
            "firstPool": {"id": token.venue.address, "createdAt": iso(opened)},
            "holderCount": figures.holders(token), "audit": self._audit(token),
            "organicScore": score,
            "organicScoreLabel": "high" if score > 75 else "medium" if score > 40 else "low",
            "tags": ["unknown"] if token.program == TOKEN else ["token-2022", "unknown"],
            "fdv": worth, "mcap": worth, "usdPrice": figures.price(token),
            "priceBlockId": self.chain.tip(), "liquidity": figures.liquidity(token),
            "updatedAt": iso(figures.now),
        }  # fmt: skip
        if minter:
            result["mintAuthority"] = minter
        if freezer:
            result["freezeAuthority"] = freezer
        if token.mint.endswith("pump") and token.place != "raydium":
            result["launchpad"] = LAUNCHPAD
        if figures.is_graduated(token):
            result |= {"graduatedPool": token.venue.address, "graduatedAt": iso(opened)}
        for span in SPANS:
            stats = self._stats(token, span)
            if stats is not None:
                result[f"stats{span}"] = stats
        return result
