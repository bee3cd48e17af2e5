"""What each venue's own events say a swap took in and gave out; every event is read as a prefix.

Layouts come from the programs' published sources or IDLs, named at each reader. An event starts
with sha256("event:Name")[:8]; what follows the fields read here is left alone, an event too short
for them is none.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from wallets.domain.programs import (
    BOOP,
    BYREAL,
    GAMMA,
    LAUNCHLAB,
    METEORA_DAMM,
    METEORA_DAMM_V2,
    METEORA_DBC,
    METEORA_DLMM,
    MOONIT,
    PUMP_SWAP,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
    WHIRLPOOL,
)


class Heard(NamedTuple):
    """Raw amounts an event names; None for a side it does not tell in coins that moved.

    At the `pool`: what arrived there and what left it, so after what a Token-2022 mint holds back
    on the way in and before it on the way out. At the `trader`: what left him, venue fees included,
    and what arrived with him. `slack` raw units are rounding of the venue's own books.
    """

    taken: int | None
    given: int | None
    side: Literal["pool", "trader"] = "pool"
    slack: int = 0


Reader = Callable[[bytes], Heard | None]


def heard_in(program: str, events: Sequence[bytes]) -> list[Heard]:
    """Return the swaps a venue's events tell, in order; empty where none is known.

    Where a venue sends one swap in an old and a new event, only the newer ones count.
    """
    for reader in READERS.get(program, ()):
        found = [heard for event in events if (heard := reader(event)) is not None]
        if found:
            return found
    return []


def event_start(name: str) -> bytes:
    """Return the eight bytes an Anchor event of that name starts with."""
    return sha256(b"event:" + name.encode()).digest()[:8]


def u64(payload: bytes, place: int) -> int:
    """Return the unsigned 64-bit number at a place."""
    return int.from_bytes(payload[place : place + 8], "little")


def _fields(
    name: str,
    taken: int | None,
    given: int | None,
    side: Literal["pool", "trader"] = "pool",
    slack: int = 0,
) -> Reader:
    """Make a reader of two amounts at fixed places after the discriminator."""
    start = event_start(name)
    needed = 16 + max(taken or 0, given or 0)

    def read(payload: bytes) -> Heard | None:
        if payload[:8] != start or len(payload) < needed:
            return None
        return Heard(
            None if taken is None else u64(payload, 8 + taken),
            None if given is None else u64(payload, 8 + given),
            side,
            slack,
        )

    return read


def _ray_log(payload: bytes) -> Heard | None:
    """Read the log of a Raydium AMM v4 swap: exact input (3) or exact output (4).

    https://github.com/raydium-io/raydium-amm program/src/log.rs
    """
    if len(payload) < 57 or payload[0] not in (3, 4):
        return None
    if payload[0] == 3:
        return Heard(u64(payload, 1), u64(payload, 49))
    return Heard(u64(payload, 49), u64(payload, 9))


def _clmm(payload: bytes) -> Heard | None:
    """Read a CLMM SwapEvent: the input after, the output also after the mint's transfer fee.

    https://github.com/raydium-io/raydium-clmm programs/amm/src/instructions/swap_v2.rs
    """
    if payload[:8] != _CLMM_SWAP or len(payload) < 8 + 161:
        return None
    sides = (
        (u64(payload, 136), u64(payload, 144)),
        (u64(payload, 152), u64(payload, 160)),
    )
    taken, given = sides if payload[168] else sides[::-1]
    return Heard(taken[0], sum(given))


_CLMM_SWAP: Final = event_start("SwapEvent")


def _traded(payload: bytes) -> Heard | None:
    """Read Orca's Traded: both amounts with the mints' transfer fees inside.

    https://github.com/orca-so/whirlpools programs/whirlpool/src/instructions/v2/swap.rs
    """
    if payload[:8] != _TRADED or len(payload) < 8 + 97:
        return None
    return Heard(max(u64(payload, 73) - u64(payload, 89), 0), u64(payload, 81))


_TRADED: Final = event_start("Traded")


def _moonit(payload: bytes) -> Heard | None:
    """Read Moonit's TradeEvent: the coins; its collateral is told without saying at whose side.

    https://github.com/sevenlabs-hq/carbon decoders/moonshot-decoder/src/events/trade_event.rs
    """
    if payload[:8] != _MOONIT_TRADE or len(payload) < 8 + 137:
        return None
    coins = u64(payload, 8)
    return Heard(None, coins) if payload[144] == 0 else Heard(coins, None)


_MOONIT_TRADE: Final = event_start("TradeEvent")

_CP_SWAP: Final = _fields("SwapEvent", 48, 56)

READERS: Final[Mapping[str, tuple[Reader, ...]]] = {
    # https://github.com/pump-fun/pump-public-docs idl/pump_amm.json: the pool's quote is before
    # what protocol and creator get of it
    PUMP_SWAP: (_fields("BuyEvent", 96, 8), _fields("SellEvent", 8, 96)),
    RAYDIUM_V4: (_ray_log,),
    # https://github.com/raydium-io/raydium-cp-swap programs/cp-swap/src/states/events.rs
    RAYDIUM_CPMM: (_CP_SWAP,),
    # a fork of it, with its event
    GAMMA: (_CP_SWAP,),
    RAYDIUM_CLMM: (_clmm,),
    # a fork of it, with its event
    BYREAL: (_clmm,),
    # https://github.com/raydium-io/raydium-idl raydium_launchpad: the platform's, the creator's and
    # a sharer's fee may be paid beside the vault, so only the trader's side is whole
    LAUNCHLAB: (_fields("TradeEvent", 88, 96, "trader"),),
    WHIRLPOOL: (_traded,),
    # https://github.com/MeteoraAg/dlmm-sdk idls/dlmm.json
    METEORA_DLMM: (_fields("Swap", 72, 80),),
    # https://github.com/MeteoraAg/dynamic-amm-sdk: the pool owns shares of vaults, and a share is
    # worth a whole number of coins only to within one
    METEORA_DAMM: (_fields("Swap", 0, 8, slack=1),),
    # https://github.com/MeteoraAg/damm-v2 programs/cp-amm/src/event.rs
    METEORA_DAMM_V2: (_fields("EvtSwap2", 52, 76), _fields("EvtSwap", 106, 50)),
    # https://github.com/MeteoraAg/dynamic-bonding-curve
    # programs/dynamic-bonding-curve/src/instructions/swap/ix_swap.rs sends both for one swap
    METEORA_DBC: (_fields("EvtSwap2", 83, 107), _fields("EvtSwap", 138, 90)),
    # https://github.com/sevenlabs-hq/carbon decoders/boop-decoder: coins only, as whether the SOL
    # is before the fee is not written
    BOOP: (_fields("TokenBoughtEvent", None, 40), _fields("TokenSoldEvent", 32, None)),
    MOONIT: (_moonit,),
}
