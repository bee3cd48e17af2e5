"""Solana's words as checked values: addresses, signatures, lamports."""

from typing import Final, NewType

from solders.pubkey import Pubkey
from solders.signature import Signature as _Signature

Address = NewType("Address", str)
Signature = NewType("Signature", str)

LAMPORTS_PER_SOL: Final = 1_000_000_000
WSOL: Final = Address("So11111111111111111111111111111111111111112")
USDC: Final = Address("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")


def address(text: object) -> Address:
    """Check a base58 address of 32 bytes; case matters, spaces around it do not.

    Raises ValueError saying what is wrong in words a user can act on.
    """
    if not isinstance(text, str) or not (given := text.strip()):
        raise ValueError("no address given")
    strange = sorted({c for c in given if c in "0OIl" or not (c.isascii() and c.isalnum())})
    if strange:
        raise ValueError(f"not base58: contains {' '.join(strange[:5])!r}")
    if not 32 <= len(given) <= 44:
        raise ValueError(f"not 32 bytes: {len(given)} characters, an address has 32 to 44")
    try:
        return Address(str(Pubkey.from_string(given)))
    except ValueError:
        raise ValueError("not 32 bytes when decoded from base58") from None


def signature(text: object) -> Signature:
    """Check a base58 transaction signature of 64 bytes. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("no signature given")
    try:
        return Signature(str(_Signature.from_string(text)))
    except ValueError:
        raise ValueError("not a transaction signature") from None


def is_on_curve(of: Address) -> bool:
    """Say whether a key pair can exist for the address; off-curve means a program owns it."""
    return Pubkey.from_string(of).is_on_curve()


def short(of: str) -> str:
    """Shorten an address for display: `7xKX…9fQ2`."""
    return of if len(of) <= 10 else f"{of[:4]}…{of[-4:]}"
