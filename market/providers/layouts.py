"""How accounts of mints, curves and pools lie in bytes: a known beginning, any end after it.

Programs append fields, so nothing is asked of an account's length but that it holds what is read.
Integers are little-endian. https://solana.com/docs/tokens · https://github.com/pump-fun/pump-public-docs
· https://github.com/raydium-io/raydium-amm · https://github.com/raydium-io/raydium-cp-swap
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from solders.pubkey import Pubkey

from aura.core.solana import USDC, WSOL
from market.domain.venues import PROGRAMS, PUMP, PUMP_SWAP, RAYDIUM_CPMM, RAYDIUM_V4
from market.providers.rpc import Account

SPL: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
SPL_2022: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS: Final = frozenset({SPL, SPL_2022})
_NOBODY: Final = str(Pubkey.default())
_BONDING_CURVE: Final = bytes.fromhex("17b7f83760d8ac60")
_PUMP_SWAP_POOL: Final = bytes.fromhex("f19a6d0411b16dbc")
_CPMM_POOL: Final = bytes.fromhex("f7ede3f5d7c3de46")
# What a curve of pump.fun sells of a coin quoted in SOL, in raw units.
CURVE_SELLS: Final = 793_100_000_000_000
DECIMALS: Final[Mapping[str, int]] = {WSOL: 9, USDC: 6}
# Where a mint's extensions begin, and its fixed part's length.
_EXTENSIONS, _MINT = 166, 82
_MINT_ACCOUNT: Final = 1
_FROZEN: Final = 2


@dataclass(frozen=True, slots=True)
class Mint:
    """A mint: what may be done to its holders stands in `risks`, in words."""

    supply_raw: int
    decimals: int
    can_mint: bool
    can_freeze: bool
    transfer_fee: Decimal
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A bonding curve of pump.fun; prices follow the virtual reserves, coins are the real ones."""

    virtual_base_raw: int
    virtual_quote_raw: int
    base_raw: int
    quote_raw: int
    is_complete: bool
    creator: str
    is_mayhem: bool
    quote_mint: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool whose coins lie in two vaults, of which some are owed to others."""

    venue: str
    base_mint: str
    quote_mint: str
    base_vault: str
    quote_vault: str
    base_decimals: int | None = None
    quote_decimals: int | None = None
    base_owed_raw: int = 0
    quote_owed_raw: int = 0
    virtual_quote_raw: int = 0
    opened_at: datetime | None = None


def _key(data: bytes, at: int) -> str:
    return str(Pubkey.from_bytes(data[at : at + 32]))


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def read_mint(account: Account) -> Mint | None:
    """Read a mint of either token program; None when the account is none."""
    data = account.data
    if account.owner not in TOKEN_PROGRAMS or len(data) < _MINT or data[45] != 1:
        return None
    is_extended = len(data) > _EXTENSIONS - 1
    if is_extended and (account.owner != SPL_2022 or data[_EXTENSIONS - 1] != _MINT_ACCOUNT):
        return None
    extensions = dict(_extensions(data)) if is_extended else {}
    return Mint(
        supply_raw=_u64(data, 36),
        decimals=data[44],
        can_mint=data[0] == 1,
        can_freeze=data[46] == 1,
        transfer_fee=_transfer_fee(extensions.get(1, b"")),
        risks=tuple(_risks(extensions)),
    )


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a mint's extensions by type: u16 type, u16 length, value."""
    at = _EXTENSIONS
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0:
            return
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def _transfer_fee(config: bytes) -> Decimal:
    """Return the higher of the fee in force and the one to come: both can meet a holder."""
    if len(config) < 108:
        return Decimal(0)
    points = max(struct.unpack_from("<H", config, at)[0] for at in (88, 106))
    return Decimal(points) / 10_000


def _risks(extensions: dict[int, bytes]) -> Iterator[str]:
    """Tell what extensions let somebody do. https://solana.com/docs/tokens/extensions."""
    if any(extensions.get(1, b"")[:32]):
        yield "transfer fee can be changed"
    if extensions.get(6, b"")[:1] == bytes([_FROZEN]):
        yield "new accounts are frozen"
    if 9 in extensions:
        yield "cannot be transferred"
    if any(extensions.get(12, b"")[:32]):
        yield "somebody can take tokens from any holder"
    if any(extensions.get(14, b"")[32:64]):
        yield "another program decides on transfers"
    if any(extensions.get(26, b"")[:32]):
        yield "transfers can be paused"


