"""What the decoder refuses, with which reason."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.payloads.trades import BUY, YENNI
from wallets.domain.parse import parse
from wallets.domain.values import Undecodable

Payload = dict[str, Any]


def _message(payload: Payload) -> Payload:
    message: Payload = payload["transaction"]["message"]
    return message


def _set(path: str, value: Any) -> Callable[[Payload], None]:
    """Make an edit that puts a value at a dotted path."""
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]

    def edit(payload: Payload) -> None:
        place: Any = payload
        for part in parents:
            place = place[part]
        place[last] = value

    return edit


MESSAGE = "transaction.message"
FIRST = f"{MESSAGE}.instructions.0"
REFUSED: list[tuple[Callable[[Payload], None], str]] = [
    (_set("meta", None), "the transaction has no meta: its outcome is unknown"),
    (_set("transaction", None), "the payload has no transaction"),
    (_set("transaction", 5), "the transaction is neither an object nor encoded"),
    (_set("transaction", ["AAAA"]), "an encoded transaction is a pair of text and encoding"),
    (_set("transaction", ["AAAA", "base64"]), "the serialised transaction is malformed"),
    (_set("transaction", ["", "base64"]), "the serialised transaction has 0 bytes"),
    (_set("transaction", ["%%", "base64"]), "the transaction is not base64"),
    (_set("transaction", ["AAAA", "base99"]), "unknown transaction encoding 'base99'"),
    (_set("transaction", ["0OIl", "base58"]), "the transaction is not base58"),
    (_set("version", 2), "the transaction has an unknown version"),
    (_set("version", "0"), "the transaction has an unknown version"),
    (_set("version", True), "the transaction has an unknown version"),
    (_set("version", 10**5000), "the transaction has an unknown version"),
    (_set("slot", -1), "the slot is not a number a chain could give"),
    (_set("slot", 2**63), "the slot is not a number a chain could give"),
    (_set("slot", "454500000"), "the slot is not a number a chain could give"),
    (_set("blockTime", 1.5), "the block time is not a number a chain could give"),
    (_set("signature", "x"), "the payload names another signature than its transaction"),
    (_set("transaction.signatures", []), "the transaction has no signature"),
    (_set("transaction.signatures.0", "abc"), "the signature is not 64 bytes of base58"),
    (_set(f"{MESSAGE}.accountKeys", []), "the message has no list of account keys"),
    (_set(f"{MESSAGE}.accountKeys.1", "abc"), "an account key is not 32 bytes of base58"),
    (_set(f"{MESSAGE}.accountKeys.1", 7), "an account key is not text"),
    (
        _set(f"{MESSAGE}.accountKeys.1", YENNI),
        "the account keys are too many, or one is listed twice",
    ),
    (_set(f"{MESSAGE}.header", None), "the message has no header"),
    (
        _set(f"{MESSAGE}.header.numRequiredSignatures", 200),
        "the message header does not fit its keys",
    ),
    (
        _set(f"{MESSAGE}.header.numRequiredSignatures", True),
        "the message header holds something else than small numbers",
    ),
    (_set(f"{MESSAGE}.instructions", {}), "the message has no list of instructions"),
    (_set(FIRST, "pay"), "an instruction is not an object"),
    (
        _set(f"{FIRST}.programIdIndex", 99),
        "an instruction names a program that is not among the keys",
    ),
    (
        _set(f"{FIRST}.accounts", [0, 99]),
        "an instruction names an account that is not among the keys",
    ),
    (
        _set(f"{FIRST}.accounts", [0, -1]),
        "an instruction names an account that is not among the keys",
    ),
    (_set(f"{FIRST}.accounts", [True]), "an instruction's accounts are not places of keys"),
    (_set(f"{FIRST}.data", "0OIl"), "an instruction's data are not base58"),
    (_set(f"{FIRST}.data", "1" * 20_000), "an instruction's data are not base58"),
    (_set("meta.fee", -1), "the fee is not a number of lamports"),
    (_set("meta.fee", True), "the fee is not a number of lamports"),
    (_set("meta.fee", 2**64), "the fee is not a number of lamports"),
    (_set("meta.err", False), "the error of the transaction has an unknown shape"),
    (_set("meta.preBalances.0", -1), "preBalances holds something else than lamports"),
    (_set("meta.postBalances.0", 1.0), "postBalances holds something else than lamports"),
    (_set("meta.postBalances.0", True), "postBalances holds something else than lamports"),
    (_set("meta.postBalances.0", 2**64), "postBalances holds something else than lamports"),
    (
        _set("meta.preTokenBalances.0.accountIndex", 99),
        "preTokenBalances names an account that is not there",
    ),
    (
        _set("meta.preTokenBalances.0.uiTokenAmount.amount", 5),
        "a token amount is not a string of digits",
    ),
    (
        _set("meta.preTokenBalances.0.uiTokenAmount.amount", "-5"),
        "a token amount is not a string of digits",
    ),
    (
        _set("meta.preTokenBalances.0.uiTokenAmount.amount", "²"),
        "a token amount is not a string of digits",
    ),
    (
        _set("meta.preTokenBalances.0.uiTokenAmount.amount", str(2**64)),
        "a token amount exceeds 64 bits",
    ),
    (
        _set("meta.preTokenBalances.0.mint", "So1"),
        "preTokenBalances holds a balance without a mint",
    ),
    (_set("meta.innerInstructions.0.index", 99), "innerInstructions does not fit the instructions"),
    (
        _set("meta.innerInstructions.0.instructions.0.stackHeight", 9),
        "an inner instruction has an impossible stack height",
    ),
    (
        _set("meta.loadedAddresses.writable", [YENNI]),
        "loadedAddresses does not fit the lookup tables",
    ),
    (_set("meta.logMessages", [1]), "logMessages is not a list of lines"),
]


@pytest.mark.parametrize(("edit", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_malformed_payload_is_refused_with_its_reason(
    edit: Callable[[Payload], None], reason: str
) -> None:
    payload = BUY.json()
    parse(payload)
    edit(payload)
    with pytest.raises(Undecodable) as refusal:
        parse(payload)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "the payload is not an object"),
        ([], "the payload is not an object"),
        ({}, "the payload has no transaction"),
        ({"jsonrpc": "2.0", "result": None}, "the node does not know this transaction"),
        ({"error": {"code": -32015}}, "the node answered with an error"),
        (
            {"result": {"data": [], "paginationToken": None}},
            "the payload is a page of transactions, not one",
        ),
        (
            {"tokenTransfers": []},
            "the payload is a summary of a transaction, without the transaction",
        ),
        ({"result": {"result": {"result": {"result": {}}}}}, "the payload is nested too deep"),
    ],
)
def test_what_holds_no_transaction_is_refused(payload: Any, reason: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        parse(payload)
    assert refusal.value.reason == reason


def test_lists_of_another_length_than_the_keys_are_refused() -> None:
    for name in ("preBalances", "postBalances"):
        payload = BUY.json()
        payload["meta"][name].pop()
        with pytest.raises(Undecodable, match="does not have one entry for each"):
            parse(payload)


def test_serialised_transaction_with_bytes_too_many_or_few_is_refused() -> None:
    from base64 import b64decode, b64encode

    payload = BUY.base64()
    raw = b64decode(payload["transaction"][0])
    for bad in (raw + b"\0", raw[:-1], raw[: len(raw) // 2]):
        payload["transaction"][0] = b64encode(bad).decode()
        with pytest.raises(Undecodable):
            parse(payload)
