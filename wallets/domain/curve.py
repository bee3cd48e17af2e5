"""Trade events of the pump.fun curve: a known prefix is read, whatever follows is left alone."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from wallets.domain.programs import WSOL

_TRADE: Final = sha256(b"event:TradeEvent").digest()[:8]
_NO_MINT: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class CurveTrade:
    """A trade on a pump.fun curve: quote and token amounts before fees, raw.

    `virtual_quote` and `virtual_tokens` are the reserves it prices by after the trade; None in a
    payload too short for them. `points` are the fees of protocol and creator in hundredths of a
    per cent; none in one from before the event told them.
    """

    mint: str
    quote_mint: str
    quote: int
    tokens: int
    is_buy: bool
    user: str
    virtual_quote: int | None = None
    virtual_tokens: int | None = None
    points: tuple[int, int] | None = None


def curve_trade(payload: bytes) -> CurveTrade | None:
    """Read a pump.fun TradeEvent (its discriminator first); None when it is something else.

    Layout: https://github.com/pump-fun/pump-public-docs idl/pump.json
    """
    if payload[:8] != _TRADE or len(payload) < 8 + 32 + 8 + 8 + 1 + 32:
        return None
    lamports, tokens = _u64(payload, 40), _u64(payload, 48)
    other = _other_quote(payload)
    has_reserves = len(payload) >= 129
    virtual_quote = _u64(payload, 97) if has_reserves else None
    return CurveTrade(
        mint=_address(payload, 8),
        quote_mint=WSOL if other is None else other.mint,
        quote=lamports if other is None else other.raw,
        tokens=tokens,
        is_buy=payload[56] != 0,
        user=_address(payload, 57),
        virtual_quote=virtual_quote if other is None else other.virtual,
        virtual_tokens=_u64(payload, 105) if has_reserves else None,
        points=(_u64(payload, 161), _u64(payload, 209)) if len(payload) >= 225 else None,
    )


class _Quote(NamedTuple):
    mint: str
    raw: int
    virtual: int | None


def _other_quote(payload: bytes) -> _Quote | None:
    """Find mint, amount and virtual reserve in the tail a curve of another currency fills."""
    # 8 of discriminator, then the fixed fields up to last_update_timestamp
    place = 8 + 32 + 17 + 32 + 5 * 8 + 32 + 16 + 32 + 16 + 1 + 32
    place = _after_vector(payload, place, 1)
    place = _after_vector(payload, place + 1 + 4 * 8, 34)
    if len(payload) < place + 40:
        return None
    mint = payload[place : place + 32]
    if mint == _NO_MINT:
        return None
    virtual = _u64(payload, place + 40) if len(payload) >= place + 48 else None
    return _Quote(str(Pubkey.from_bytes(mint)), _u64(payload, place + 32), virtual)


def _after_vector(payload: bytes, place: int, size: int) -> int:
    """Return where a vector ends; past the payload when the payload ends before it."""
    count = int.from_bytes(payload[place : place + 4], "little")
    return place + 4 + count * size


def _u64(payload: bytes, place: int) -> int:
    return int.from_bytes(payload[place : place + 8], "little")


def _address(payload: bytes, place: int) -> str:
    return str(Pubkey.from_bytes(payload[place : place + 32]))
