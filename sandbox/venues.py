"""The places tokens trade: bonding curve, PumpSwap pool, Raydium AMM v4 pool; integer quotes."""

from __future__ import annotations

from dataclasses import dataclass

INITIAL_VIRTUAL_SOL = 30_000_000_000
INITIAL_VIRTUAL_TOKENS = 1_073_000_000_000_000
INITIAL_REAL_TOKENS = 793_100_000_000_000
TOTAL_SUPPLY = 1_000_000_000_000_000
CURVE_FEE_BPS = 95
CURVE_CREATOR_BPS = 30
RAYDIUM_FEE_BPS = 25
# Fees of a PumpSwap pool (liquidity, protocol, creator) below 420 SOL of market value, and above
# it the creator's by the value up to which it holds: https://pump.fun/docs/fees
SMALLEST = (420, (2, 93, 30))
CREATOR_TIERS = (
    (1_470, 95), (2_460, 90), (3_440, 85), (4_420, 80), (9_820, 75), (14_740, 70), (19_650, 65),
    (24_560, 60), (29_470, 55), (34_380, 50), (39_300, 45), (44_210, 40), (49_120, 35),
    (54_030, 30), (58_940, 28), (63_860, 25), (68_770, 23), (73_681, 20), (78_590, 18),
    (83_500, 15), (88_400, 13), (93_330, 10), (98_240, 8),
)  # fmt: skip


def share(amount: int, bps: int) -> int:
    """Give `bps` of an amount, rounded up as both pump programs do."""
    return -(-amount * bps // 10_000)


@dataclass(frozen=True, slots=True)
class Fill:
    """One executed swap. `gross` is the SOL against the reserves, before fees; all lamports."""

    tokens: int
    gross: int
    lp_fee: int
    protocol_fee: int
    creator_fee: int

    @property
    def paid(self) -> int:
        """What a buyer gives in all."""
        return self.gross + self.lp_fee + self.protocol_fee + self.creator_fee

    @property
    def received(self) -> int:
        """What a seller gets in all."""
        return self.gross - self.lp_fee - self.protocol_fee - self.creator_fee


@dataclass(slots=True)
class Curve:
    """A pump.fun bonding curve and its accounts."""

    address: str
    vault: str
    creator: str
    creator_vault: str
    second: str
    virtual_sol: int = INITIAL_VIRTUAL_SOL
    virtual_tokens: int = INITIAL_VIRTUAL_TOKENS
    real_sol: int = 0
    real_tokens: int = INITIAL_REAL_TOKENS
    complete: bool = False

    def buy(self, budget: int) -> Fill | None:
        """Fill a purchase for at most `budget` lamports, fees included."""
        net = budget * 10_000 // (10_000 + CURVE_FEE_BPS + CURVE_CREATOR_BPS) - 4
        if net <= 0:
            return None
        tokens = min(net * self.virtual_tokens // (self.virtual_sol + net), self.real_tokens)
        if tokens <= 0:
            return None
        gross = tokens * self.virtual_sol // (self.virtual_tokens - tokens) + 1
        return Fill(tokens, gross, 0, share(gross, CURVE_FEE_BPS), share(gross, CURVE_CREATOR_BPS))

    def sell(self, tokens: int) -> Fill:
        """Fill a sale of raw tokens."""
        gross = tokens * self.virtual_sol // (self.virtual_tokens + tokens)
        return Fill(tokens, gross, 0, share(gross, CURVE_FEE_BPS), share(gross, CURVE_CREATOR_BPS))

    def apply(self, fill: Fill, *, is_buy: bool) -> None:
        """Move the reserves by a fill."""
        sign = 1 if is_buy else -1
        self.virtual_sol += sign * fill.gross
        self.real_sol += sign * fill.gross
        self.virtual_tokens -= sign * fill.tokens
        self.real_tokens -= sign * fill.tokens

    def price(self) -> tuple[int, int]:
        """Give lamports per raw token as a fraction."""
        return self.virtual_sol, self.virtual_tokens


@dataclass(slots=True)
class SwapPool:
    """A PumpSwap pool; reserves are its vaults."""

    address: str
    base_vault: str
    quote_vault: str
    creator: str
    creator_authority: str
    creator_vault: str
    recipient: str
    recipient_vault: str
    second: str
    lp_mint: str
    base: int
    quote: int
    supply: int = TOTAL_SUPPLY

    def rates(self) -> tuple[int, int, int]:
        """Give the fees of liquidity, protocol and creator for the present market value."""
        value = self.supply * self.quote // self.base // 1_000_000_000
        if value < SMALLEST[0]:
            return SMALLEST[1]
        return 20, 5, next((bps for ceiling, bps in CREATOR_TIERS if value < ceiling), 5)

    def _fees(self, gross: int) -> tuple[int, int, int]:
        lp, protocol, creator = self.rates()
        return share(gross, lp), share(gross, protocol), share(gross, creator)

    def buy(self, budget: int) -> Fill | None:
        """Fill a purchase for at most `budget` lamports, fees included."""
        net = budget * 10_000 // (10_000 + sum(self.rates())) - 4
        tokens = net * self.base // (self.quote + net) if net > 0 else 0
        if tokens <= 0:
            return None
        gross = -(-tokens * self.quote // (self.base - tokens))
        return Fill(tokens, gross, *self._fees(gross))

    def sell(self, tokens: int) -> Fill:
        """Fill a sale of raw tokens."""
        gross = tokens * self.quote // (self.base + tokens)
        return Fill(tokens, gross, *self._fees(gross))

    def apply(self, fill: Fill, *, is_buy: bool) -> None:
        """Move the reserves by a fill; the liquidity providers' fee stays in the pool."""
        if is_buy:
            self.base -= fill.tokens
            self.quote += fill.gross + fill.lp_fee
        else:
            self.base += fill.tokens
            self.quote -= fill.gross - fill.lp_fee

    def price(self) -> tuple[int, int]:
        """Give lamports per raw token as a fraction."""
        return self.quote, self.base


@dataclass(slots=True)
class RaydiumPool:
    """A Raydium AMM v4 pool with wrapped SOL as coin and the token as pc."""

    address: str
    quote_vault: str
    base_vault: str
    orders: str
    market: str
    base: int
    quote: int
    supply: int = TOTAL_SUPPLY

    def buy(self, budget: int) -> Fill | None:
        """Fill a purchase with exactly `budget` lamports; the fee is inside them."""
        after = budget - share(budget, RAYDIUM_FEE_BPS)
        tokens = after * self.base // (self.quote + after)
        return Fill(tokens, budget, 0, 0, 0) if tokens > 0 else None

    def sell(self, tokens: int) -> Fill:
        """Fill a sale of raw tokens; the fee is taken from them."""
        after = tokens - share(tokens, RAYDIUM_FEE_BPS)
        return Fill(tokens, after * self.quote // (self.base + after), 0, 0, 0)

    def apply(self, fill: Fill, *, is_buy: bool) -> None:
        """Move the reserves by a fill."""
        sign = 1 if is_buy else -1
        self.base -= sign * fill.tokens
        self.quote += sign * fill.gross

    def price(self) -> tuple[int, int]:
        """Give lamports per raw token as a fraction."""
        return self.quote, self.base


Venue = Curve | SwapPool | RaydiumPool
