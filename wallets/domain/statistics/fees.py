"""What venues take of a swap, in hundredths of a per cent, beside what the pool gives and takes.

pump.fun: 0.95 % protocol and 0.30 % creator. PumpSwap: 1.25 % below a market cap of 420 SOL,
falling to 0.30 % at 98,240; the dearest tier is used, so that a follower is never flattered.
https://github.com/pump-fun/pump-public-docs (fees). Raydium AMM v4: 0.25 %. Elsewhere the fee is
set pool by pool and 1 % is assumed.
"""

from typing import Final

FEE_POINTS: Final = {"pump.fun": 125, "PumpSwap": 125, "Raydium AMM v4": 25}
ASSUMED: Final = 100
WHOLE: Final = 10_000


def points_of(venue: str) -> int:
    """Return a venue's fee in hundredths of a per cent."""
    return FEE_POINTS.get(venue, ASSUMED)


def fee_on(lamports: int, venue: str) -> int:
    """Return the fee on a swap of that worth."""
    return lamports * points_of(venue) // WHOLE
