"""DexScreener's REST answers over the sandbox's coins; figures are floats as the vendor's are."""

from __future__ import annotations

from typing import Any

from sandbox.addresses import USDC, WSOL, invented
from sandbox.chain import Chain
from sandbox.tokens import Token, market_value
from sandbox.venues import Curve

Json = dict[str, Any]
WINDOWS = (("m5", 300), ("h1", 3_600), ("h6", 21_600), ("h24", 86_400))
MOST = 30
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
        now = self.chain.clock.now_ms() // 1000
        rows = self.chain.store.rows(
            "SELECT time, is_buy, lamports, price_lamports, price_raw FROM swap "
            "WHERE mint = ? AND time > ? ORDER BY rowid",
            (token.mint, now - 86_400),
        )
        txns: Json = {}
        volume: Json = {}
        change: Json = {}
        lamports, units = token.venue.price()
        present = lamports / units
        for name, seconds in WINDOWS:
            inside = [row for row in rows if row[0] > now - seconds]
            buys = sum(row[1] for row in inside)
            txns[name] = {"buys": buys, "sells": len(inside) - buys}
            volume[name] = round(sum(row[2] for row in inside) / 1e9 * self._dollars, 2)
            if inside:
                first = inside[0][3] / inside[0][4]
                change[name] = round((present / first - 1) * 100, 2)
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
            "txns": {name: {"buys": seconds // 9, "sells": seconds // 10}
                     for name, seconds in WINDOWS},
            "volume": {name: seconds * 4_100.5 for name, seconds in reversed(WINDOWS)},
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
        by_pair = {t.venue.address: t for t in [*world.graveyard.values(), *world.tokens.values()]}
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
        """Answer /token-boosts/latest/v1."""
        paid = [t for t in self.chain.world.tokens.values() if t.born % 5 == 0]
        paid.sort(key=lambda token: token.born, reverse=True)
        return [
            {**self._profile(token), "totalAmount": 10 * (1 + token.trades % 50),
             "amount": 10 * (1 + token.trades % 5)}
            for token in paid[:MOST]
        ]  # fmt: skip

    def _profile(self, token: Token) -> Json:
        return {
            "url": SITE + token.mint, "chainId": "solana", "tokenAddress": token.mint,
            "icon": f"https://cdn.example/{token.mint}.png",
            "header": f"https://cdn.example/{token.mint}-header.png",
            "description": f"{token.name}, a coin of the sandbox.",
            "links": [{"type": "twitter", "url": f"https://x.com/{token.symbol.lower()}"}],
        }  # fmt: skip
