"""What counts as money: the mints trades are quoted in, and what a swap is worth in SOL."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

from aura.core.solana import LAMPORTS_PER_SOL, WSOL
from market.domain.money import DOLLARS as DOLLARS
from market.domain.money import MONEY
from wallets.domain.values import Leg, Swap

# Mints without a book of their own: they are what others are bought and sold for.
QUOTES: Final = MONEY
DOLLAR_DECIMALS: Final = 6
# Worth in USD is kept in millionths, as its columns are.
USD_STEP: Final = Decimal("0.000001")

Side = Literal["buy", "sell", "swap"]


def side_of(swap: Swap) -> tuple[Side, str]:
    """Say which way a swap goes and which mint it is about: SOL is money, then dollars."""
    for money in ({WSOL}, DOLLARS):
        if swap.mint_in in money:
            return "buy", swap.mint_out
        if swap.mint_out in money:
            return "sell", swap.mint_in
    return "swap", swap.mint_out


def token_of(leg: Leg) -> str | None:
    """Return what a pool trades against SOL; None for a pool without SOL on either side."""
    if WSOL not in (leg.mint_in, leg.mint_out):
        return None
    return leg.mint_in if leg.mint_out == WSOL else leg.mint_out


def value_lamports(swap: Swap, legs: Iterable[Leg]) -> int | None:
    """Return what a swap was worth in lamports, or None where nothing tells.

    SOL on one side is the worth itself. A token-to-token swap routed through SOL is worth the
    SOL that reached the pools giving the second token: what the first pools gave out, less the
    fees taken on the way; one value stands for both sides.
    """
    if swap.mint_in == WSOL:
        return swap.raw_in
    if swap.mint_out == WSOL:
        return swap.raw_out
    through = [leg.raw_in for leg in legs if leg.mint_in == WSOL and leg.mint_out == swap.mint_out]
    return sum(through) or None


def dollars_raw(swap: Swap) -> int | None:
    """Return the dollar side of a swap in millionths of a dollar, or None when it has none."""
    if swap.mint_in in DOLLARS:
        return swap.raw_in
    return swap.raw_out if swap.mint_out in DOLLARS else None


def in_usd(lamports: int | None, price: Decimal | None) -> Decimal | None:
    """Return what lamports are worth in USD at a price of one SOL, in millionths.

    None where either is unknown.
    """
    if lamports is None or price is None:
        return None
    return (lamports * price / LAMPORTS_PER_SOL).quantize(USD_STEP)
