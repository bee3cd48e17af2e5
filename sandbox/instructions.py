"""Instructions of the System, Token and Associated Token programs, inner calls and logs too."""

from __future__ import annotations

import struct
from base64 import b64encode

from sandbox.addresses import ATA, SYSTEM, TOKEN, TOKEN22, WSOL, ata, raw
from sandbox.bank import TOKEN22_ACCOUNT_BYTES, TOKEN_ACCOUNT_BYTES
from sandbox.builder import Builder, Call

OPTIONAL_NOTE = "Program log: Please upgrade to SPL Token 2022 for immutable owner support"


def system_transfer(source: str, destination: str, lamports: int) -> Call:
    """Describe a System transfer."""
    return Call(SYSTEM, (source, destination), struct.pack("<IQ", 2, lamports))


def create_account(payer: str, key: str, lamports: int, size: int, owner: str) -> Call:
    """Describe a System createAccount."""
    data = struct.pack("<IQQ", 0, lamports, size) + raw(owner)
    return Call(SYSTEM, (payer, key), data)


def transfer_checked(
    source: str, mint: str, destination: str, owner: str, amount: int, decimals: int, program: str
) -> Call:
    """Describe a token transferChecked."""
    data = struct.pack("<BQB", 12, amount, decimals)
    units = 2475 if program == TOKEN22 else 6147
    return Call(
        program, (source, mint, destination, owner), data, units,
        ["Program log: Instruction: TransferChecked"],
    )  # fmt: skip


def plain_transfer(source: str, destination: str, owner: str, amount: int) -> Call:
    """Describe a token transfer without the mint, as Raydium AMM v4 calls it."""
    return Call(
        TOKEN, (source, destination, owner), struct.pack("<BQ", 3, amount), 4645,
        ["Program log: Instruction: Transfer"],
    )  # fmt: skip


def pay(tx: Builder, source: str, destination: str, lamports: int) -> None:
    """Send SOL as a top-level instruction."""
    tx.bank.pay(source, destination, lamports)
    call = system_transfer(source, destination, lamports)
    tx.add(SYSTEM, call.accounts, call.data, writable=call.accounts, signers=(source,))


def open_body(
    payer: str, key: str, mint: str, owner: str, program: str, deposit: int
) -> list[str | Call]:
    """Give the inner calls by which the associated program creates a token account."""
    modern = program == TOKEN22
    size = TOKEN22_ACCOUNT_BYTES if modern else TOKEN_ACCOUNT_BYTES
    returned = b64encode(struct.pack("<Q", size)).decode()
    return [
        Call(program, (mint,), b"\x15\x07\x00", 1380 if modern else 1569, [
            "Program log: Instruction: GetAccountDataSize", f"Program return: {program} {returned}",
        ]),
        create_account(payer, key, deposit, size, program),
        "Program log: Initialize the associated token account",
        Call(program, (key,), b"\x16", 674 if modern else 1405,
             ["Program log: Instruction: InitializeImmutableOwner",
              *(() if modern else (OPTIONAL_NOTE,))]),
        Call(program, (key, mint), b"\x12" + raw(owner), 1855 if modern else 3158,
             ["Program log: Instruction: InitializeAccount3"]),
    ]  # fmt: skip


def open_ata(tx: Builder, payer: str, owner: str, mint: str) -> str:
    """Create the owner's associated account unless it exists (createIdempotent); return its key."""
    program = tx.bank.mints[mint].program
    key = ata(owner, mint, program)
    body: list[str | Call] = ["Program log: CreateIdempotent"]
    if key not in tx.bank.tokens:
        deposit = tx.bank.open(key, mint, owner, payer)
        body += open_body(payer, key, mint, owner, program, deposit)
    tx.add(
        ATA, (payer, key, owner, mint, SYSTEM, program), b"\x01", units=9000,
        writable=(payer, key), signers=(payer,), body=body,
    )  # fmt: skip
    return key


def wrap(tx: Builder, owner: str, lamports: int) -> str:
    """Put SOL into the owner's wrapped-SOL account, creating it when needed; return its key."""
    key = open_ata(tx, owner, owner, WSOL)
    if lamports:
        pay(tx, owner, key, lamports)
        tx.bank.sync(key)
        tx.add(TOKEN, (key,), b"\x11", units=3045, writable=(key,),
               body=["Program log: Instruction: SyncNative"])  # fmt: skip
    return key


def close(tx: Builder, key: str, owner: str) -> None:
    """Close a token account; rent (and wrapped SOL) go back to the owner."""
    program = tx.bank.tokens[key].program
    tx.bank.close(key, owner)
    tx.add(
        program, (key, owner, owner), b"\x09", units=2915, writable=(key, owner),
        signers=(owner,), body=["Program log: Instruction: CloseAccount"],
    )  # fmt: skip


def send_tokens(tx: Builder, source: str, destination: str, owner: str, amount: int) -> None:
    """Transfer tokens (transferChecked) as a top-level instruction."""
    account = tx.bank.tokens[source]
    mint = tx.bank.mints[account.mint]
    tx.bank.move(source, destination, amount)
    call = transfer_checked(
        source, mint.address, destination, owner, amount, mint.decimals, mint.program
    )
    tx.add(
        mint.program, call.accounts, call.data, units=call.units,
        writable=(source, destination), signers=(owner,), body=call.body,
    )  # fmt: skip
