"""RugCheck's reports: who holds a coin, who may mint or freeze it, what locks its liquidity."""

from __future__ import annotations

from typing import Any

from sandbox.addresses import WSOL
from sandbox.chain import Chain
from sandbox.figures import Figures, iso
from sandbox.holders import Holding, pool_vault
from sandbox.tokens import Token
from sandbox.venues import Curve, SwapPool

Json = dict[str, Any]
MOST_HOLDERS = 20
MARKETS = {"pumpfun": "pump_fun", "pumpswap": "pump_fun_amm", "raydium": "raydium"}


class RugCheck:
    """Makes reports; None for a mint it does not know."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.figures = Figures(chain)

    def summary(self, mint: str) -> Json | None:
        """Answer /v1/tokens/{mint}/report/summary."""
        token = self.figures.known(mint)
        if token is None:
            return None
        risks = self._risks(token)
        return {
            "tokenProgram": token.program, "tokenType": "", "risks": risks or None,
            **_scores(risks), "lpLockedPct": round(self.figures.locked(token) * 100, 4),
        }  # fmt: skip

    def report(self, mint: str) -> Json | None:
        """Answer /v1/tokens/{mint}/report."""
        token = self.figures.known(mint)
        if token is None:
            return None
        minter, freezer = self.figures.authorities(token)
        risks = self._risks(token)
        supply = self.chain.world.bank.mints[mint].supply
        people = self.chain.holders.of(mint)
        dev = sum(one.amount for one in people if one.owner == token.creator)
        return {
            "mint": mint, "tokenProgram": token.program, "creator": token.creator,
            "creatorBalance": dev, "creatorTokens": None,
            "token": {"mintAuthority": minter, "supply": supply, "decimals": 6,
                      "isInitialized": True, "freezeAuthority": freezer},
            "token_extensions": None,
            "tokenMeta": {"name": token.name, "symbol": token.symbol, "uri": token.uri,
                          "mutable": False, "updateAuthority": ""},
            "fileMeta": {"description": f"{token.name}, a coin of the sandbox.",
                         "name": token.name, "symbol": token.symbol, "image": ""},
            "topHolders": [self._holder(one, supply) for one in people[:MOST_HOLDERS]] or None,
            "freezeAuthority": freezer, "mintAuthority": minter, "risks": risks or None,
            **_scores(risks), "lockerOwners": {}, "lockers": {}, "markets": [self._market(token)],
            "totalMarketLiquidity": round(self.figures.liquidity(token), 4),
            "totalLPProviders": 0, "totalHolders": self.figures.holders(token),
            "price": self.figures.price(token), "rugged": False,
            "transferFee": {"pct": 0, "maxAmount": 0, "authority": "1" * 32},
            "knownAccounts": {
                self._pool_owner(token): {"name": f"{token.place} pool", "type": "AMM"},
                token.creator: {"name": "Creator", "type": "CREATOR"},
            },
            "events": [], "verification": None, "graphInsidersDetected": 0,
            "insiderNetworks": None, "detectedAt": iso(self.figures.born(token)),
        }  # fmt: skip

    def _pool_owner(self, token: Token) -> str:
        """Give who owns the coins the venue keeps."""
        return self.chain.world.bank.tokens[pool_vault(token)].owner

    def _holder(self, one: Holding, supply: int) -> Json:
        return {
            "address": one.key, "amount": one.amount, "decimals": 6,
            "pct": one.amount / supply * 100, "uiAmount": one.amount / 1e6,
            "uiAmountString": f"{one.amount / 1e6:.6f}".rstrip("0").rstrip("."),
            "owner": one.owner, "insider": False,
        }  # fmt: skip

    def _market(self, token: Token) -> Json:
        venue, locked = token.venue, self.figures.locked(token)
        curve = isinstance(venue, Curve)
        base = venue.real_tokens if isinstance(venue, Curve) else venue.base
        quote = venue.real_sol if isinstance(venue, Curve) else venue.quote
        shares = self.figures.shares_mint(token)
        vault = venue.vault if isinstance(venue, Curve) else venue.base_vault
        quote_vault = venue.address if isinstance(venue, Curve) else venue.quote_vault
        usd = quote / 1e9 * self.figures.dollars
        total = 0 if curve else 4_193_388_282_784
        return {
            "pubkey": venue.address, "marketType": MARKETS[token.place],
            "mintA": token.mint, "mintB": WSOL, "mintLP": shares,
            "liquidityA": vault, "liquidityB": quote_vault,
            "mintAAccount": None, "mintBAccount": None, "liquidityAAccount": None,
            "liquidityBAccount": None,
            "lp": {
                "baseMint": token.mint, "quoteMint": WSOL, "lpMint": shares,
                "quotePrice": self.figures.dollars, "basePrice": self.figures.price(token),
                "base": base / 1e6, "quote": quote / 1e9, "baseUSD": usd, "quoteUSD": usd,
                "reserveSupply": total,
                "currentSupply": 0 if isinstance(venue, SwapPool) else int(total * (1 - locked)),
                "lpLocked": int(total * locked), "lpUnlocked": int(total * (1 - locked)),
                "lpLockedPct": locked * 100, "lpLockedUSD": 2 * usd * locked,
                "lpTotalSupply": total, "holders": None,
            },
        }  # fmt: skip

    def _risks(self, token: Token) -> list[Json]:
        minter, freezer = self.figures.authorities(token)
        top = self.chain.holders.share(token, most=10)
        found: list[tuple[str, str, str, int, str]] = []
        if minter:
            found.append(("Mint Authority still enabled", "", "More tokens can be minted by the "
                          "owner", 5_000, "danger"))  # fmt: skip
        if freezer:
            found.append(("Freeze Authority still enabled", "", "Tokens can be frozen and "
                          "prevented from trading", 7_500, "danger"))  # fmt: skip
        if top > 0.5:
            found.append(("Top 10 holders high ownership", f"{top * 100:.2f}%",
                          "The top 10 users hold more than 50% token supply", int(top * 6_000),
                          "danger"))  # fmt: skip
        if self.figures.locked(token) < 0.5:
            found.append(("Large Amount of LP Unlocked", "", "A large amount of LP tokens are "
                          "unlocked, allowing the owner to remove liquidity at any point",
                          3_000, "danger"))  # fmt: skip
        if self.figures.liquidity(token) < 5_000:
            found.append(("Low Liquidity", f"${self.figures.liquidity(token):.2f}",
                          "Low amount of liquidity in the token pool", 400, "warn"))  # fmt: skip
        names = ("name", "value", "description", "score", "level")
        return [dict(zip(names, risk, strict=True)) for risk in found]


def _scores(risks: list[Json]) -> Json:
    raw = 1 + sum(risk["score"] for risk in risks)
    return {"score": raw, "score_normalised": min(100, 1 + raw // 150)}
