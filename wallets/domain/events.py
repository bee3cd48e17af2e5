"""Trade events of pump.fun and PumpSwap: a known prefix is read, whatever follows is left alone."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from wallets.domain.movements import instruction_data
from wallets.domain.programs import PUMP, PUMP_SWAP, WSOL
from wallets.domain.values import Instruction

# Anchor: sha256("anchor:event")[:8], the start of an event sent as a call to oneself.
_SELF_CALL: Final = bytes.fromhex("e445a52e51cb9a1d")
# Anchor: sha256("event:Name")[:8]
_TRADE: Final = bytes.fromhex("bddb7fd34ee661ee")
_POOL_BUY: Final = bytes.fromhex("67f4521f2cf57777")
_POOL_SELL: Final = bytes.fromhex("3e2f370aa503dc2a")
_LOGGED: Final = "Program data: "
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


@dataclass(frozen=True, slots=True)
class PoolTrade:
    """A trade in a PumpSwap pool: base raw amount, and who made it."""

    base: int
    is_buy: bool
    pool: str
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


def pool_trade(payload: bytes) -> PoolTrade | None:
    """Read a PumpSwap BuyEvent or SellEvent; None when it is something else.

    Layout: https://github.com/pump-fun/pump-public-docs idl/pump_amm.json
    """
    is_buy = payload[:8] == _POOL_BUY
    if (not is_buy and payload[:8] != _POOL_SELL) or len(payload) < 8 + 14 * 8 + 64:
        return None
    return PoolTrade(_u64(payload, 16), is_buy, _address(payload, 120), _address(payload, 152))


def self_called(item: Instruction) -> bytes | None:
    """Return the event inside an instruction a program sent to itself, None for any other."""
    data = instruction_data(item)
    return data[8:] if data[:8] == _SELF_CALL else None


def logged_trades(logs: Sequence[str]) -> Iterator[bytes]:
    """Yield the events pump.fun and PumpSwap logged inside their own invocations.

    Logs are cut at 10 KB and any program may print the same words: only lines between a program's
    own `invoke` and its end count.
    """
    stack: list[str] = []
    for line in logs:
        if line.startswith(_LOGGED):
            if stack and stack[-1] in (PUMP, PUMP_SWAP):
                yield _logged(line)
            continue
        words = line.split(" ", 3)
        if words[0] != "Program" or len(words) < 3:
            continue
        if words[2] == "invoke":
            stack.append(words[1])
        elif stack and words[1] == stack[-1] and words[2].startswith(("success", "failed")):
            stack.pop()


def _logged(line: str) -> bytes:
    try:
        return b64decode(line[len(_LOGGED) :])
    except ValueError:
        return b""


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
