"""DexScreener's REST answers over the sandbox's coins; figures are floats as the vendor's are."""

from __future__ import annotations

from typing import Any

from sandbox.addresses import USDC, WSOL, invented
from sandbox.chain import Chain
from sandbox.tape import WINDOWS as SECONDS
from sandbox.tokens import Token, market_value
from sandbox.venues import Curve

Json = dict[str, Any]
WINDOWS = (("m5", "5m"), ("h1", "1h"), ("h6", "6h"), ("h24", "24h"))
MOST = 30
# Which coins have a second pool.
QUIET_EVERY = 7
SITE = "https://dexscreener.com/solana/"
SOL_PAIR = invented("SOL/USDC pool")


def decimal(value: float) -> str:
    """Write a price as the vendor does: a plain decimal string of about four significant digits."""
    if value >= 1:
        return f"{value:.4f}".rstrip("0").rstrip(".")
    text = f"{value:.16f}".rstrip("0")
    digits = len(text) - len(text[2:].lstrip("0"))
    return text[: digits + 4] if value else "0"


class DexScreener:
    """Makes pairs from venues and from the trades in the store."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    @property
    def _dollars(self) -> float:
        return self.chain.world.sol_cents / 100

    def _statistics(self, token: Token) -> Json:
        reel = self.chain.tape.read(token.mint, self.chain.clock.now_ms() // 1000)
        lamports, units = token.venue.price()
        txns: Json = {}
        volume: Json = {}
        change: Json = {}
        for name, window in WINDOWS:
            seen = reel.windows[window]
            txns[name] = {"buys": seen.buys.count, "sells": seen.sells.count}
            volume[name] = round(seen.usd, 2)
            moved = reel.change(window, lamports / units)
            if moved is not None:
                change[name] = round(moved * 100, 2)
        return {"txns": txns, "volume": dict(reversed(volume.items())), "priceChange": change}

    def pair(self, token: Token) -> Json:
        """Give a coin's pair where it trades now; a curve has no liquidity field."""
        venue, dollars = token.venue, self._dollars
        lamports, units = venue.price()
        native = lamports / units / 1000
        supply = self.chain.world.bank.mints[token.mint].supply
        value = round(market_value(token, supply) / 1e9 * dollars)
        born = self.chain.engine.sim_ms(token.pair_born)
        result: Json = {
            "chainId": "solana", "dexId": token.place, "url": SITE + venue.address.lower(),
            "pairAddress": venue.address,
            "baseToken": {"address": token.mint, "name": token.name, "symbol": token.symbol},
            "quoteToken": {"address": WSOL, "name": "Wrapped SOL", "symbol": "SOL"},
            "priceNative": decimal(native), "priceUsd": decimal(native * dollars),
            **self._statistics(token),
        }  # fmt: skip
        if not isinstance(venue, Curve):
            result["liquidity"] = {
                "usd": round(2 * venue.quote / 1e9 * dollars, 2),
                "base": venue.base // 10**6, "quote": round(venue.quote / 1e9, 4),
            }  # fmt: skip
        result |= {"fdv": value, "marketCap": value, "pairCreatedAt": born}
        if token.number % 5 == 0:
            result["boosts"] = {"active": 10 * (1 + token.trades % 5)}
        if token.born % 3 == 0:
            result["info"] = {
                "imageUrl": f"https://cdn.example/{token.mint}.png",
                "websites": [{"label": "Website", "url": f"https://{token.symbol.lower()}.example"}],
                "socials": [{"type": "twitter", "url": f"https://x.com/{token.symbol.lower()}"}],
            }  # fmt: skip
        return result

    def sol_pair(self) -> Json:
        """Give the SOL/USDC pair, whose price is the price of SOL."""
        dollars = self._dollars
        price = decimal(dollars)
        return {
            "chainId": "solana", "dexId": "raydium", "url": SITE + SOL_PAIR.lower(),
            "pairAddress": SOL_PAIR,
            "baseToken": {"address": WSOL, "name": "Wrapped SOL", "symbol": "SOL"},
            "quoteToken": {"address": USDC, "name": "USD Coin", "symbol": "USDC"},
            "priceNative": price, "priceUsd": price,
            "txns": {name: {"buys": SECONDS[window] // 9, "sells": SECONDS[window] // 10}
                     for name, window in WINDOWS},
            "volume": {name: SECONDS[window] * 4_100.5 for name, window in reversed(WINDOWS)},
            "priceChange": {"h24": 0.42},
            "liquidity": {"usd": 31_250_400.12, "base": round(15_625_200 / dollars, 4),
                          "quote": 15_625_200},
            "fdv": round(580_000_000 * dollars), "marketCap": round(510_000_000 * dollars),
            "pairCreatedAt": 1_657_025_000_000,
        }  # fmt: skip

    def _known(self, mint: str) -> Token | None:
        world = self.chain.world
        return world.tokens.get(mint) or world.graveyard.get(mint)

    def pairs(self, idents: str) -> Json:
        """Answer /latest/dex/pairs/solana/{ids}."""
        wanted = idents.split(",")[:MOST]
        world = self.chain.world
        known = (*world.graveyard.values(), *world.tokens.values())
        by_pair = {token.venue.address: token for token in known}
        found = [self.pair(by_pair[key]) for key in wanted if key in by_pair]
        if SOL_PAIR in wanted:
            found.append(self.sol_pair())
        answer: Json = {"schemaVersion": "1.0.0", "pairs": found or None}
        if len(found) == 1:
            answer["pair"] = found[0]
        return answer

    def tokens(self, mints: str) -> list[Json]:
        """Answer /tokens/v1/solana/{mints}: one pair a mint, unknown mints missing."""
        found = []
        for mint in dict.fromkeys(mints.split(",")[:MOST]):
            token = self._known(mint)
            if token is not None:
                found.append(self.pair(token))
            elif mint == WSOL:
                found.append(self.sol_pair())
        return found

    def pools(self, mint: str) -> list[Json]:
        """Answer /token-pairs/v1/solana/{mint}: every pool it is in, as base or as quote."""
        token = self._known(mint)
        if token is not None:
            return [self.pair(token), *self._quiet(token)]
        if mint != WSOL:
            return []
        deepest = sorted(self.chain.world.tokens.values(), key=_depth, reverse=True)
        return [self.sol_pair(), *(self.pair(token) for token in deepest[: MOST - 1])]

    def _quiet(self, token: Token) -> list[Json]:
        """Give a second pool that some coins have: in bins, thin, and without trade of late."""
        venue = token.venue
        if isinstance(venue, Curve) or token.number % QUIET_EVERY:
            return []
        dollars, (lamports, units) = self._dollars, venue.price()
        native = lamports / units / 1000 * 0.997
        quote, base = venue.quote / 1e9 * 0.06, venue.base / 1e6 * 0.04
        address = invented(f"bins/{token.mint}")
        return [{
            "chainId": "solana", "dexId": "meteora", "url": SITE + address.lower(),
            "pairAddress": address, "labels": ["DLMM"],
            "baseToken": {"address": token.mint, "name": token.name, "symbol": token.symbol},
            "quoteToken": {"address": WSOL, "name": "Wrapped SOL", "symbol": "SOL"},
            "priceNative": decimal(native), "priceUsd": decimal(native * dollars),
            "txns": {name: {"buys": 0, "sells": 0} for name, _ in WINDOWS},
            "volume": {name: 0 for name, _ in reversed(WINDOWS)}, "priceChange": {},
            "liquidity": {"usd": round((quote + base * native) * dollars, 2),
                          "base": round(base), "quote": round(quote, 4)},
        }]  # fmt: skip

    def legacy(self, mints: str) -> Json:
        """Answer /latest/dex/tokens/{mints}, which knows all chains and wraps its pairs."""
        return {"schemaVersion": "1.0.0", "pairs": self.tokens(mints) or None}

    def search(self, query: str) -> Json:
        """Answer /latest/dex/search."""
        words = query.strip().lower()
        found: list[Json] = []
        if words in ("sol", "sol/usdc", "wrapped sol", WSOL.lower()):
            found.append(self.sol_pair())
        found += [
            self.pair(token) for token in self.chain.world.tokens.values()
            if words and words in f"{token.name} {token.symbol} {token.mint}".lower()
        ]  # fmt: skip
        return {"schemaVersion": "1.0.0", "pairs": found[:MOST]}

    def profiles(self) -> list[Json]:
        """Answer /token-profiles/latest/v1: coins that paid for a profile, newest first."""
        paid = [t for t in self.chain.world.tokens.values() if t.born % 3 == 0]
        paid.sort(key=lambda token: token.born, reverse=True)
        return [self._profile(token) for token in paid[:MOST]]

    def boosts(self) -> list[Json]:
        """Answer /token-boosts/latest/v1: who paid last."""
        paid = self._boosted()
        paid.sort(key=lambda token: token.born, reverse=True)
        return [self._boost(token) for token in paid[:MOST]]

    def top_boosts(self) -> list[Json]:
        """Answer /token-boosts/top/v1: who paid most."""
        paid = self._boosted()
        paid.sort(key=lambda token: (token.trades % 50, token.number), reverse=True)
        return [self._boost(token) for token in paid[:MOST]]

    def _boosted(self) -> list[Token]:
        return [token for token in self.chain.world.tokens.values() if token.number % 5 == 0]

    def _boost(self, token: Token) -> Json:
        return {**self._profile(token), "totalAmount": 10 * (1 + token.trades % 50),
                "amount": 10 * (1 + token.trades % 5)}  # fmt: skip

    def _profile(self, token: Token) -> Json:
        return {
            "url": SITE + token.mint, "chainId": "solana", "tokenAddress": token.mint,
            "icon": f"https://cdn.example/{token.mint}.png",
            "header": f"https://cdn.example/{token.mint}-header.png",
            "description": f"{token.name}, a coin of the sandbox.",
            "links": [{"type": "twitter", "url": f"https://x.com/{token.symbol.lower()}"}],
        }  # fmt: skip


def _depth(token: Token) -> int:
    venue = token.venue
    return venue.real_sol if isinstance(venue, Curve) else venue.quote
