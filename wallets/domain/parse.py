"""Reads one transaction, in any encoding a node or vendor delivers it, into a `Transaction`."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, get_args

from solders.signature import Signature

from wallets.domain.addresses import is_address
from wallets.domain.instructions import flatten
from wallets.domain.message import head_of_json, resolve_keys
from wallets.domain.movements import U64_MAX, moves_of, raw_amount
from wallets.domain.values import Move, TokenAccount, Transaction, Undecodable, Version
from wallets.domain.wire import Head, head_of_bytes
from wallets.domain.withheld import with_withheld

_MAX_NESTING: Final = 4
_VERSIONS: Final = get_args(Version)


class _Envelope(NamedTuple):
    """What the layers around `transaction` and `meta` said."""

    item: Mapping[str, Any]
    signature: object
    slot: object
    place: object
    block_time: object
    version: object


def parse(payload: Mapping[str, Any]) -> Transaction:
    """Return the transaction a payload holds.

    Takes a `getTransaction` result, an item of `getTransactionsForAddress` or of a raw webhook, a
    `transactionNotification`, or a JSON-RPC answer around any of them; `json`, `jsonParsed`,
    `base64` and `base58`; legacy, v0 and v1. Raises `Undecodable`, and nothing else.
    """
    envelope = _unwrap(payload)
    item = envelope.item
    meta = item.get("meta")
    if not isinstance(meta, dict):
        raise Undecodable("the transaction has no meta: its outcome is unknown")
    head = _head(item["transaction"], envelope.version)
    if envelope.signature is not None and envelope.signature != head.signature:
        raise Undecodable("the payload names another signature than its transaction")
    keys, writable = resolve_keys(head, meta)
    lamports = _lamports(meta, "preBalances", len(keys)), _lamports(meta, "postBalances", len(keys))
    instructions = flatten(head, keys, meta)
    accounts = _token_accounts(meta, keys)
    err = _error(meta)
    moves: tuple[Move, ...] = ()
    if err is None:
        moves = moves_of(instructions, frozenset(keys))
        moves = with_withheld(moves, instructions, accounts)
    return Transaction(
        signature=head.signature,
        slot=_optional(envelope.slot, "slot"),
        tx_index=_optional(envelope.place, "index in the slot"),
        block_time=_optional(envelope.block_time, "block time"),
        version=head.version,
        err=err,
        fee_lamports=_fee(meta),
        keys=keys,
        signers=keys[: head.signers],
        writable=writable,
        pre_lamports=lamports[0],
        post_lamports=lamports[1],
        token_accounts=accounts,
        instructions=instructions,
        moves=moves,
        logs=_logs(meta),
    )


def _unwrap(payload: object) -> _Envelope:
    signature = slot = index = block_time = version = None
    item = payload
    for _ in range(_MAX_NESTING):
        if not isinstance(item, Mapping):
            raise Undecodable("the payload is not an object")
        inner = item.get("transaction")
        if inner is None:
            item = _inside(item)
            continue
        signature = item.get("signature") if signature is None else signature
        slot = item.get("slot") if slot is None else slot
        if index is None:
            index = item.get("transactionIndex", item.get("indexWithinBlock"))
        block_time = item.get("blockTime") if block_time is None else block_time
        version = item.get("version") if version is None else version
        if "meta" in item or not (isinstance(inner, dict) and "transaction" in inner):
            return _Envelope(item, signature, slot, index, block_time, version)
        item = inner
    raise Undecodable("the payload is nested too deep")


def _inside(item: Mapping[str, Any]) -> object:
    if item.get("error") is not None:
        raise Undecodable("the node answered with an error")
    for name in ("result", "params"):
        if name in item:
            if item[name] is None:
                raise Undecodable("the node does not know this transaction")
            return item[name]
    if "accountData" in item or "tokenTransfers" in item:
        raise Undecodable("the payload is a summary of a transaction, without the transaction")
    if isinstance(item.get("data"), list):
        raise Undecodable("the payload is a page of transactions, not one")
    raise Undecodable("the payload has no transaction")


def _head(body: object, version: object) -> Head:
    if version is not None and (type(version) not in (int, str) or version not in _VERSIONS):
        raise Undecodable("the transaction has an unknown version")
    if isinstance(body, dict):
        head = head_of_json(body, version)
    elif isinstance(body, list):
        if len(body) != 2 or not isinstance(body[0], str) or not isinstance(body[1], str):
            raise Undecodable("an encoded transaction is a pair of text and encoding")
        head = head_of_bytes(body[0], body[1])
    elif isinstance(body, str):
        head = head_of_bytes(body, "base58")
    else:
        raise Undecodable("the transaction is neither an object nor encoded")
    if version is not None and version != head.version:
        raise Undecodable(f"the payload says version {version}, its message {head.version}")
    try:
        Signature.from_string(head.signature)
    except ValueError as error:
        raise Undecodable("the signature is not 64 bytes of base58") from error
    return head


def _optional(value: object, what: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**63:
        raise Undecodable(f"the {what} is not a number a chain could give")
    return value


def _fee(meta: Mapping[str, Any]) -> int:
    fee = meta.get("fee")
    if type(fee) is not int or not 0 <= fee <= U64_MAX:
        raise Undecodable("the fee is not a number of lamports")
    return fee


def _error(meta: Mapping[str, Any]) -> object:
    err = meta.get("err")
    if err is None:
        status = meta.get("status")
        err = status.get("Err") if isinstance(status, dict) else None
    if err is not None and (not isinstance(err, str | dict | list) or not err):
        raise Undecodable("the error of the transaction has an unknown shape")
    return err


def _lamports(meta: Mapping[str, Any], name: str, count: int) -> tuple[int, ...]:
    values = meta.get(name)
    if not isinstance(values, list) or len(values) != count:
        raise Undecodable(f"{name} does not have one entry for each of {count} keys")
    if not set(map(type, values)) <= {int} or min(values) < 0 or max(values) > U64_MAX:
        raise Undecodable(f"{name} holds something else than lamports")
    return tuple(values)


def _logs(meta: Mapping[str, Any]) -> tuple[str, ...]:
    logs = meta.get("logMessages")
    if logs is None:
        return ()
    if not isinstance(logs, list) or not set(map(type, logs)) <= {str}:
        raise Undecodable("logMessages is not a list of lines")
    return tuple(logs)


def _token_accounts(meta: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[TokenAccount, ...]:
    before = _token_rows(meta, "preTokenBalances", len(keys))
    after = _token_rows(meta, "postTokenBalances", len(keys))
    accounts = []
    for at, row in (before | after).items():
        pre, pre_owner, _ = before.get(at, _NO_ROW)
        post, post_owner, _ = after.get(at, _NO_ROW)
        place, mint = at
        accounts.append(
            TokenAccount(keys[place], place, mint, row[2], pre, post, pre_owner, post_owner)
        )
    return tuple(accounts)


_Row = tuple[int, str | None, int]
_NO_ROW: Final[tuple[None, None, None]] = (None, None, None)


def _token_rows(meta: Mapping[str, Any], name: str, count: int) -> dict[tuple[int, str], _Row]:
    rows = meta.get(name)
    if rows is None:
        return {}
    if not isinstance(rows, list) or len(rows) > count:
        raise Undecodable(f"{name} is not a list of at most {count} balances")
    found: dict[tuple[int, str], _Row] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise Undecodable(f"{name} holds something else than balances")
        index = row.get("accountIndex")
        if type(index) is not int or not 0 <= index < count:
            raise Undecodable(f"{name} names an account that is not there")
        mint, owner = _owned(row, name)
        if (index, mint) in found:
            raise Undecodable(f"{name} tells one account twice")
        raw, decimals = _amount(row.get("uiTokenAmount"), name)
        found[index, mint] = (raw, owner, decimals)
    return found


def _owned(row: Mapping[str, Any], name: str) -> tuple[str, str | None]:
    mint, owner = row.get("mint"), row.get("owner")
    if not isinstance(mint, str) or not is_address(mint):
        raise Undecodable(f"{name} holds a balance without a mint")
    # slots before December 2021 do not tell the owner; protobuf-shaped JSON may leave it empty
    if not owner:
        return mint, None
    if not isinstance(owner, str) or not is_address(owner):
        raise Undecodable(f"{name} holds a balance with an owner that is no address")
    return mint, owner


def _amount(amount: object, name: str) -> tuple[int, int]:
    if not isinstance(amount, dict):
        raise Undecodable(f"{name} holds a balance without an amount")
    # protobuf-shaped JSON leaves zeros out
    decimals = amount.get("decimals", 0)
    if type(decimals) is not int or not 0 <= decimals <= 255:
        raise Undecodable(f"{name} holds a balance without decimals")
    return raw_amount(amount.get("amount")), decimals
