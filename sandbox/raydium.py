"""Swaps of the Raydium AMM v4 program."""

from __future__ import annotations

import struct
from base64 import b64encode

from sandbox.addresses import OPENBOOK, RAYDIUM, RAYDIUM_AUTHORITY, TOKEN, invented
from sandbox.builder import Builder, Call
from sandbox.instructions import plain_transfer
from sandbox.venues import Fill, RaydiumPool

COIN_TO_PC = 2
PC_TO_COIN = 1


def new_pool(label: str, base: int, quote: int) -> RaydiumPool:
    """Invent the accounts of a pool; Raydium v4 accounts are no derived addresses."""
    keys = [invented(f"raydium/{label}/{part}") for part in ("amm", "coin", "pc", "orders", "mkt")]
    return RaydiumPool(keys[0], keys[1], keys[2], keys[3], keys[4], base, quote)


def swap_call(
    tx: Builder, pool: RaydiumPool, user: str, base: str, quote: str, fill: Fill, *,
    is_buy: bool, floor: int,
) -> tuple[Call, tuple[str, ...]]:  # fmt: skip
    """Swap (swapBaseIn) between the user's token account `base` and wrapped SOL in `quote`."""
    bank = tx.bank
    source, destination = (quote, base) if is_buy else (base, quote)
    given, got = (fill.gross, fill.tokens) if is_buy else (fill.tokens, fill.gross)
    vault_in, vault_out = (
        (pool.quote_vault, pool.base_vault) if is_buy else (pool.base_vault, pool.quote_vault)
    )
    ray = struct.pack(
        "<B7Q", 3, given, floor, COIN_TO_PC if is_buy else PC_TO_COIN,
        bank.tokens[source].amount, pool.quote, pool.base, got,
    )  # fmt: skip
    bank.move(source, vault_in, given)
    bank.move(vault_out, destination, got)
    pool.apply(fill, is_buy=is_buy)
    body: list[str | Call] = [
        "Program log: ray_log: " + b64encode(ray).decode(),
        plain_transfer(source, vault_in, user, given),
        plain_transfer(vault_out, destination, RAYDIUM_AUTHORITY, got),
    ]
    accounts = (
        TOKEN, pool.address, RAYDIUM_AUTHORITY, pool.orders, pool.quote_vault, pool.base_vault,
        OPENBOOK, pool.market, *(pool.address,) * 6, source, destination, user,
    )  # fmt: skip
    writable = (pool.address, pool.orders, pool.quote_vault, pool.base_vault, source, destination)
    call = Call(RAYDIUM, accounts, struct.pack("<BQQ", 9, given, floor), 22_000, body)
    return call, writable
