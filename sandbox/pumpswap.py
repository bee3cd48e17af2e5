"""Instructions of the PumpSwap pool program: buy, sell, and the migration that opens a pool."""

from __future__ import annotations

import struct

from sandbox import events
from sandbox.addresses import (
    AMM_CONFIG,
    AMM_EVENTS,
    AMM_FEE_CONFIG,
    AMM_VOLUME,
    ATA,
    FEE_RECIPIENTS,
    PUMP,
    PUMP_EVENTS,
    PUMP_FEES,
    PUMP_GLOBAL,
    PUMPSWAP,
    RENT_PER_BYTE,
    SYSTEM,
    TOKEN,
    TOKEN22,
    WSOL,
    ata,
    pda,
    raw,
    rent,
)  # fmt: skip
from sandbox.builder import Builder, Call
from sandbox.instructions import create_account, transfer_checked
from sandbox.pump import BUY, SELL, get_fees, volume_account
from sandbox.tokens import Token, curve_of, pool_of
from sandbox.venues import Curve, Fill, SwapPool

MIGRATE = bytes.fromhex("9beae792ec9ea21e")
POOL_BYTES = 300
LP_MINT_BYTES = 82


def new_pool(mint: str, program: str, creator: str, base: int, quote: int, salt: int) -> SwapPool:
    """Derive the accounts of a canonical pool (index 0, made by the pool authority)."""
    authority = pda(PUMP, b"pool-authority", raw(mint))
    address = pda(PUMPSWAP, b"pool", b"\x00\x00", raw(authority), raw(mint), raw(WSOL))
    holder = pda(PUMPSWAP, b"creator_vault", raw(creator))
    recipient = FEE_RECIPIENTS[salt % 8]
    return SwapPool(
        address, ata(address, mint, program), ata(address, WSOL, TOKEN), creator, holder,
        ata(holder, WSOL, TOKEN), recipient, ata(recipient, WSOL, TOKEN),
        pda(PUMPSWAP, b"pool-v2", raw(mint)), pda(PUMPSWAP, b"pool_lp_mint", raw(address)),
        base, quote,
    )  # fmt: skip


def _accounts(pool: SwapPool, token: Token, user: str, base: str, quote: str) -> tuple[str, ...]:
    return (
        pool.address, user, AMM_CONFIG, token.mint, WSOL, base, quote, pool.base_vault,
        pool.quote_vault, pool.recipient, pool.recipient_vault, token.program, TOKEN, SYSTEM, ATA,
        AMM_EVENTS, PUMPSWAP, pool.creator_vault, pool.creator_authority,
    )  # fmt: skip


def _event(
    disc: bytes, tx: Builder, token: Token, user: str, base: str, quote: str, fill: Fill,
    limits: tuple[int, int], reserves: tuple[int, int], now: int,
) -> bytes:  # fmt: skip
    pool = pool_of(token)
    is_buy = disc == events.AMM_BUY
    holdings = (tx.bank.tokens[base].amount, tx.bank.tokens[quote].amount)
    with_lp = fill.gross + fill.lp_fee if is_buy else fill.gross - fill.lp_fee
    payload = disc + struct.pack("<q", now)
    lp, protocol, creator = pool.rates()
    payload += events.u64(*limits, *holdings, *reserves, fill.gross, lp, fill.lp_fee)
    payload += events.u64(protocol, fill.protocol_fee, with_lp)
    payload += events.u64(fill.paid if is_buy else fill.received)
    payload += events.keys(
        pool.address, user, base, quote, pool.recipient, pool.recipient_vault, pool.creator
    )
    payload += events.u64(creator, fill.creator_fee)
    if is_buy:
        payload += b"\x01" + events.u64(0, 0, fill.gross) + struct.pack("<q", now)
        payload += events.u64(fill.tokens) + events.string("buy")
    payload += events.u64(0, 0, 0, 0) + bytes(16) + b"\x00" + events.u64(pool.supply)
    # On chain a SellEvent had 441 bytes on 2026-10-05, 24 more than its published members.
    return payload + events.tail(payload, 24)


