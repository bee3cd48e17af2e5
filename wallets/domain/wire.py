"""Serialised transactions of every version, read to the same head as the JSON encodings."""

import binascii
from base64 import b64decode
from typing import Any, NamedTuple

from solders.message import MessageV0, MessageV1
from solders.transaction import VersionedTransaction

from wallets.domain.base58 import CHARACTERS, decode_base58
from wallets.domain.values import Undecodable, Version

# https://docs.solana.com: 1,232 bytes a packet; version 1 allows 4,096.
_MAX_BYTES = 4096


class CompiledInstruction(NamedTuple):
    """An outer instruction whose program and accounts are still places in the key list."""

    program: int
    accounts: bytes
    data: str | bytes


class Head(NamedTuple):
    """The message part of a transaction.

    `keys` are the static ones unless `complete`; `writable` runs parallel to them. `instructions`
    are `CompiledInstruction`s off the wire, the payload's own objects from JSON.
    """

    signature: str
    version: Version
    keys: tuple[str, ...]
    signers: int
    writable: tuple[bool, ...]
    complete: bool
    looked_up: int
    instructions: list[Any]


def writable_by_header(
    count: int, required: int, fixed_signed: int, fixed_unsigned: int
) -> list[bool]:
    """Return which of `count` static keys are writable, from the three numbers of the header.

    Raises `Undecodable` when the numbers contradict each other.
    """
    if not 1 <= required <= count or fixed_signed >= required:
        raise Undecodable("the message header does not fit its keys")
    if fixed_unsigned > count - required:
        raise Undecodable("the message header does not fit its keys")
    signed = [True] * (required - fixed_signed) + [False] * fixed_signed
    free = count - required - fixed_unsigned
    return signed + [True] * free + [False] * fixed_unsigned


def head_of_bytes(encoded: str, encoding: str) -> Head:
    """Read a serialised transaction given as base64 or base58 text.

    Raises `Undecodable` when it is not exactly one well-formed transaction.
    """
    raw = _decode(encoded, encoding)
    if not 0 < len(raw) <= _MAX_BYTES:
        raise Undecodable(f"the serialised transaction has {len(raw)} bytes")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        exact = bytes(transaction) == raw
    except ValueError as error:
        raise Undecodable("the serialised transaction is malformed") from error
    if not exact:
        raise Undecodable("the serialised transaction has bytes too many")
    return _head(transaction)


def _decode(encoded: str, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Undecodable("the transaction is not base64") from error
    if encoding == "base58":
        if len(encoded) > 2 * _MAX_BYTES or not CHARACTERS.issuperset(encoded):
            raise Undecodable("the transaction is not base58")
        return decode_base58(encoded)
    raise Undecodable(f"unknown transaction encoding {encoding[:20]!r}")


def _head(transaction: VersionedTransaction) -> Head:
    message = transaction.message
    version: Version = "legacy"
    looked_up = 0
    if isinstance(message, MessageV0):
        version = 0
        looked_up = sum(
            len(table.writable_indexes) + len(table.readonly_indexes)
            for table in message.address_table_lookups
        )
    elif isinstance(message, MessageV1):
        version = 1
    keys = tuple(map(str, message.account_keys))
    header = message.header
    required = header.num_required_signatures
    if not transaction.signatures or len(transaction.signatures) != required:
        raise Undecodable("the number of signatures does not fit the message header")
    writable = writable_by_header(
        len(keys),
        required,
        header.num_readonly_signed_accounts,
        header.num_readonly_unsigned_accounts,
    )
    instructions = [
        CompiledInstruction(item.program_id_index, item.accounts, item.data)
        for item in message.instructions
    ]
    return Head(
        str(transaction.signatures[0]),
        version,
        keys,
        required,
        tuple(writable),
        version != 0,
        looked_up,
        instructions,
    )
