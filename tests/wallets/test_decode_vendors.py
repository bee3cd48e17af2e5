"""Every recorded answer of Helius: taken, or refused with a reason; and each envelope it uses."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.payloads.trades import BUY
from wallets.domain.parse import parse
from wallets.domain.values import Undecodable

DATA = Path(os.environ.get("AURA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = DATA / "vendors" / "helius"

LIST = "the payload is not an object"
PAGE = "the payload is a page of transactions, not one"
SUMMARY = "the payload is a summary of a transaction, without the transaction"
# Of each recorded document: the outcome of the whole, and of the payloads inside with their number.
# All are the legacy enhanced format, which tells a transaction without its bytes and balances.
OUTCOMES: dict[str, tuple[str, dict[str, int]]] = {
    "enhanced_account_data_52.json": (PAGE, {SUMMARY: 52}),
    "enhanced_buySellPumpFun.json": (LIST, {SUMMARY: 1}),
    "enhanced_buySellRaydium.json": (LIST, {SUMMARY: 1}),
    "enhanced_transferSol.json": (LIST, {SUMMARY: 1}),
    "enhanced_transferToken.json": (LIST, {SUMMARY: 1}),
}


def outcome(payload: Any) -> str:
    """`taken`, or the reason of the refusal."""
    try:
        parse(payload)
    except Undecodable as refusal:
        return refusal.reason
    return "taken"


@pytest.mark.recorded
def test_every_recorded_document_is_in_the_table() -> None:
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert found == set(OUTCOMES)


@pytest.mark.recorded
@pytest.mark.parametrize("name", OUTCOMES)
def test_recorded_document_is_taken_or_refused_with_its_reason(name: str) -> None:
    document = json.loads((FOLDER / name).read_text())
    whole, inside = OUTCOMES[name]
    assert outcome(document) == whole
    items = document if isinstance(document, list) else document["data"]
    counted: dict[str, int] = {}
    for item in items:
        counted[outcome(item)] = counted.get(outcome(item), 0) + 1
    assert counted == inside


def test_every_envelope_of_a_transaction_is_taken() -> None:
    """By documentation: a raw webhook's items, a history page's items, a stream's notification."""
    bare = BUY.json()
    item = bare | {"indexWithinBlock": 4}
    webhook, page = [item], {"result": {"data": [bare | {"transactionIndex": 4}]}}
    told = {"signature": BUY.signature(), "slot": bare["slot"], "transactionIndex": 4}
    inner = {name: bare[name] for name in ("transaction", "meta", "version")}
    notice = {
        "jsonrpc": "2.0",
        "method": "transactionNotification",
        "params": {"subscription": 1, "result": {**told, "transaction": inner}},
    }
    taken = [webhook[0], page["result"]["data"][0], notice, {"jsonrpc": "2.0", "result": bare}]
    read = [parse(payload) for payload in taken]
    assert [(tx.signature, tx.slot, tx.tx_index) for tx in read] == [
        (BUY.signature(), bare["slot"], place) for place in (4, 4, 4, None)
    ]
    assert [outcome(payload) for payload in (webhook, page)] == [LIST, PAGE]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"jsonrpc": "2.0", "result": 4743323479349712, "id": 420}, LIST),
        ({"jsonrpc": "2.0", "error": {"code": -32005}}, "the node answered with an error"),
        (
            {"method": "slotNotification", "params": {"result": {"slot": 5, "parent": 4}}},
            "the payload has no transaction",
        ),
        (
            {"signature": "5", "parserStatus": "OK", "parsed": {"slot": 5, "summary": None}},
            "the payload has no transaction",
        ),
    ],
)
def test_other_answers_of_the_vendor_are_refused(payload: Any, reason: str) -> None:
    assert outcome(payload) == reason
