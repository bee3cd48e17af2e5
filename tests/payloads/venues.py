"""Swaps through each venue, written by hand from the layouts its program publishes."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from solders.pubkey import Pubkey

from tests.payloads.chain import RENT, WSOL, Call, Chain, move, vault
from tests.payloads.trades import (
    AUTHORITY,
    COIN,
    POOL,
    POOL_COIN,
    POOL_SOL,
    SOL,
    YENNI,
    YENNI_COIN,
    YENNI_SOL,
    pool_rows,
)
from wallets.domain.programs import METEORA_DAMM, METEORA_VAULT, POOL_ACCOUNT, TRADER_ACCOUNT

SPL_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
SELF_CALL = bytes.fromhex("e445a52e51cb9a1d")
BOUGHT, PAID = 700, 2 * SOL


def event(name: str, *parts: bytes) -> bytes:
    return sha256(b"event:" + name.encode()).digest()[:8] + b"".join(parts)


def u64(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def key(address: str) -> bytes:
    return bytes(Pubkey.from_string(address))


def told(program: str, *events: bytes) -> list[Call]:
    """Events as the program sends them to itself."""
    return [Call(program, (vault("event authority"),), SELF_CALL + said) for said in events]


def logged(program: str, *events: bytes, word: str = "Program data: ") -> list[str]:
    """Events as the program logs them."""
    lines = [word + b64encode(said).decode() for said in events]
    return [f"Program {program} invoke [1]", *lines, f"Program {program} success"]


def accounts_of(program: str, trader: str = YENNI) -> list[str]:
    """A swap's accounts: the pool and the trader where the program's IDL has them."""
    accounts = [vault(f"account {place}") for place in range(14)]
    accounts[POOL_ACCOUNT.get(program, 12)] = POOL
    accounts[TRADER_ACCOUNT.get(program, 11)] = trader
    return accounts


def transfer_2022(
    source: str, mint: str, dest: str, owner: str, raw: int, fee: int | None = None
) -> Call:
    """TransferChecked, or TransferCheckedWithFee where the fee is told."""
    accounts = (source, mint, dest, owner)
    if fee is None:
        return Call(SPL_2022, accounts, b"\x0c" + u64(raw) + b"\x06")
    return Call(SPL_2022, accounts, b"\x1a\x01" + u64(raw) + b"\x06" + u64(fee))


def swap(
    program: str,
    *,
    events: Sequence[bytes] = (),
    logs: Sequence[str] = (),
    buy: bool = True,
    sides: tuple[Call, Call] | None = None,
    rows: Sequence[Any] | None = None,
) -> Chain:
    """Yenni buys 700 coins for 2 SOL, or sells them for it, in one pool of the program."""
    coins = move(POOL_COIN, YENNI_COIN, AUTHORITY, BOUGHT)
    money = move(YENNI_SOL, POOL_SOL, YENNI, PAID)
    if not buy:
        coins = move(YENNI_COIN, POOL_COIN, YENNI, BOUGHT)
        money = move(POOL_SOL, YENNI_SOL, AUTHORITY, PAID)
    first, second = sides or ((money, coins) if buy else (coins, money))
    inner = [first, second]
    if program == METEORA_DAMM:
        inner = [Call(METEORA_VAULT, (vault("shares"),), b"\x01", (call,)) for call in inner]
    call = Call(program, accounts_of(program), b"\x09", [*inner, *told(program, *events)])
    sign = 1 if buy else -1
    default = [
        *pool_rows((80 * SOL, 80 * SOL + sign * PAID), (10_000, 10_000 - sign * BOUGHT)),
        (YENNI_SOL, WSOL, YENNI, 5 * SOL, 5 * SOL - sign * PAID),
        (YENNI_COIN, COIN, YENNI, 1000, 1000 + sign * BOUGHT),
    ]
    return Chain(
        signers=(YENNI,),
        calls=(call,),
        lamports={
            YENNI: (SOL, SOL - 5000),
            YENNI_SOL: (RENT + 5 * SOL, RENT + 5 * SOL - sign * PAID),
        },
        tokens=default if rows is None else rows,
        logs=logs,
    )
