"""Instructions of the pump.fun bonding-curve program: create, buy, sell."""

from __future__ import annotations

import struct
from base64 import b64encode

from sandbox import events
from sandbox.addresses import (
    ATA,
    BUYBACK_RECIPIENTS,
    FEE_RECIPIENTS,
    MAYHEM,
    PUMP,
    PUMP_EVENTS,
    PUMP_FEE_CONFIG,
    PUMP_FEES,
    PUMP_GLOBAL,
    PUMP_MINT_AUTHORITY,
    PUMP_VOLUME,
    RENT_PER_BYTE,
    SYSTEM,
    TOKEN22,
    ata,
    pda,
    raw,
    rent,
)  # fmt: skip
from sandbox.bank import Mint
from sandbox.builder import Builder, Call
from sandbox.instructions import (
    create_account,
    open_ata,
    open_body,
    system_transfer,
    transfer_checked,
)  # fmt: skip
from sandbox.parsed import METADATA_AUTHORITY, METADATA_INIT
from sandbox.tokens import Token, curve_of
from sandbox.venues import CURVE_CREATOR_BPS, CURVE_FEE_BPS, TOTAL_SUPPLY, Curve, Fill

BUY = bytes.fromhex("66063d1201daebea")
SELL = bytes.fromhex("33e685a4017f83ad")
CREATE_V2 = bytes.fromhex("d6904cec5f8b31b4")
GET_FEES = bytes.fromhex("e7257e55cf5b3f34")
CURVE_BYTES = 151
VOLUME_RENT = 1_844_400
MINT_BYTES = 234
MAYHEM_PARAMS = pda(MAYHEM, b"global-params")
MAYHEM_VAULT = pda(MAYHEM, b"sol-vault")


def new_curve(mint: str, creator: str, program: str) -> Curve:
    """Derive the accounts of a fresh curve."""
    address = pda(PUMP, b"bonding-curve", raw(mint))
    return Curve(
        address, ata(address, mint, program), creator,
        pda(PUMP, b"creator-vault", raw(creator)), pda(PUMP, b"bonding-curve-v2", raw(mint)),
    )  # fmt: skip


def volume_account(tx: Builder, program: str, user: str) -> str:
    """Give the user's volume accumulator, which every trader has had since before history."""
    key = pda(program, b"user_volume_accumulator", raw(user))
    if key not in tx.bank.lamports:
        tx.bank.grant(key, VOLUME_RENT)
    return key


def get_fees(
    config: str, program: str, value: int, traded: int, rates: tuple[int, int, int]
) -> Call:
    """Describe the call to the fee program; the return data are lp, protocol and creator points."""
    data = GET_FEES + b"\x01" + value.to_bytes(16, "little") + traded.to_bytes(8, "little")
    returned = b64encode(struct.pack("<3Q", *rates)).decode()
    return Call(
        PUMP_FEES, (config, program), data, 3136,
        ["Program log: Instruction: GetFees", f"Program return: {PUMP_FEES} {returned}"],
    )  # fmt: skip


def _curve_fees(value: int, traded: int) -> Call:
    rates = (0, CURVE_FEE_BPS, CURVE_CREATOR_BPS)
    return get_fees(PUMP_FEE_CONFIG, PUMP, value, traded, rates)


