"""Accounts of the chain as bytes, written by hand from their documented layouts."""

import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from solders.pubkey import Pubkey

from aura.core.solana import WSOL
from market.providers.layouts import SPL
from market.providers.rpc import Account

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
RAYDIUM_V4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_CPMM = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
COIN, CURVE, POOL, VAULT_A, VAULT_B, ALICE, BOB, DELEGATE = (
    str(Pubkey.from_bytes(bytes([n]) * 32)) for n in range(1, 9)
)
# 400 of the 793.1 million are left.
HALF_SOLD = Decimal("0.495649981086874291")


def raw(key: str) -> bytes:
    return bytes(Pubkey.from_string(key))


def mint_bytes(
    supply: int = 10**15,
    decimals: int = 6,
    *,
    authority: str = "",
    freezer: str = "",
    extensions: bytes | None = None,
) -> bytes:
    def option(key: str) -> bytes:
        return struct.pack("<I", bool(key)) + (raw(key) if key else bytes(32))

    data = option(authority) + struct.pack("<QBB", supply, decimals, 1) + option(freezer)
    assert len(data) == 82
    return data if extensions is None else data.ljust(165, b"\0") + b"\x01" + extensions


def extension(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + value


def fee_bytes(older: int, newer: int, authority: str = "") -> bytes:
    value = (raw(authority) if authority else bytes(32)) + bytes(32) + bytes(8)
    value += struct.pack("<QQH", 900, 10**9, older) + struct.pack("<QQH", 901, 10**9, newer)
    assert len(value) == 108
    return extension(1, value)


def mint(program: str = SPL, **given: Any) -> Account:
    return Account(program, mint_bytes(**given))


def holding(mint: str, owner: str, amount: int, program: str = SPL) -> Account:
    return Account(program, raw(mint) + raw(owner) + struct.pack("<Q", amount) + bytes(93))


def curve(
    *, base: int = 400_000_000 * 10**6, quote: int = 20 * 10**9, complete: bool = False,
    mayhem: bool = False, money: str = "", length: int = 151,
) -> Account:  # fmt: skip
    data = bytes.fromhex("17b7f83760d8ac60")
    data += struct.pack("<5Q", base + 279_900_000 * 10**6, quote + 30 * 10**9, base, quote, 10**15)
    data += bytes([complete]) + raw(ALICE) + bytes([mayhem, 0])
    data += raw(money) if money else bytes(32)
    return Account(PUMP, data.ljust(151, b"\x07")[:length])


def pump_swap(money: str = WSOL, virtual: int = 0, length: int = 300) -> Account:
    data = bytes.fromhex("f19a6d0411b16dbc") + b"\xff\0\0" + raw(ALICE) + raw(COIN) + raw(money)
    data += raw(BOB) + raw(VAULT_A) + raw(VAULT_B) + struct.pack("<Q", 77) + raw(ALICE) + b"\0\0"
    data += virtual.to_bytes(16, "little", signed=True)
    return Account(PUMP_SWAP, data.ljust(300, b"\x09")[:length])


def raydium_v4(base: str = COIN, quote: str = WSOL, opened: int = 1_760_000_000) -> Account:
    numbers = [0] * 32
    numbers[0], numbers[4], numbers[5] = 6, (6 if base == COIN else 9), (9 if quote == WSOL else 6)
    numbers[24], numbers[25], numbers[28] = 3_000_000, 500, opened
    data = struct.pack("<32Q", *numbers).ljust(336, b"\0")
    data += raw(VAULT_A) + raw(VAULT_B) + raw(base) + raw(quote)
    return Account(RAYDIUM_V4, data.ljust(752, b"\0"))


def raydium_cpmm() -> Account:
    data = bytes.fromhex("f7ede3f5d7c3de46") + bytes(64) + raw(VAULT_A) + raw(VAULT_B) + bytes(32)
    data += raw(WSOL) + raw(COIN) + bytes(96) + bytes([253, 0, 9, 9, 6])
    data += struct.pack("<Q4QQQ", 77, 1, 10, 2, 20, 1_760_000_000, 846) + bytes(8)
    data += struct.pack("<2Q", 4, 40)
    assert len(data) == 413
    return Account(RAYDIUM_CPMM, data.ljust(637, b"\0"))