def _fees_call(pool: SwapPool, traded: int) -> Call:
    value = pool.supply * pool.quote // pool.base
    return get_fees(AMM_FEE_CONFIG, PUMPSWAP, value, traded, pool.rates())


def buy(tx: Builder, token: Token, user: str, base: str, quote: str, fill: Fill, *,
        now: int, limit: int) -> None:  # fmt: skip
    """Buy raw tokens into `base` with wrapped SOL from `quote`."""
    pool = pool_of(token)
    bank = tx.bank
    volume = volume_account(tx, PUMPSWAP, user)
    event = _event(events.AMM_BUY, tx, token, user, base, quote, fill, (fill.tokens, limit),
                   (pool.base, pool.quote), now)  # fmt: skip
    body: list[str | Call] = ["Program log: Instruction: Buy", _fees_call(pool, fill.gross)]
    bank.move(pool.base_vault, base, fill.tokens)
    body.append(
        transfer_checked(
            pool.base_vault, token.mint, base, pool.address, fill.tokens, 6, token.program
        )
    )
    for destination, lamports in (
        (pool.quote_vault, fill.gross + fill.lp_fee),
        (pool.recipient_vault, fill.protocol_fee),
        (pool.creator_vault, fill.creator_fee),
    ):
        bank.move(quote, destination, lamports)
        body.append(transfer_checked(quote, WSOL, destination, user, lamports, 9, TOKEN))
    pool.apply(fill, is_buy=True)
    body += events.emit(PUMPSWAP, AMM_EVENTS, event)
    tx.add(
        PUMPSWAP,
        (*_accounts(pool, token, user, base, quote), AMM_VOLUME, volume, AMM_FEE_CONFIG,
         PUMP_FEES, pool.second),
        BUY + events.u64(fill.tokens, limit) + b"\x01", units=55_000,
        writable=(pool.address, user, base, quote, pool.base_vault, pool.quote_vault,
                  pool.recipient_vault, pool.creator_vault, volume),
        signers=(user,), body=body,
    )  # fmt: skip


def sell_call(tx: Builder, token: Token, user: str, base: str, quote: str, fill: Fill, *,
              now: int, floor: int) -> tuple[Call, tuple[str, ...]]:  # fmt: skip
    """Sell raw tokens from `base` for wrapped SOL into `quote`; also give the writable keys."""
    pool = pool_of(token)
    bank = tx.bank
    event = _event(events.AMM_SELL, tx, token, user, base, quote, fill, (fill.tokens, floor),
                   (pool.base, pool.quote), now)  # fmt: skip
    body: list[str | Call] = ["Program log: Instruction: Sell", _fees_call(pool, fill.gross)]
    bank.move(base, pool.base_vault, fill.tokens)
    body.append(
        transfer_checked(base, token.mint, pool.base_vault, user, fill.tokens, 6, token.program)
    )
    for destination, lamports in (
        (quote, fill.received),
        (pool.recipient_vault, fill.protocol_fee),
        (pool.creator_vault, fill.creator_fee),
    ):
        bank.move(pool.quote_vault, destination, lamports)
        body.append(
            transfer_checked(pool.quote_vault, WSOL, destination, pool.address, lamports, 9, TOKEN)
        )
    pool.apply(fill, is_buy=False)
    body += events.emit(PUMPSWAP, AMM_EVENTS, event)
    accounts = (*_accounts(pool, token, user, base, quote), AMM_FEE_CONFIG, PUMP_FEES, pool.second)
    writable = (pool.address, user, base, quote, pool.base_vault, pool.quote_vault,
                pool.recipient_vault, pool.creator_vault)  # fmt: skip
    return (
        Call(PUMPSWAP, accounts, SELL + events.u64(fill.tokens, floor), 50_000, body),
        writable,
    )


