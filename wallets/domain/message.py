"""The message of a transaction given as JSON, and its list of accounts made whole."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from wallets.domain.addresses import is_address
from wallets.domain.programs import SYSTEM
from wallets.domain.values import Undecodable, Version
from wallets.domain.wire import Head, writable_by_header

# A runtime limit: account indexes are one byte.
_MAX_KEYS: Final = 256
# Recorded Yellowstone streams spell 32 zero bytes with one 1 too many.
_SYSTEM_MISSPELT: Final = "1" * 33
_HEADER: Final = (
    "numRequiredSignatures",
    "numReadonlySignedAccounts",
    "numReadonlyUnsignedAccounts",
)


def head_of_json(body: Mapping[str, Any], version: object) -> Head:
    """Read the `transaction` object of the `json` and `jsonParsed` encodings.

    `version` is the one told beside it, None when none was. Raises `Undecodable`.
    """
    message, signatures = body.get("message"), body.get("signatures")
    if not isinstance(message, dict):
        raise Undecodable("the transaction has no message")
    if not isinstance(signatures, list) or not signatures or not isinstance(signatures[0], str):
        raise Undecodable("the transaction has no signature")
    listed, instructions = message.get("accountKeys"), message.get("instructions")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_KEYS:
        raise Undecodable("the message has no list of account keys")
    if not isinstance(instructions, list):
        raise Undecodable("the message has no list of instructions")
    if isinstance(listed[0], dict):
        keys, signers, writable = _flagged(listed)
        complete = True
    else:
        keys = check_addresses(listed)
        signers, writable = _by_header(message, len(keys))
        complete = False
    if len(signatures) != signers:
        raise Undecodable("the number of signatures does not fit the signers")
    looked_up = 0 if complete else _looked_up(message)
    told = _told_version(message, version)
    return Head(signatures[0], told, keys, signers, writable, complete, looked_up, instructions)


def check_addresses(values: Iterable[object]) -> tuple[str, ...]:
    """Return the values as addresses; raises `Undecodable` for one of not 32 bytes of base58."""
    checked = []
    for value in values:
        if not isinstance(value, str):
            raise Undecodable("an account key is not text")
        address = SYSTEM if value == _SYSTEM_MISSPELT else value
        if not is_address(address):
            raise Undecodable("an account key is not 32 bytes of base58")
        checked.append(address)
    return tuple(checked)


def resolve_keys(head: Head, meta: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """Return all accounts of a transaction, and which are writable: static, then looked up ones.

    Raises `Undecodable` when the lookup tables' accounts are missing or one is listed twice.
    """
    keys, flags = head.keys, head.writable
    if not head.complete:
        writable, readonly = _loaded(meta)
        if head.looked_up != len(writable) + len(readonly):
            raise Undecodable("loadedAddresses does not fit the lookup tables")
        keys = keys + writable + readonly
        flags = flags + (True,) * len(writable) + (False,) * len(readonly)
    if len(keys) > _MAX_KEYS or len(set(keys)) != len(keys):
        raise Undecodable("the account keys are too many, or one is listed twice")
    return keys, flags


def _loaded(meta: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    loaded = meta.get("loadedAddresses")
    if loaded is None:
        # Yellowstone puts the two lists beside each other.
        writable, readonly = (
            meta.get("loadedWritableAddresses"),
            meta.get("loadedReadonlyAddresses"),
        )
    elif isinstance(loaded, dict):
        writable, readonly = loaded.get("writable"), loaded.get("readonly")
    else:
        raise Undecodable("loadedAddresses is not an object")
    writable, readonly = writable or [], readonly or []
    if not isinstance(writable, list) or not isinstance(readonly, list):
        raise Undecodable("loadedAddresses does not hold lists")
    return check_addresses(writable), check_addresses(readonly)


def _flagged(listed: list[Any]) -> tuple[tuple[str, ...], int, tuple[bool, ...]]:
    names: list[object] = []
    signed: list[bool] = []
    writable: list[bool] = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise Undecodable("the account keys mix two encodings")
        names.append(entry.get("pubkey"))
        signed.append(entry.get("signer") is True)
        writable.append(entry.get("writable") is True)
    signers = sum(signed)
    if signers == 0 or not all(signed[:signers]):
        raise Undecodable("the signers are not the first account keys")
    return check_addresses(names), signers, tuple(writable)


def _by_header(message: Mapping[str, Any], count: int) -> tuple[int, tuple[bool, ...]]:
    header = message.get("header")
    if not isinstance(header, dict):
        raise Undecodable("the message has no header")
    # protobuf-shaped JSON leaves zeros out
    numbers = [header.get(name, 0) for name in _HEADER]
    if any(type(number) is not int or not 0 <= number <= _MAX_KEYS for number in numbers):
        raise Undecodable("the message header holds something else than small numbers")
    return numbers[0], tuple(writable_by_header(count, *numbers))


def _looked_up(message: Mapping[str, Any]) -> int:
    tables = message.get("addressTableLookups") or []
    if not isinstance(tables, list):
        raise Undecodable("addressTableLookups is not a list")
    count = 0
    for table in tables:
        if not isinstance(table, dict):
            raise Undecodable("addressTableLookups holds something else than tables")
        for name in ("writableIndexes", "readonlyIndexes"):
            places = table.get(name) or []
            if not isinstance(places, list):
                raise Undecodable("the indexes of a lookup table are not a list")
            count += len(places)
    return count


def _told_version(message: Mapping[str, Any], version: object) -> Version:
    if version is None:
        if message.get("transactionConfig") is not None:
            return 1
        if message.get("addressTableLookups") or message.get("versioned") is True:
            return 0
        return "legacy"
    if version == "legacy":
        if message.get("addressTableLookups"):
            raise Undecodable("a legacy message cannot use lookup tables")
        return "legacy"
    if version == 1 and message.get("addressTableLookups"):
        raise Undecodable("a version 1 message cannot use lookup tables")
    return 0 if version == 0 else 1
