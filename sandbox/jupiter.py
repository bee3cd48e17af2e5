"""A Jupiter v6 route of two legs through wrapped SOL."""

from __future__ import annotations

import struct

from sandbox import events
from sandbox.addresses import JUPITER, JUPITER_EVENTS, TOKEN, raw
from sandbox.builder import Builder, Call

ROUTE = bytes.fromhex("e517cb977ae3ad2a")
RAYDIUM_STEP = 7
PUMPSWAP_SELL_STEP = 89


def leg_event(amm: str, mint_in: str, given: int, mint_out: str, got: int) -> list[str | Call]:
    """Describe the SwapEvent after a leg; Jupiter emits it by self-call only."""
    payload = events.ROUTE_SWAP + raw(amm) + raw(mint_in) + events.u64(given)
    payload += raw(mint_out) + events.u64(got)
    return events.emit(JUPITER, JUPITER_EVENTS, payload, logged=False)


def route(
    tx: Builder, user: str, source: str, destination: str, mint_out: str,
    legs: list[tuple[Call, tuple[str, ...], int, list[str | Call]]], given: int, got: int,
) -> None:  # fmt: skip
    """Append the outer route call; a leg is its call, writable keys, step number and event."""
    body: list[str | Call] = ["Program log: Instruction: Route"]
    accounts: list[str] = [
        TOKEN, user, source, destination, JUPITER, mint_out, JUPITER, JUPITER_EVENTS, JUPITER,
    ]  # fmt: skip
    writable: set[str] = {source, destination}
    plan = struct.pack("<I", len(legs))
    for number, (call, keys, step, event) in enumerate(legs):
        body += [call, *event]
        accounts += [call.program, *call.accounts]
        writable.update(keys)
        plan += bytes((step, 100, number, number + 1))
    data = ROUTE + plan + struct.pack("<QQHB", given, got, 50, 0)
    tx.add(
        JUPITER, accounts, data, units=18_000,
        writable=[key for key in dict.fromkeys(accounts) if key in writable],
        signers=(user,), body=body,
    )  # fmt: skip
