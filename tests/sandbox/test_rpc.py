"""The JSON-RPC surface: history by page and filter, versions, keys, batches and accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.chain import Chain
from sandbox.venues import TOTAL_SUPPLY

Rpc = Callable[..., Any]
GTFA = "getTransactionsForAddress"
UNKNOWN = "1" * 64


def everything(rpc: Rpc, wallet: str, **config: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    token = None
    while True:
        page = rpc(GTFA, wallet, {"commitment": "confirmed", "paginationToken": token, **config})
        rows += page["data"]
        token = page["paginationToken"]
        if token is None:
            return rows


@pytest.fixture(scope="module")
def wallet(chain: Chain) -> str:
    books = chain.world.ledger
    return max(chain.world.named, key=lambda key: books.totals(key)["trades"])


def test_pages_of_any_size_give_the_same_list_both_ways(rpc: Rpc, wallet: str) -> None:
    whole = everything(rpc, wallet)
    assert len(whole) > 8
    assert everything(rpc, wallet, limit=3) == whole
    assert everything(rpc, wallet, limit=3, sortOrder="asc") == whole[::-1]
    assert [(row["slot"], row["transactionIndex"]) for row in whole] == sorted(
        ((row["slot"], row["transactionIndex"]) for row in whole), reverse=True
    )


def test_full_rows_are_get_transaction_results_with_their_index(rpc: Rpc, wallet: str) -> None:
    full = everything(
        rpc, wallet, transactionDetails="full", maxSupportedTransactionVersion=1, encoding="json"
    )
    for row in full:
        signature = row["transaction"]["signatures"][0]
        one = rpc("getTransaction", signature,
                  {"commitment": "confirmed", "maxSupportedTransactionVersion": 1})  # fmt: skip
        assert row == {**one, "transactionIndex": row["transactionIndex"]}


def test_filters(rpc: Rpc, wallet: str) -> None:
    whole = everything(rpc, wallet, filters={"tokenAccounts": "balanceChanged"})
    failed = everything(
        rpc, wallet, filters={"tokenAccounts": "balanceChanged", "status": "failed"}
    )
    good = everything(
        rpc, wallet, filters={"tokenAccounts": "balanceChanged", "status": "succeeded"}
    )
    assert len(failed) + len(good) == len(whole)
    assert all(row["err"] for row in failed)
    middle = whole[len(whole) // 2]
    later = everything(
        rpc, wallet, filters={"tokenAccounts": "balanceChanged", "slot": {"gte": middle["slot"]}}
    )
    assert later == [row for row in whole if row["slot"] >= middle["slot"]]
    before = {"blockTime": {"lt": middle["blockTime"]}, "tokenAccounts": "balanceChanged"}
    assert everything(rpc, wallet, filters=before) == [
        row for row in whole if row["blockTime"] < middle["blockTime"]
    ]


def test_every_true_trade_is_found_by_balance_changed(
    rpc: Rpc, client: TestClient, wallet: str
) -> None:
    found = {row["signature"] for row in
             everything(rpc, wallet, filters={"tokenAccounts": "balanceChanged"})}  # fmt: skip
    truth = client.get(f"/truth/wallets/{wallet}").json()
    assert {trade["signature"] for trade in truth["trades"]} <= found
    assert len(truth["trades"]) > 5


def test_signatures_before_and_until(rpc: Rpc, wallet: str) -> None:
    confirmed = {"commitment": "confirmed"}
    whole = [row["signature"] for row in rpc("getSignaturesForAddress", wallet, confirmed)]
    page = {**confirmed, "limit": 2, "before": whole[1]}
    assert [r["signature"] for r in rpc("getSignaturesForAddress", wallet, page)] == whole[2:4]
    until = {**confirmed, "until": whole[3]}
    assert [r["signature"] for r in rpc("getSignaturesForAddress", wallet, until)] == whole[:3]


def test_token_account_activity_is_found_by_balance_change_only(
    rpc: Rpc, client: TestClient, chain: Chain
) -> None:
    client.post("/truth/advance", json={"seconds": 900})
    rows = chain.store.rows(
        "SELECT address.text, tx.signature FROM touch JOIN address ON address.id = touch.address "
        "JOIN tx ON tx.id = touch.tx WHERE how & 3 = 2"
    )
    quiet = [row for row in rows if row[0] in chain.world.wallets]
    assert quiet
    wallet, signature = quiet[0]
    changed = everything(rpc, wallet, filters={"tokenAccounts": "balanceChanged"})
    assert signature in {row["signature"] for row in changed}
    assert signature not in {row["signature"] for row in everything(rpc, wallet)}
    plain = rpc("getSignaturesForAddress", wallet, {"commitment": "confirmed"})
    assert signature not in {row["signature"] for row in plain}


def test_default_commitment_is_finalized(rpc: Rpc, chain: Chain) -> None:
    newest = chain.store.rows("SELECT signature, slot FROM tx ORDER BY id DESC LIMIT 1")[0]
    chain.clock.set(chain.engine.sim_ms(chain.world.now))
    config = {"maxSupportedTransactionVersion": 1}
    assert rpc("getTransaction", newest[0], config) is None
    shown = rpc("getTransaction", newest[0], {**config, "commitment": "confirmed"})
    assert shown["slot"] == newest[1]
    status = rpc("getSignatureStatuses", [newest[0], UNKNOWN])["value"]
    assert status[0]["confirmationStatus"] == "confirmed"
    assert status[1] is None
    chain.clock.set(chain.clock.now_ms() + 32 * 270)
    assert rpc("getTransaction", newest[0], config) == shown
    assert rpc("getSignatureStatuses", [newest[0]])["value"][0]["confirmations"] is None


def test_versions_above_what_the_caller_knows_are_an_error(rpc: Rpc, chain: Chain) -> None:
    rows = chain.store.rows("SELECT signature FROM tx ORDER BY id")
    by_version = {chain.store.record(row[0]).version: row[0] for row in rows}  # type: ignore[union-attr]
    confirmed = {"commitment": "confirmed"}
    assert rpc("getTransaction", by_version[-1], confirmed)["version"] == "legacy"
    assert rpc("getTransaction", by_version[0], confirmed)["code"] == -32015
    zero = {**confirmed, "maxSupportedTransactionVersion": 0}
    assert rpc("getTransaction", by_version[0], zero)["version"] == 0
    assert rpc("getTransaction", by_version[1], zero)["code"] == -32015


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("getTransaction", [], -32602),
        ("getTransaction", [UNKNOWN, {"commitment": "processed"}], -32602),
        ("getSignaturesForAddress", ["nonsense"], -32602),
        ("getSignaturesForAddress", ["1" * 32, {"limit": 0}], -32602),
        (GTFA, ["1" * 32, {"limit": 1001}], -32602),
        (GTFA, ["1" * 32, {"paginationToken": "x"}], -32602),
        (GTFA, ["1" * 32, {"filters": {"colour": 1}}], -32602),
        (GTFA, ["1" * 32, {"filters": {"slot": {"gt": "1"}}}], -32602),
        ("getSignatureStatuses", [["a"] * 257], -32602),
        ("getTokenSupply", ["1" * 32], -32602),
        ("makeMeRich", [], -32601),
    ],
)
def test_wrong_requests(rpc: Rpc, method: str, params: list[object], code: int) -> None:
    assert rpc(method, *params)["code"] == code


def test_keys_public_endpoint_and_batches(client: TestClient) -> None:
    one = {"jsonrpc": "2.0", "id": 7, "method": "getHealth"}
    refused = client.post("/rpc/?api-key=wrong", json=one)
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == -32001
    assert client.post("/public-rpc", json=one).json()["result"] == "ok"
    hidden = client.post("/public-rpc", json={**one, "method": GTFA, "params": ["1" * 32]})
    assert hidden.json()["error"]["code"] == -32601
    many = [{"jsonrpc": "2.0", "id": n, "method": "getSlot"} for n in range(3)]
    answers = client.post("/rpc/?api-key=sandbox-key", json=many).json()
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    big = [{"id": n, "method": "getTransaction", "params": [UNKNOWN]} for n in range(101)]
    assert client.post("/rpc/?api-key=sandbox-key", json=big).status_code == 400
    assert client.post("/rpc/?api-key=sandbox-key", content=b"{").json()["error"]["code"] == -32700


def test_accounts(rpc: Rpc, chain: Chain, wallet: str) -> None:
    world = chain.world
    assert rpc("getBalance", wallet)["value"] == world.bank.lamports[wallet]
    token = next(t for t in world.tokens.values() if t.place == "pumpswap")
    assert rpc("getTokenSupply", token.mint)["value"]["amount"] == str(TOTAL_SUPPLY)
    largest = rpc("getTokenLargestAccounts", token.mint)["value"]
    assert 1 <= len(largest) <= 20
    assert int(largest[0]["amount"]) == max(
        a.amount for a in world.bank.tokens.values() if a.mint == token.mint
    )
    mint, curve, nothing = rpc(
        "getMultipleAccounts", [token.mint, wallet, UNKNOWN[:32]], {"encoding": "jsonParsed"}
    )["value"]
    assert mint["data"]["parsed"]["info"]["supply"] == str(TOTAL_SUPPLY)
    assert curve["owner"] == "1" * 32
    assert nothing is not None  # the System program itself
    held = world.ledger.holdings(wallet)
    rows = []
    for program in {t.program for t in world.bank.tokens.values()}:
        answer = rpc("getTokenAccountsByOwner", wallet, {"programId": program},
                     {"encoding": "jsonParsed"})  # fmt: skip
        rows += [row["account"]["data"]["parsed"]["info"] for row in answer["value"]]
    amounts = {r["mint"]: int(r["tokenAmount"]["amount"]) for r in rows}
    assert {k: v for k, v in amounts.items() if v} == {k: v["raw"] for k, v in held.items()}


def test_block_lists_its_signatures_in_order(rpc: Rpc, chain: Chain) -> None:
    slot = chain.store.rows("SELECT slot FROM tx GROUP BY slot HAVING count(*) > 1 LIMIT 1")[0][0]
    block = rpc("getBlock", slot, {"transactionDetails": "signatures", "commitment": "confirmed"})
    rows = chain.store.rows(
        "SELECT signature, place, time FROM tx WHERE slot = ? ORDER BY id", (slot,)
    )
    signatures = block["signatures"]
    assert [signatures[place] for _, place, _ in rows] == [row[0] for row in rows]
    assert len(signatures) == len(set(signatures)) == rows[-1][1] + 1, "others' stand between"
    assert rpc("getBlockTime", slot) == block["blockTime"] == rows[0][2]


def test_slots_by_commitment_and_the_first_block(rpc: Rpc, chain: Chain) -> None:
    tip = rpc("getSlot", {"commitment": "confirmed"})
    assert tip == rpc("getSlot", {"commitment": "processed"}) == chain.tip()
    assert rpc("getSlot") == rpc("getSlot", {"commitment": "finalized"}) == tip - 32
    assert rpc("getSlot", {"commitment": "rooted"})["code"] == -32602
    assert rpc("getFirstAvailableBlock") == chain.engine.slot_at(chain.engine.start_ms)


def test_old_statuses_are_only_searched_for_when_asked(rpc: Rpc, chain: Chain) -> None:
    old, slot = chain.store.rows("SELECT signature, slot FROM tx ORDER BY id LIMIT 1")[0]
    assert rpc("getSignatureStatuses", [old])["value"] == [None]
    answer = rpc("getSignatureStatuses", [old, UNKNOWN], {"searchTransactionHistory": True})
    failed = chain.store.record(old).failure is not None  # type: ignore[union-attr]
    assert answer["context"]["slot"] == chain.tip()
    assert answer["value"][1] is None
    shown = answer["value"][0]
    assert {name: shown[name] for name in ("slot", "confirmations", "confirmationStatus")} == {
        "slot": slot, "confirmations": None, "confirmationStatus": "finalized",
    }  # fmt: skip
    assert (shown["err"] is not None) == failed
    assert shown["status"] == ({"Err": shown["err"]} if failed else {"Ok": None})


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_bounds_of_slots_and_times(rpc: Rpc, wallet: str, order: str) -> None:
    whole = everything(rpc, wallet, sortOrder=order)
    one, other = sorted((whole[3]["slot"], whole[-3]["slot"]))
    for bounds, keep in (
        ({"gt": one, "lt": other}, lambda slot: one < slot < other),
        ({"gte": one, "lte": other}, lambda slot: one <= slot <= other),
    ):
        found = everything(rpc, wallet, sortOrder=order, limit=2, filters={"slot": bounds})
        assert found == [row for row in whole if keep(row["slot"])]
    moment = whole[4]["blockTime"]
    at = {"blockTime": {"gte": moment, "lte": moment}}
    assert everything(rpc, wallet, sortOrder=order, filters=at) == [
        row for row in whole if row["blockTime"] == moment
    ]
    assert rpc(GTFA, wallet, {"filters": {"slot": [1]}})["code"] == -32602


def test_pages_stay_as_they_are_while_the_market_goes_on(
    rpc: Rpc, client: TestClient, wallet: str
) -> None:
    config = {"commitment": "confirmed", "limit": 3}
    whole = everything(rpc, wallet)
    for order, same in (("desc", whole), ("asc", whole[::-1])):
        first = rpc(GTFA, wallet, {**config, "sortOrder": order})
        client.post("/truth/advance", json={"seconds": 600})
        token, rows = first["paginationToken"], first["data"]
        assert token == f"{rows[-1]['slot']}:{rows[-1]['transactionIndex']}"
        second = rpc(GTFA, wallet, {**config, "sortOrder": order, "paginationToken": token})
        assert [row["signature"] for row in rows + second["data"]] == [
            row["signature"] for row in same[:6]
        ]
    later = [row["signature"] for row in everything(rpc, wallet)]
    assert later[-len(whole) :] == [row["signature"] for row in whole]
    assert len(later) > len(whole)
