"""Instructions by which PumpSwap's liquidity is added and taken out: deposit and withdraw."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sandbox import events
from sandbox.addresses import AMM_CONFIG, AMM_EVENTS, PUMPSWAP, TOKEN, TOKEN22, WSOL, ata
from sandbox.bank import Bank, Mint
from sandbox.builder import Builder, Call
from sandbox.instructions import close, open_ata, transfer_checked, wrap
from sandbox.tokens import Token, pool_of
from sandbox.venues import SwapPool

DEPOSIT = bytes.fromhex("f223c68952e1f2b6")
WITHDRAW = bytes.fromhex("b712469c946da122")
# What the migration of a curve brings its pool in shares, which are burnt at once.
FIRST_SHARES = 4_193_388_282_784
SHARE_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Stake:
    """So many shares of a pool and the raw units on both sides that go with them."""

    shares: int
    base: int
    quote: int


def shares_of(bank: Bank, pool: SwapPool) -> int:
    """Give all shares of a pool, the burnt ones included, as its account tells them."""
    mint = bank.mints.get(pool.lp_mint)
    return FIRST_SHARES + (mint.supply if mint else 0)


def stake_for(bank: Bank, pool: SwapPool, quote: int) -> Stake:
    """Give the stake that at most so many lamports and their part of the coin are worth."""
    total = shares_of(bank, pool)
    shares = quote * total // pool.quote
    return Stake(shares, -(-shares * pool.base // total), -(-shares * pool.quote // total))


def _event(disc: bytes, tx: Builder, token: Token, user: str, stake: Stake, now: int) -> bytes:
    pool, bank = pool_of(token), tx.bank
    base, quote, shares = _of(user, token)
    payload = disc + struct.pack("<q", now)
    payload += events.u64(stake.shares, stake.base, stake.quote)
    payload += events.u64(bank.tokens[base].amount, bank.tokens[quote].amount)
    payload += events.u64(pool.base, pool.quote, stake.base, stake.quote, shares_of(bank, pool))
    return payload + events.keys(pool.address, user, base, quote, shares)


def _of(user: str, token: Token) -> tuple[str, str, str]:
    """Give the user's accounts of the coin, of wrapped SOL and of the pool's shares."""
    return (
        ata(user, token.mint, token.program), ata(user, WSOL, TOKEN),
        ata(user, pool_of(token).lp_mint, TOKEN22),
    )  # fmt: skip


def _call(tx: Builder, token: Token, user: str, disc: bytes, stake: Stake,
          body: list[str | Call]) -> None:  # fmt: skip
    pool = pool_of(token)
    own = _of(user, token)
    tx.add(
        PUMPSWAP,
        (pool.address, AMM_CONFIG, user, token.mint, WSOL, pool.lp_mint, *own, pool.base_vault,
         pool.quote_vault, token.program, TOKEN22, AMM_EVENTS, PUMPSWAP),
        disc + events.u64(stake.shares, stake.base, stake.quote), units=40_000,
        writable=(pool.address, user, pool.lp_mint, *own, pool.base_vault, pool.quote_vault),
        signers=(user,), body=body,
    )  # fmt: skip


def deposit(tx: Builder, token: Token, user: str, stake: Stake, *, now: int) -> None:
    """Put both sides of a stake into the pool for its shares."""
    pool, bank = pool_of(token), tx.bank
    bank.mints.setdefault(pool.lp_mint, Mint(pool.lp_mint, SHARE_DECIMALS, TOKEN22, 0))
    open_ata(tx, user, user, pool.lp_mint)
    wrap(tx, user, stake.quote)
    base, quote, shares = _of(user, token)
    event = _event(events.AMM_DEPOSIT, tx, token, user, stake, now)
    bank.move(base, pool.base_vault, stake.base)
    bank.move(quote, pool.quote_vault, stake.quote)
    bank.issue(pool.lp_mint, shares, stake.shares)
    pool.base += stake.base
    pool.quote += stake.quote
    body: list[str | Call] = [
        "Program log: Instruction: Deposit",
        transfer_checked(base, token.mint, pool.base_vault, user, stake.base, 6, token.program),
        transfer_checked(quote, WSOL, pool.quote_vault, user, stake.quote, 9, TOKEN),
        Call(TOKEN22, (pool.lp_mint, shares, pool.address), b"\x07" + events.u64(stake.shares),
             1642, ["Program log: Instruction: MintTo"]),
        *events.emit(PUMPSWAP, AMM_EVENTS, event),
    ]  # fmt: skip
    _call(tx, token, user, DEPOSIT, stake, body)
    close(tx, quote, user)


def withdraw(tx: Builder, token: Token, user: str, held: int, *, now: int) -> Stake:
    """Give so many shares back for their part of both sides, which is returned."""
    pool, bank = pool_of(token), tx.bank
    total = shares_of(bank, pool)
    stake = Stake(held, held * pool.base // total, held * pool.quote // total)
    open_ata(tx, user, user, token.mint)
    open_ata(tx, user, user, WSOL)
    base, quote, shares = _of(user, token)
    event = _event(events.AMM_WITHDRAW, tx, token, user, stake, now)
    bank.burn(shares, held)
    bank.move(pool.base_vault, base, stake.base)
    bank.move(pool.quote_vault, quote, stake.quote)
    pool.base -= stake.base
    pool.quote -= stake.quote
    vaults = ((pool.base_vault, token.mint, base, stake.base, 6, token.program),
              (pool.quote_vault, WSOL, quote, stake.quote, 9, TOKEN))  # fmt: skip
    body: list[str | Call] = [
        "Program log: Instruction: Withdraw",
        *(transfer_checked(vault, mint, account, pool.address, raw, decimals, program)
          for vault, mint, account, raw, decimals, program in vaults),
        Call(TOKEN22, (shares, pool.lp_mint, user), b"\x08" + events.u64(held), 1500,
             ["Program log: Instruction: Burn"]),
        *events.emit(PUMPSWAP, AMM_EVENTS, event),
    ]  # fmt: skip
    _call(tx, token, user, WITHDRAW, stake, body)
    close(tx, quote, user)
    return stake
