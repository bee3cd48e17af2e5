"""The `jsonParsed` form of System, Token and Associated Token instructions."""

from __future__ import annotations

import struct
from typing import Any

from sandbox.addresses import ATA, SYSTEM, TOKEN, TOKEN22, text

Parsed = dict[str, Any]
METADATA_INIT = bytes.fromhex("d2e11ea258b84d8d")
METADATA_AUTHORITY = bytes.fromhex("d7e4a6e45464567b")


def ui_amount(raw: int, decimals: int) -> Parsed:
    """Give a raw amount as the RPC writes it; zero has a null `uiAmount`."""
    digits = str(raw).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return {
        "amount": str(raw),
        "decimals": decimals,
        "uiAmount": raw / 10**decimals if raw else None,
        "uiAmountString": f"{whole}.{part}" if part else whole,
    }


def _system(keys: list[str], data: bytes) -> Parsed | None:
    kind = struct.unpack_from("<I", data)[0]
    if kind == 2:
        lamports = struct.unpack_from("<Q", data, 4)[0]
        info = {"destination": keys[1], "lamports": lamports, "source": keys[0]}
        return {"info": info, "type": "transfer"}
    if kind == 0:
        lamports, space = struct.unpack_from("<QQ", data, 4)
        info = {"lamports": lamports, "newAccount": keys[1], "owner": text(data[20:52]),
                "source": keys[0], "space": space}  # fmt: skip
        return {"info": info, "type": "createAccount"}
    return None


def _associated(keys: list[str], data: bytes) -> Parsed:
    info = {"account": keys[1], "mint": keys[3], "source": keys[0], "systemProgram": keys[4],
            "tokenProgram": keys[5], "wallet": keys[2]}  # fmt: skip
    return {"info": info, "type": "createIdempotent" if data == b"\x01" else "create"}


def _moves(keys: list[str], data: bytes) -> Parsed | None:
    kind = data[0]
    if kind == 3:
        amount = str(struct.unpack_from("<Q", data, 1)[0])
        info: Parsed = {"amount": amount, "authority": keys[2], "destination": keys[1],
                        "source": keys[0]}  # fmt: skip
        return {"info": info, "type": "transfer"}
    if kind == 12:
        amount, decimals = struct.unpack_from("<QB", data, 1)
        info = {"authority": keys[3], "destination": keys[2], "mint": keys[1], "source": keys[0],
                "tokenAmount": ui_amount(amount, decimals)}  # fmt: skip
        return {"info": info, "type": "transferChecked"}
    if kind == 9:
        info = {"account": keys[0], "destination": keys[1], "owner": keys[2]}
        return {"info": info, "type": "closeAccount"}
    if kind == 17:
        return {"info": {"account": keys[0]}, "type": "syncNative"}
    return None


def _setup(keys: list[str], data: bytes) -> Parsed | None:
    kind = data[0]
    if kind == 18:
        info: Parsed = {"account": keys[0], "mint": keys[1], "owner": text(data[1:33])}
        return {"info": info, "type": "initializeAccount3"}
    if kind == 21:
        info = {"extensionTypes": ["immutableOwner"], "mint": keys[0]}
        return {"info": info, "type": "getAccountDataSize"}
    if kind == 22:
        return {"info": {"account": keys[0]}, "type": "initializeImmutableOwner"}
    if kind == 20:
        info = {"decimals": data[1], "mint": keys[0], "mintAuthority": text(data[2:34])}
        return {"info": info, "type": "initializeMint2"}
    if kind == 7:
        amount = str(struct.unpack_from("<Q", data, 1)[0])
        info = {"account": keys[1], "amount": amount, "mint": keys[0], "mintAuthority": keys[2]}
        return {"info": info, "type": "mintTo"}
    if kind == 6:
        info = {"authority": keys[1], "authorityType": "mintTokens", "mint": keys[0],
                "newAuthority": None}  # fmt: skip
        return {"info": info, "type": "setAuthority"}
    if kind == 39:
        info = {"metadataAddress": keys[0], "mint": keys[0]}
        return {"info": info, "type": "initializeMetadataPointer"}
    return None


def _metadata(keys: list[str], data: bytes) -> Parsed | None:
    if data[:8] == METADATA_AUTHORITY:
        info: Parsed = {"metadata": keys[0], "newAuthority": None, "updateAuthority": keys[1]}
        return {"info": info, "type": "updateTokenMetadataAuthority"}
    if data[:8] != METADATA_INIT:
        return None
    words, at = [], 8
    for _ in range(3):
        length = struct.unpack_from("<I", data, at)[0]
        words.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    info = {"metadata": keys[0], "mint": keys[2], "mintAuthority": keys[3], "name": words[0],
            "symbol": words[1], "updateAuthority": keys[1], "uri": words[2]}  # fmt: skip
    return {"info": info, "type": "initializeTokenMetadata"}


def parse(program: str, keys: list[str], data: bytes) -> tuple[str, Parsed] | None:
    """Give the program's name and the parsed instruction, None when the RPC would not parse it."""
    if program == SYSTEM:
        found = _system(keys, data)
        return ("system", found) if found else None
    if program == ATA:
        return "spl-associated-token-account", _associated(keys, data)
    if program in (TOKEN, TOKEN22):
        found = _metadata(keys, data) or _moves(keys, data) or _setup(keys, data)
        return ("spl-token", found) if found else None
    return None