def read_holding(account: Account, mint: str) -> int | None:
    """Return the raw amount in a token account of this mint; None when it is none."""
    data = account.data
    if account.owner not in TOKEN_PROGRAMS or len(data) < 165 or _key(data, 0) != mint:
        return None
    return _u64(data, 64)


def read_owner(account: Account) -> str:
    """Return who owns a token account; nothing when it is none."""
    is_holding = account.owner in TOKEN_PROGRAMS and len(account.data) >= 165
    return _key(account.data, 32) if is_holding else ""


def read_curve(account: Account) -> Curve | None:
    """Read a bonding curve of pump.fun; None when the account is none."""
    data = account.data
    if account.owner != PUMP or len(data) < 49 or data[:8] != _BONDING_CURVE:
        return None
    quote_mint = _key(data, 83) if len(data) >= 115 else _NOBODY
    return Curve(
        virtual_base_raw=_u64(data, 8),
        virtual_quote_raw=_u64(data, 16),
        base_raw=_u64(data, 24),
        quote_raw=_u64(data, 32),
        is_complete=data[48] == 1,
        creator=_key(data, 49) if len(data) >= 81 else "",
        is_mayhem=len(data) > 81 and data[81] == 1,
        quote_mint=WSOL if quote_mint == _NOBODY else quote_mint,
    )


def read_pool(account: Account) -> Pool | None:
    """Read a pool of PumpSwap or Raydium (AMM v4, CPMM); None for any other account."""
    reader = _POOLS.get(account.owner)
    return reader(account.data) if reader else None


def _pump_swap(data: bytes) -> Pool | None:
    if len(data) < 203 or data[:8] != _PUMP_SWAP_POOL:
        return None
    quote_mint = _key(data, 75)
    # Signed, and not zero since liquidity can be boosted.
    virtual = int.from_bytes(data[245:261], "little", signed=True) if len(data) >= 261 else 0
    return Pool(
        PROGRAMS[PUMP_SWAP],
        base_mint=_key(data, 43),
        quote_mint=quote_mint,
        base_vault=_key(data, 139),
        quote_vault=_key(data, 171),
        quote_decimals=DECIMALS.get(quote_mint),
        virtual_quote_raw=virtual,
    )


def _raydium_v4(data: bytes) -> Pool | None:
    # Orders on the old order book are not counted: the venue places none any more.
    if len(data) != 752 or _u64(data, 0) == 0:
        return None
    return Pool(
        PROGRAMS[RAYDIUM_V4],
        base_mint=_key(data, 400),
        quote_mint=_key(data, 432),
        base_vault=_key(data, 336),
        quote_vault=_key(data, 368),
        base_decimals=_u64(data, 32),
        quote_decimals=_u64(data, 40),
        base_owed_raw=_u64(data, 192),
        quote_owed_raw=_u64(data, 200),
        opened_at=_opened_at(_u64(data, 224)),
    )


def _raydium_cpmm(data: bytes) -> Pool | None:
    if len(data) < 413 or data[:8] != _CPMM_POOL:
        return None
    # Fees of the protocol, the fund and the creator wait in the vaults.
    owed = [_u64(data, at) + _u64(data, at + 16) for at in (341, 349)]
    return Pool(
        PROGRAMS[RAYDIUM_CPMM],
        base_mint=_key(data, 168),
        quote_mint=_key(data, 200),
        base_vault=_key(data, 72),
        quote_vault=_key(data, 104),
        base_decimals=data[331],
        quote_decimals=data[332],
        base_owed_raw=owed[0] + _u64(data, 397),
        quote_owed_raw=owed[1] + _u64(data, 405),
        opened_at=_opened_at(_u64(data, 373)),
    )


def _opened_at(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 10**11 else None


_POOLS: Final = {PUMP_SWAP: _pump_swap, RAYDIUM_V4: _raydium_v4, RAYDIUM_CPMM: _raydium_cpmm}
