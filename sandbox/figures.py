"""What several vendors tell of a coin, worked out once: worth, depth, dangers, growth."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.addresses import invented
from sandbox.chain import Chain
from sandbox.tape import Reel
from sandbox.tokens import Token, market_value
from sandbox.venues import Curve, RaydiumPool

# Vendors name a coin's launchpad when its mint came from one.
LAUNCHPAD = "pump.fun"


class Figures:
    """Reads the market for the vendors' answers; floats, as theirs are."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    @property
    def dollars(self) -> float:
        """The price of SOL in USD."""
        return self.chain.world.sol_cents / 100

    @property
    def now(self) -> int:
        """The present in unix seconds."""
        return self.chain.clock.now_ms() // 1000

    def known(self, mint: str) -> Token | None:
        """Give a coin that trades, or did."""
        world = self.chain.world
        return world.tokens.get(mint) or world.graveyard.get(mint)

    def price(self, token: Token) -> float:
        """Give the price of one coin in USD."""
        lamports, units = token.venue.price()
        return lamports / units / 1000 * self.dollars

    def liquidity(self, token: Token) -> float:
        """Give both sides of the pool in USD, of a curve what it really holds."""
        venue = token.venue
        quote = venue.real_sol if isinstance(venue, Curve) else 2 * venue.quote
        return quote / 1e9 * self.dollars

    def supply(self, token: Token) -> float:
        """Give all coins there are."""
        return self.chain.world.bank.mints[token.mint].supply / 1e6

    def worth(self, token: Token) -> float:
        """Give the value of all coins in USD."""
        supply = self.chain.world.bank.mints[token.mint].supply
        return market_value(token, supply) / 1e9 * self.dollars

    def reel(self, token: Token) -> Reel:
        """Give the coin's trades with windows ending now."""
        return self.chain.tape.read(token.mint, self.now)

    def change(self, token: Token, window: str) -> float | None:
        """Give by which percentage its price changed; None when nobody traded."""
        lamports, units = token.venue.price()
        moved = self.reel(token).change(window, lamports / units)
        return None if moved is None else moved * 100

    def holders(self, token: Token) -> int:
        """Give how many hold the coin."""
        return self.chain.tape.held_by(token.mint)

    def authorities(self, token: Token) -> tuple[str | None, str | None]:
        """Give who may mint and who may freeze."""
        quarter = self.chain.world.quarter
        return quarter.authorities.get(token.mint, (None, None)) if quarter else (None, None)

    def locked(self, token: Token) -> float:
        """Give the part of the liquidity that nobody can take out, from 0 to 1."""
        if not isinstance(token.venue, RaydiumPool):
            return 1.0
        return (0.0, 0.42, 1.0, 1.0, 1.0)[token.number % 5]

    def is_graduated(self, token: Token) -> bool:
        """Say whether the coin came from a launchpad's curve and has left it."""
        return token.mint.endswith("pump") and token.place == "pumpswap"

    def born(self, token: Token) -> int:
        """Give when the coin was launched, in unix seconds."""
        return self.chain.engine.sim_ms(token.born) // 1000

    def opened(self, token: Token) -> int:
        """Give when its present venue opened, in unix seconds."""
        return self.chain.engine.sim_ms(token.pair_born) // 1000

    def shares_mint(self, token: Token) -> str:
        """Give the mint of the pool's shares."""
        lp_mint: str = getattr(token.venue, "lp_mint", "")
        return lp_mint or invented(f"shares/{token.mint}")


def iso(seconds: int) -> str:
    """Write a moment as vendors do, with a Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def human(seconds: int) -> str:
    """Write a moment in UTC without saying so."""
    return iso(seconds)[:-1]
