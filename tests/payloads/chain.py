"""Writes small transactions by hand in the shapes nodes deliver them."""

import hashlib
import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.keypair import Keypair
from solders.message import Message, MessageHeader, MessageV0, MessageV1, TransactionConfig
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

SYSTEM = "11111111111111111111111111111111"
SPL = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
ATA = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
WSOL = "So11111111111111111111111111111111111111112"
RAYDIUM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
RENT = 1_488_440


def wallet(name: str) -> str:
    """An address a key signs for."""
    return str(Keypair.from_seed(hashlib.sha256(name.encode()).digest()).pubkey())


def vault(name: str) -> str:
    """An address no key can sign for, as pools and vaults have."""
    return str(Pubkey.find_program_address([name.encode()], Pubkey.from_string(SYSTEM))[0])


def base58(raw: bytes) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


@dataclass
class Call:
    """An instruction: program, accounts, raw data, and those it leads to."""

    program: str
    accounts: Sequence[str]
    data: bytes = b"\x09"
    inner: Sequence["Call"] = ()


def pay(source: str, dest: str, lamports: int) -> Call:
    return Call(SYSTEM, (source, dest), struct.pack("<IQ", 2, lamports))


def create(source: str, new: str, lamports: int = RENT) -> Call:
    data = struct.pack("<IQQ", 0, lamports, 165) + bytes(Pubkey.from_string(SPL))
    return Call(SYSTEM, (source, new), data)


def open_account(account: str, mint: str, owner: str) -> Call:
    return Call(SPL, (account, mint), b"\x12" + bytes(Pubkey.from_string(owner)))


def close(account: str, dest: str, owner: str) -> Call:
    return Call(SPL, (account, dest, owner), b"\x09")


def move(source: str, dest: str, owner: str, raw: int) -> Call:
    return Call(SPL, (source, dest, owner), b"\x03" + struct.pack("<Q", raw))


def mint_to(mint: str, account: str, authority: str, raw: int) -> Call:
    return Call(SPL, (mint, account, authority), b"\x07" + struct.pack("<Q", raw))


@dataclass
class Chain:
    """A transaction under construction; balances are told, not computed."""

    signers: Sequence[str]
    calls: Sequence[Call]
    lamports: dict[str, tuple[int, int]]
    tokens: Sequence[tuple[str, str, str, int | None, int | None]] = ()
    fee: int = 5000
    err: Any = None
    version: Any = 0
    logs: Sequence[str] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def keys(self) -> list[str]:
        found = dict.fromkeys(self.signers)

        def walk(calls: Sequence[Call]) -> None:
            for call in calls:
                found.update(dict.fromkeys(call.accounts))
                walk(call.inner)

        walk(self.calls)
        found.update(dict.fromkeys(self.lamports))
        found.update(dict.fromkeys(row[0] for row in self.tokens))

        def programs(calls: Sequence[Call]) -> None:
            for call in calls:
                found.setdefault(call.program)
                programs(call.inner)

        programs(self.calls)
        return list(found)

    def signature(self) -> str:
        return str(Signature.from_bytes(hashlib.sha512(repr(self.calls).encode()).digest()))

    def _meta(self, keys: list[str]) -> dict[str, Any]:
        def rows(side: int) -> list[dict[str, Any]]:
            return [
                {
                    "accountIndex": keys.index(row[0]),
                    "mint": row[1],
                    "owner": row[2],
                    "programId": SPL,
                    "uiTokenAmount": {"amount": str(row[side]), "decimals": 6},
                }
                for row in self.tokens
                if row[side] is not None
            ]

        inner = []
        for at, call in enumerate(self.calls):
            found: list[dict[str, Any]] = []
            self._walk(keys, call.inner, 2, found)
            if found:
                inner.append({"index": at, "instructions": found})
        return {
            "err": self.err,
            "fee": self.fee,
            "preBalances": [self.lamports.get(key, (1, 1))[0] for key in keys],
            "postBalances": [self.lamports.get(key, (1, 1))[1] for key in keys],
            "preTokenBalances": rows(3),
            "postTokenBalances": rows(4),
            "innerInstructions": inner,
            "logMessages": list(self.logs),
            "loadedAddresses": {"writable": [], "readonly": []},
        }

    def _walk(self, keys: list[str], calls: Sequence[Call], height: int, out: list[Any]) -> None:
        for call in calls:
            out.append(self._json(keys, call) | {"stackHeight": height})
            self._walk(keys, call.inner, height + 1, out)

    def _json(self, keys: list[str], call: Call) -> dict[str, Any]:
        return {
            "programIdIndex": keys.index(call.program),
            "accounts": [keys.index(account) for account in call.accounts],
            "data": base58(call.data),
        }

    def json(self) -> dict[str, Any]:
        """The `getTransaction` result in `json` encoding."""
        keys = self.keys()
        message: dict[str, Any] = {
            "accountKeys": keys,
            "header": {
                "numRequiredSignatures": len(self.signers),
                "numReadonlySignedAccounts": 0,
                "numReadonlyUnsignedAccounts": 0,
            },
            "instructions": [self._json(keys, call) for call in self.calls],
            "recentBlockhash": SYSTEM,
        }
        if self.version == 1:
            message["transactionConfig"] = {"computeUnitLimit": 100_000, "priorityFee": 1000}
        return {
            "slot": 454_500_000,
            "blockTime": 1_791_500_000,
            "version": self.version,
            "meta": self._meta(keys),
            "transaction": {
                "signatures": [self.signature()] * len(self.signers),
                "message": message,
            },
            **self.extra,
        }

    def base64(self) -> dict[str, Any]:
        """The same in `base64` encoding."""
        keys = self.keys()
        addresses = [Pubkey.from_string(key) for key in keys]
        compiled = [
            CompiledInstruction(
                keys.index(call.program), call.data, bytes(keys.index(a) for a in call.accounts)
            )
            for call in self.calls
        ]
        header = MessageHeader(len(self.signers), 0, 0)
        message: Message | MessageV0 | MessageV1
        if self.version == 1:
            config = TransactionConfig(compute_unit_limit=100_000)
            message = MessageV1(header, config, Hash.default(), addresses, compiled)
        elif self.version == 0:
            message = MessageV0(header, addresses, Hash.default(), compiled, [])
        else:
            message = Message.new_with_compiled_instructions(
                len(self.signers), 0, 0, addresses, Hash.default(), compiled
            )
        signatures = [Signature.from_string(self.signature())] * len(self.signers)
        raw = bytes(VersionedTransaction.populate(message, signatures))
        return {**self.json(), "transaction": [b64encode(raw).decode(), "base64"]}