def _pool_events(
    token: Token, curve: Curve, pool: SwapPool, user: str, now: int
) -> list[str | Call]:
    opened = events.AMM_CREATE_POOL + struct.pack("<qH", now, 0)
    opened += events.keys(pda(PUMP, b"pool-authority", raw(token.mint)), token.mint, WSOL)
    opened += bytes((6, 9)) + events.u64(pool.base, pool.quote, pool.base, pool.quote, 100)
    opened += events.u64(4_193_388_282_884, 4_193_388_282_784) + b"\xff"
    opened += events.keys(pool.address, pool.lp_mint, curve.vault, pool.quote_vault, pool.creator)
    opened += b"\x00" + events.u64(30) + b"\x00"
    moved = events.MIGRATION + events.keys(user, token.mint) + events.u64(pool.base, pool.quote, 0)
    moved += raw(curve.address) + struct.pack("<q", now) + raw(pool.address) + events.NOBODY
    return [
        *events.emit(PUMPSWAP, AMM_EVENTS, opened), *events.emit(PUMP, PUMP_EVENTS, moved)
    ]  # fmt: skip


def _open_accounts(tx: Builder, token: Token, pool: SwapPool, user: str) -> list[str | Call]:
    bank = tx.bank
    body: list[str | Call] = []
    for key, size, owner in (
        (pool.address, POOL_BYTES, PUMPSWAP), (pool.lp_mint, LP_MINT_BYTES, TOKEN22),
    ):  # fmt: skip
        bank.pay(user, key, rent(size))
        body.append(create_account(user, key, rent(size), size, owner))
    for key, mint, owner in (
        (pool.base_vault, token.mint, pool.address), (pool.quote_vault, WSOL, pool.address),
        (pool.creator_vault, WSOL, pool.creator_authority),
    ):  # fmt: skip
        if key in bank.tokens:
            continue
        deposit = bank.open(key, mint, owner, user)
        size = deposit // RENT_PER_BYTE - 128
        body.append(create_account(user, key, deposit, size, bank.mints[mint].program))
    return body


def migrate(tx: Builder, token: Token, user: str, *, now: int, salt: int) -> SwapPool:
    """Move a completed curve's tokens and SOL into a new pool; `user` pays the deposits."""
    curve = curve_of(token)
    bank = tx.bank
    base, quote = bank.tokens[curve.vault].amount, curve.real_sol
    pool = new_pool(token.mint, token.program, curve.creator, base, quote, salt)
    body = ["Program log: Instruction: Migrate", *_open_accounts(tx, token, pool, user)]
    bank.move(curve.vault, pool.base_vault, base)
    bank.pay(curve.address, pool.quote_vault, quote)
    bank.sync(pool.quote_vault)
    body.append(
        transfer_checked(
            curve.vault, token.mint, pool.base_vault, curve.address, base, 6, token.program
        )
    )
    body.append(Call(TOKEN, (pool.quote_vault,), b"\x11", 3045,
                     ["Program log: Instruction: SyncNative"]))  # fmt: skip
    body += _pool_events(token, curve, pool, user, now)
    curve.real_sol = 0
    tx.add(
        PUMP,
        (PUMP_GLOBAL, user, token.mint, curve.address, curve.vault, SYSTEM, token.program,
         PUMPSWAP, pool.address, AMM_CONFIG, WSOL, pool.lp_mint, pool.base_vault, pool.quote_vault,
         pool.creator_authority, pool.creator_vault, TOKEN, TOKEN22, ATA, AMM_EVENTS, PUMP_EVENTS,
         PUMP),
        MIGRATE, units=120_000,
        writable=(user, curve.address, curve.vault, pool.address, pool.lp_mint, pool.base_vault,
                  pool.quote_vault, pool.creator_vault),
        signers=(user,), body=body,
    )  # fmt: skip
    return pool
