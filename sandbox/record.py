"""One executed transaction in the compact form that is kept; all encodings are made from it."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass
from typing import NamedTuple

Body = tuple["str | Step", ...]
# (account index, mint, owner, token program, raw amount, decimals)
TokenRow = tuple[int, str, str, str, int, int]
TRANSACTION_FEE = 5000


class Step(NamedTuple):
    """One instruction with indexes into all keys; `body` has log lines and inner calls in order."""

    program: int
    accounts: bytes
    data: bytes
    units: int
    body: Body


class Lookup(NamedTuple):
    """The keys a v0 message takes from one address lookup table."""

    table: str
    writable: bytes
    readonly: bytes


class Budget(NamedTuple):
    """Compute limits as v1 carries them in the message; the priority fee is total lamports."""

    unit_limit: int
    priority_lamports: int


@dataclass(slots=True)
class Record:
    """A transaction as executed. `version` is -1 for legacy, else 0 or 1."""

    signatures: list[str]
    version: int
    header: tuple[int, int, int]
    keys: list[str]
    loaded_writable: list[str]
    loaded_readonly: list[str]
    lookups: list[Lookup]
    blockhash: str
    budget: Budget
    steps: list[Step]
    # Index of the instruction that failed and its custom error number, or None.
    failure: tuple[int, int] | None
    fee: int
    pre: list[int]
    post: list[int]
    pre_tokens: list[TokenRow]
    post_tokens: list[TokenRow]
    slot: int = 0
    index: int = 0
    time: int = 0

    @property
    def signature(self) -> str:
        """The first signature, which names the transaction."""
        return self.signatures[0]

    @property
    def all_keys(self) -> list[str]:
        """Keys in the order instruction indexes count them."""
        return self.keys + self.loaded_writable + self.loaded_readonly

    def pack(self) -> bytes:
        """Serialise for the store."""
        return zlib.compress(pickle.dumps(_fields(self), protocol=5), 1)


def _fields(record: Record) -> tuple[object, ...]:
    # dataclasses.astuple would copy every nested tuple.
    return tuple(getattr(record, name) for name in record.__slots__)


def unpack(blob: bytes) -> Record:
    """Read back what `Record.pack` wrote."""
    # The blob comes from our own database file.
    return Record(*pickle.loads(zlib.decompress(blob)))  # noqa: S301
