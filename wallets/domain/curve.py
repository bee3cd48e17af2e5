"""Trade events of the pump.fun curve: a known prefix is read, whatever follows is left alone."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from solders.pubkey import Pubkey

from wallets.domain.programs import WSOL

_TRADE: Final = sha256(b"event:TradeEvent").digest()[:8]
_NO_MINT: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class CurveTrade:
    """A trade on a pump.fun curve: quote and token amounts before fees, raw."""

    mint: str
    quote_mint: str
    quote: int
    tokens: int
    is_buy: bool
    user: str


def curve_trade(payload: bytes) -> CurveTrade | None:
    """Read a pump.fun TradeEvent (its discriminator first); None when it is something else.

    Layout: https://github.com/pump-fun/pump-public-docs idl/pump.json
    """
    if payload[:8] != _TRADE or len(payload) < 8 + 32 + 8 + 8 + 1 + 32:
        return None
    lamports, tokens = _u64(payload, 40), _u64(payload, 48)
    quote_mint, quote = _quote(payload)
    return CurveTrade(
        mint=_address(payload, 8),
        quote_mint=quote_mint or WSOL,
        quote=lamports if quote_mint is None else quote,
        tokens=tokens,
        is_buy=payload[56] != 0,
        user=_address(payload, 57),
    )


def _quote(payload: bytes) -> tuple[str | None, int]:
    """Find the quote mint and amount in the tail a curve of another currency than SOL fills."""
    # 8 of discriminator, then the fixed fields up to last_update_timestamp
    place = 8 + 32 + 17 + 32 + 5 * 8 + 32 + 16 + 32 + 16 + 1 + 32
    place = _after_vector(payload, place, 1)
    place = _after_vector(payload, place + 1 + 4 * 8, 34)
    if len(payload) < place + 40:
        return None, 0
    mint = payload[place : place + 32]
    if mint == _NO_MINT:
        return None, 0
    return str(Pubkey.from_bytes(mint)), _u64(payload, place + 32)


def _after_vector(payload: bytes, place: int, size: int) -> int:
    """Return where a vector ends; past the payload when the payload ends before it."""
    count = int.from_bytes(payload[place : place + 4], "little")
    return place + 4 + count * size


def _u64(payload: bytes, place: int) -> int:
    return int.from_bytes(payload[place : place + 8], "little")


def _address(payload: bytes, place: int) -> str:
    return str(Pubkey.from_bytes(payload[place : place + 32]))
