"""Anchor events of pump.fun, PumpSwap and Jupiter: payload, log line and self-call."""

from __future__ import annotations

import hashlib
import struct
from base64 import b64encode

from sandbox.addresses import raw
from sandbox.builder import Call

SELF_CALL = bytes.fromhex("e445a52e51cb9a1d")
TRADE = bytes.fromhex("bddb7fd34ee661ee")
CREATE = bytes.fromhex("1b72a94ddeeb6376")
COMPLETE = bytes.fromhex("5f72619cd42e9808")
MIGRATION = bytes.fromhex("bde95db95c94ea94")
AMM_BUY = bytes.fromhex("67f4521f2cf57777")
AMM_SELL = bytes.fromhex("3e2f370aa503dc2a")
AMM_DEPOSIT = bytes.fromhex("78f83d531f8e6b90")
AMM_WITHDRAW = bytes.fromhex("1609851aa02c47c0")
AMM_CREATE_POOL = bytes.fromhex("b1310cd2a076a774")
ROUTE_SWAP = bytes.fromhex("40c6cde8260871e2")
NOBODY = bytes(32)


def u64(*numbers: int) -> bytes:
    """Pack unsigned 64-bit little-endian integers."""
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def string(value: str) -> bytes:
    """Pack a Borsh string."""
    data = value.encode()
    return struct.pack("<I", len(data)) + data


def keys(*addresses: str) -> bytes:
    """Pack addresses."""
    return b"".join(raw(address) for address in addresses)


def tail(payload: bytes, length: int) -> bytes:
    """Give bytes whose meaning nobody has published: payloads on chain end in more than the IDL."""
    return hashlib.sha256(payload).digest()[:length]


def emit(program: str, authority: str, payload: bytes, *, logged: bool = True) -> list[str | Call]:
    """Give the log line and the self-call that carry one event."""
    line: list[str | Call] = ["Program data: " + b64encode(payload).decode()] if logged else []
    return [*line, Call(program, (authority,), SELF_CALL + payload, 2048)]
