"""The cast of the decoder's tests, and the trades most of them vary."""

import struct
from base64 import b64encode
from hashlib import sha256
from typing import Any

from solders.pubkey import Pubkey

from tests.payloads.chain import (
    ATA,
    PUMP,
    RAYDIUM,
    RENT,
    SPL,
    WSOL,
    Call,
    Chain,
    close,
    create,
    move,
    open_account,
    pay,
    vault,
    wallet,
)
from wallets.domain.values import Decoded

YENNI, BOB = wallet("yenni"), wallet("bob")
POOL, AUTHORITY = vault("pool"), vault("authority")
POOL_SOL, POOL_COIN = vault("pool sol"), vault("pool coin")
COIN, OTHER = wallet("coin mint"), wallet("other mint")
YENNI_COIN, YENNI_SOL, YENNI_OTHER = vault("yenni coin"), vault("yenni sol"), vault("yenni other")
JITO = "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"
TROJAN = "9yMwSPk9mrXSN7yDHUuZurAh1sjbJsfpUqjZ7SvVtdco"
SOL = 10**9


def swap_call(source: str, dest: str, raw_in: int, raw_out: int, *, buy: bool = True) -> Call:
    """A Raydium swap of the pool's two coins by Yenni."""
    vault_in, vault_out = (POOL_SOL, POOL_COIN) if buy else (POOL_COIN, POOL_SOL)
    inner = (move(source, vault_in, YENNI, raw_in), move(vault_out, dest, AUTHORITY, raw_out))
    return Call(RAYDIUM, (SPL, POOL, AUTHORITY, source, dest, YENNI), b"\x09", inner)


def pool_rows(sol: tuple[int, int], coin: tuple[int, int]) -> list[Any]:
    return [(POOL_SOL, WSOL, AUTHORITY, *sol), (POOL_COIN, COIN, AUTHORITY, *coin)]


def lamport_costs(decoded: Decoded, owner: str = YENNI) -> list[tuple[str, str | None, int]]:
    return [(c.kind, c.to, c.lamports) for c in decoded.costs if c.owner == owner]


# Yenni buys 700 coins for 2 SOL through a wrapped account opened and closed on the way, opens an
# account for them, tips Jito and pays her bot.
BUY = Chain(
    signers=(YENNI,),
    calls=(
        create(YENNI, YENNI_SOL, RENT + 2 * SOL),
        open_account(YENNI_SOL, WSOL, YENNI),
        Call(ATA, (YENNI, YENNI_COIN), b"\x01", (create(YENNI, YENNI_COIN),)),
        open_account(YENNI_COIN, COIN, YENNI),
        swap_call(YENNI_SOL, YENNI_COIN, 2 * SOL, 700),
        close(YENNI_SOL, YENNI, YENNI),
        pay(YENNI, JITO, 1_000_000),
        pay(YENNI, TROJAN, 20_000_000),
    ),
    lamports={
        YENNI: (5 * SOL, 5 * SOL - 2 * SOL - RENT - 5000 - 21_000_000),
        YENNI_SOL: (0, 0),
        YENNI_COIN: (0, RENT),
        POOL_SOL: (90 * SOL, 92 * SOL),
        JITO: (9, 1_000_009),
        TROJAN: (9, 20_000_009),
    },
    tokens=[
        *pool_rows((80 * SOL, 82 * SOL), (10_000, 9_300)),
        (YENNI_COIN, COIN, YENNI, None, 700),
    ],
)


def curve_event(*, quote_mint: str | None = None, tail: bytes = b"") -> bytes:
    """A TradeEvent of 700 coins for 2 SOL, in the oldest layout or one with a quote mint."""
    zero = bytes(32)
    payload = sha256(b"event:TradeEvent").digest()[:8]
    payload += bytes(Pubkey.from_string(COIN)) + struct.pack("<QQ?", 2 * SOL, 700, True)
    payload += bytes(Pubkey.from_string(YENNI)) + struct.pack("<q4Q", 1, 2, 3, 4, 5)
    if quote_mint is not None:
        payload += zero + bytes(16) + zero + bytes(16) + b"\0" + bytes(32)
        payload += struct.pack("<I", 3) + b"buy" + bytes(33)
        payload += struct.pack("<I", 1) + bytes(34)
        payload += bytes(Pubkey.from_string(quote_mint)) + struct.pack("<3Q", 55, 6, 7)
    return payload + tail


def curve_buy(event: bytes, *, logged: bool = False) -> Chain:
    """Yenni buys on a curve: 2 SOL, 19,000,000 lamports of fees, her volume account's rent."""
    mint = bytes(Pubkey.from_string(COIN))
    curve = str(Pubkey.find_program_address([b"bonding-curve", mint], Pubkey.from_string(PUMP))[0])
    fees, volume = vault("creator vault"), vault("volume")
    inner = [
        create(YENNI, volume, 1_844_400),
        move(POOL_COIN, YENNI_COIN, curve, 700),
        pay(YENNI, curve, 2 * SOL),
        pay(YENNI, fees, 19_000_000),
    ]
    if not logged:
        call = bytes.fromhex("e445a52e51cb9a1d") + event
        inner.append(Call(PUMP, (vault("event authority"),), call))
    logs = [
        f"Program {PUMP} invoke [1]",
        "Program data: " + b64encode(event).decode(),
        f"Program {PUMP} success",
    ]
    accounts = (vault("global"), fees, COIN, curve, POOL_COIN, YENNI_COIN, YENNI)
    discriminator = bytes.fromhex("66063d1201daebea")
    return Chain(
        signers=(YENNI,),
        calls=(Call(PUMP, accounts, discriminator + bytes(16), inner),),
        lamports={
            YENNI: (5 * SOL, 3 * SOL - 19_000_000 - 1_844_400 - 5000),
            curve: (SOL, 3 * SOL),
            volume: (0, 1_844_400),
            fees: (0, 19_000_000),
        },
        tokens=[(POOL_COIN, COIN, curve, 9000, 8300), (YENNI_COIN, COIN, YENNI, 0, 700)],
        logs=logs if logged else (),
    )