def _trade_event(
    token: Token, curve: Curve, user: str, fill: Fill, recipient: str, *, is_buy: bool, now: int
) -> bytes:
    protocol = fill.protocol_fee
    payload = events.TRADE + raw(token.mint) + events.u64(fill.gross, fill.tokens)
    payload += bytes((is_buy,)) + raw(user) + struct.pack("<q", now)
    payload += events.u64(
        curve.virtual_sol, curve.virtual_tokens, curve.real_sol, curve.real_tokens
    )
    payload += raw(recipient) + events.u64(CURVE_FEE_BPS, protocol) + raw(curve.creator)
    payload += events.u64(CURVE_CREATOR_BPS, fill.creator_fee) + b"\x01"
    payload += events.u64(0, 0, fill.gross if is_buy else 0) + struct.pack("<q", now)
    payload += events.string("buy" if is_buy else "sell") + b"\x00"
    payload += events.u64(0, 0, 5000, protocol // 2) + struct.pack("<I", 0)
    payload += events.NOBODY + events.u64(fill.gross, curve.virtual_sol, curve.real_sol, 0, 0)
    return payload + events.tail(payload, 8)


def _complete_event(token: Token, curve: Curve, user: str, now: int) -> bytes:
    payload = events.COMPLETE + events.keys(user, token.mint, curve.address)
    return payload + struct.pack("<q", now) + events.NOBODY


def buy(
    tx: Builder, token: Token, user: str, fill: Fill, *, now: int, salt: int, limit: int
) -> None:
    """Buy from the curve; `limit` is the most SOL the user would pay before fees."""
    curve = curve_of(token)
    account = open_ata(tx, user, user, token.mint)
    recipient = FEE_RECIPIENTS[salt % 8]
    buyback = BUYBACK_RECIPIENTS[salt // 8 % 8]
    volume = volume_account(tx, PUMP, user)
    bank = tx.bank
    half = fill.protocol_fee // 2
    bank.move(curve.vault, account, fill.tokens)
    sends = ((curve.creator_vault, fill.creator_fee), (curve.address, fill.gross),
             (buyback, half), (recipient, fill.protocol_fee - half))  # fmt: skip
    value = TOTAL_SUPPLY * curve.virtual_sol // curve.virtual_tokens
    curve.apply(fill, is_buy=True)
    moved = transfer_checked(
        curve.vault, token.mint, account, curve.address, fill.tokens, 6, token.program
    )
    body: list[str | Call] = [
        "Program log: Instruction: Buy", _curve_fees(value, fill.gross), moved
    ]  # fmt: skip
    for destination, lamports in sends:
        bank.pay(user, destination, lamports)
        body.append(system_transfer(user, destination, lamports))
    event = _trade_event(token, curve, user, fill, recipient, is_buy=True, now=now)
    body += events.emit(PUMP, PUMP_EVENTS, event)
    if curve.real_tokens == 0:
        curve.complete = True
        body += events.emit(PUMP, PUMP_EVENTS, _complete_event(token, curve, user, now))
    tx.add(
        PUMP,
        (PUMP_GLOBAL, recipient, token.mint, curve.address, curve.vault, account, user, SYSTEM,
         token.program, curve.creator_vault, PUMP_EVENTS, PUMP, PUMP_VOLUME, volume,
         PUMP_FEE_CONFIG, PUMP_FEES, curve.second, buyback),
        BUY + events.u64(fill.tokens, limit) + b"\x01",
        units=60_000,
        writable=(recipient, curve.address, curve.vault, account, user, curve.creator_vault,
                  volume, buyback),
        signers=(user,), body=body,
    )  # fmt: skip


def sell(
    tx: Builder, token: Token, user: str, fill: Fill, *, now: int, salt: int, floor: int
) -> None:
    """Sell to the curve; the program moves its own lamports, so no inner SOL transfer is seen."""
    curve = curve_of(token)
    account = ata(user, token.mint, token.program)
    recipient = FEE_RECIPIENTS[salt % 8]
    buyback = BUYBACK_RECIPIENTS[salt // 8 % 8]
    bank = tx.bank
    half = fill.protocol_fee // 2
    value = TOTAL_SUPPLY * curve.virtual_sol // curve.virtual_tokens
    bank.move(account, curve.vault, fill.tokens)
    bank.pay(curve.address, user, fill.received)
    bank.pay(curve.address, curve.creator_vault, fill.creator_fee)
    bank.pay(curve.address, buyback, half)
    bank.pay(curve.address, recipient, fill.protocol_fee - half)
    curve.apply(fill, is_buy=False)
    event = _trade_event(token, curve, user, fill, recipient, is_buy=False, now=now)
    body: list[str | Call] = [
        "Program log: Instruction: Sell",
        _curve_fees(value, fill.gross),
        transfer_checked(account, token.mint, curve.vault, user, fill.tokens, 6, token.program),
        *events.emit(PUMP, PUMP_EVENTS, event),
    ]
    tx.add(
        PUMP,
        (PUMP_GLOBAL, recipient, token.mint, curve.address, curve.vault, account, user, SYSTEM,
         curve.creator_vault, token.program, PUMP_EVENTS, PUMP, PUMP_FEE_CONFIG, PUMP_FEES,
         curve.second, buyback),
        SELL + events.u64(fill.tokens, floor), units=55_000,
        writable=(recipient, curve.address, curve.vault, account, user, curve.creator_vault,
                  buyback),
        signers=(user,), body=body,
    )  # fmt: skip


def _create_event(token: Token, curve: Curve, user: str, now: int) -> bytes:
    payload = events.CREATE + events.string(token.name) + events.string(token.symbol)
    payload += events.string(token.uri)
    payload += events.keys(token.mint, curve.address, user, user) + struct.pack("<q", now)
    payload += events.u64(curve.virtual_tokens, curve.virtual_sol, curve.real_tokens, TOTAL_SUPPLY)
    payload += raw(token.program) + b"\x00\x00" + events.NOBODY
    return payload + events.u64(curve.virtual_sol, CURVE_CREATOR_BPS) + b"\x00" + b"\x00"


def _create_body(
    token: Token, user: str, metadata_lamports: int, deposit: int, words: bytes, now: int
) -> list[str | Call]:
    curve, mint, authority = curve_of(token), token.mint, PUMP_MINT_AUTHORITY
    return [
        "Program log: Instruction: CreateV2",
        create_account(user, mint, rent(MINT_BYTES), MINT_BYTES, TOKEN22),
        Call(TOKEN22, (mint,), b"\x27\x00" + bytes(32) + raw(mint), 879,
             ["Program log: MetadataPointerInstruction::Initialize"]),
        Call(TOKEN22, (mint,), b"\x14\x06" + raw(authority) + b"\x00", 1693,
             ["Program log: Instruction: InitializeMint2"]),
        create_account(user, curve.address, rent(CURVE_BYTES), CURVE_BYTES, PUMP),
        Call(ATA, (user, curve.vault, curve.address, mint, SYSTEM, TOKEN22), b"\x00", 9000,
             ["Program log: Create",
              *open_body(user, curve.vault, mint, curve.address, TOKEN22, deposit)]),
        system_transfer(user, mint, metadata_lamports),
        Call(TOKEN22, (mint, authority, mint, authority), METADATA_INIT + words, 3347,
             ["Program log: TokenMetadataInstruction: Initialize"]),
        Call(TOKEN22, (mint, authority), METADATA_AUTHORITY + bytes(32), 3761,
             ["Program log: TokenMetadataInstruction: UpdateAuthority"]),
        Call(TOKEN22, (mint, curve.vault, authority), b"\x07" + events.u64(TOTAL_SUPPLY), 1642,
             ["Program log: Instruction: MintTo"]),
        Call(TOKEN22, (mint, authority), b"\x06\x00\x00", 1800,
             ["Program log: Instruction: SetAuthority"]),
        *events.emit(PUMP, PUMP_EVENTS, _create_event(token, curve, user, now)),
    ]  # fmt: skip


def create(tx: Builder, token: Token, user: str, *, now: int) -> None:
    """Launch a Token-2022 coin on a curve (create_v2); the user pays every deposit."""
    curve = curve_of(token)
    bank, mint = tx.bank, token.mint
    more = (len(token.name) + len(token.symbol) + len(token.uri) + 92) * RENT_PER_BYTE
    bank.pay(user, mint, rent(MINT_BYTES) + more)
    bank.mints[mint] = Mint(mint, 6, TOKEN22, 0)
    bank.pay(user, curve.address, rent(CURVE_BYTES))
    deposit = bank.open(curve.vault, mint, curve.address, user)
    bank.issue(mint, curve.vault, TOTAL_SUPPLY)
    words = events.string(token.name) + events.string(token.symbol) + events.string(token.uri)
    state, tokens = (pda(MAYHEM, seed, raw(mint)) for seed in (b"mayhem-state", b"mayhem-tokens"))
    tx.add(
        PUMP,
        (mint, PUMP_MINT_AUTHORITY, curve.address, curve.vault, PUMP_GLOBAL, user, SYSTEM, TOKEN22,
         ATA, MAYHEM, MAYHEM_PARAMS, MAYHEM_VAULT, state, tokens, PUMP_EVENTS, PUMP),
        CREATE_V2 + words + raw(user) + b"\x00\x00", units=90_000,
        writable=(mint, curve.address, curve.vault, user, state, tokens),
        signers=(user, mint), body=_create_body(token, user, more, deposit, words, now),
    )  # fmt: skip
