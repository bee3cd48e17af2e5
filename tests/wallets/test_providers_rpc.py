"""Sources of transactions against a node on this machine: paging, order, errors, money."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from aura.core import http, quota
from aura.core.errors import Denied, Garbled, ProviderError, RateLimited, Unavailable
from aura.core.rpc import Failure, error_for
from tests.vendor import Asked, Vendor, serving
from wallets.domain.sources import Page
from wallets.providers import solana_rpc, transaction_source
from wallets.providers.helius import Helius
from wallets.providers.solana_rpc import SolanaRpc

KEY = "helius-key-0123456789"
ADDRESS = "8TNVP7qeqqrgmZKrAZBGur3F7s7cet75yd1eEYAaJY4E"


@pytest.fixture
def node(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    monkeypatch.setattr(http, "sleep", lambda _: None)
    monkeypatch.setattr(solana_rpc, "sleep", lambda _: None)
    settings.QUOTAS = {"helius": (10**9, 1e6), "solana-rpc": (10**9, 1e6)}
    with serving() as vendor:
        settings.HELIUS_API_KEY = KEY
        settings.HELIUS_RPC_URL = settings.SOLANA_RPC_URL = f"{vendor.url}/rpc/"
        yield vendor


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    taken: list[tuple[str, int, int]] = []

    def spend(vendor: str, cost: int, *, calls: int = 1, wait: float = 0.0) -> None:
        taken.append((vendor, cost, calls))

    monkeypatch.setattr(quota, "spend", spend)
    return taken


def results(asked: Asked, result: Any) -> Any:
    return {"jsonrpc": "2.0", "id": asked.json["id"], "result": result}


def refusal(code: int, message: str = "no", number: int = 0) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": number, "error": error}).encode()


def tx(signature: str, slot: int) -> dict[str, Any]:
    return {"slot": slot, "transaction": {"signatures": [signature]}, "meta": {}}


def test_helius_asks_for_everything_oldest_first(
    node: Vendor, spent: list[tuple[str, int, int]]
) -> None:
    node.answer = lambda asked: results(asked, {"data": [tx("a", 7)], "paginationToken": "7:1"})
    page = Helius().page_since(ADDRESS, slot=7, cursor="6:2")
    assert page == Page((tx("a", 7),), "7:1")
    assert node.asked[0].path == f"/rpc/?api-key={KEY}"
    assert node.asked[0].json["method"] == "getTransactionsForAddress"
    assert node.asked[0].json["params"] == [
        ADDRESS,
        {
            "transactionDetails": "full",
            "sortOrder": "asc",
            "limit": 100,
            "encoding": "json",
            "commitment": "confirmed",
            "maxSupportedTransactionVersion": 1,
            "filters": {"status": "any", "tokenAccounts": "balanceChanged", "slot": {"gte": 7}},
            "paginationToken": "6:2",
        },
    ]
    assert spent == [("helius", 10, 1)]


@pytest.mark.parametrize(("limit", "cost"), [(1, 10), (100, 10), (101, 20), (5000, 100)])
def test_helius_costs_ten_credits_a_hundred(
    node: Vendor, spent: list[tuple[str, int, int]], limit: int, cost: int
) -> None:
    node.answer = lambda asked: results(asked, {"data": [], "paginationToken": None})
    assert Helius().page_latest(ADDRESS, cursor=None, limit=limit) == Page((), None)
    assert spent == [("helius", cost, 1)]
    assert node.asked[0].json["params"][1]["limit"] == min(limit, 1000)


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"data": None},
        {"data": [1]},
        {"data": [tx("a", 1)], "paginationToken": 5},
        {"data": [tx("a", 1)], "paginationToken": "same"},
    ],
)
def test_a_page_of_another_shape_is_garbled(node: Vendor, result: Any) -> None:
    node.answer = lambda asked: results(asked, result)
    with pytest.raises(Garbled):
        Helius().page_since(ADDRESS, slot=0, cursor="same")


def test_transactions_come_in_the_order_asked_whatever_the_order_answered(
    node: Vendor, spent: list[tuple[str, int, int]]
) -> None:
    def answer(asked: Asked) -> Any:
        many = [
            {"id": r["id"], "result": None if r["params"][0] == "s3" else tx(r["params"][0], 1)}
            for r in asked.json
        ]
        return many[::-1]

    node.answer = answer
    signatures = [f"s{i}" for i in range(120)]
    found = Helius().transactions(signatures)
    assert [f and f["transaction"]["signatures"][0] for f in found] == [
        None if s == "s3" else s for s in signatures
    ]
    assert [len(a.json) for a in node.asked] == [100, 20]
    assert spent == [("helius", 100, 1), ("helius", 20, 1)]
    assert node.asked[0].json[0]["params"][1]["maxSupportedTransactionVersion"] == 1


@pytest.mark.parametrize("reply", [b"[]", b'[{"id":0,"result":{}},{"id":0,"result":{}}]', b"7"])
def test_a_batch_that_does_not_match_is_garbled(node: Vendor, reply: bytes) -> None:
    node.replies = [(200, reply)]
    with pytest.raises(Garbled):
        Helius().transactions(["a", "b"])


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (-32004, "Block not available", Unavailable),
        (-32005, "Node is behind by 42 slots", Unavailable),
        (-32005, "Too many requests", RateLimited),
        (-32016, "min context slot", Unavailable),
        (-32601, "Method not found", Denied),
        (-32602, "Invalid param: WrongSize", Garbled),
        (0, "what", Garbled),
    ],
)
def test_their_codes_become_our_errors(code: int, message: str, kind: type[ProviderError]) -> None:
    error = error_for("helius", "getBlock", Failure(code, message))
    assert type(error) is kind
    assert str(error) == f"helius: getBlock failed with {code}: {message}"


@pytest.mark.parametrize("status", [200, 400])
def test_a_version_too_new_is_garbled_and_not_an_unsupported_method(
    node: Vendor, status: int
) -> None:
    said = "Transaction version (2) is not supported by the requesting client"
    node.replies = [(status, refusal(-32015, said))]
    with pytest.raises(Garbled) as caught:
        Helius().page_latest(ADDRESS, cursor=None, limit=1)
    assert str(caught.value) == (
        "helius: getTransactionsForAddress met a transaction of a version newer than 1"
    )


def test_the_status_goes_before_the_code(node: Vendor) -> None:
    node.replies = [(401, refusal(-32001, f"bad key {KEY}"))]
    with pytest.raises(Denied) as caught:
        Helius().block_time(1)
    assert KEY not in str(caught.value)
    assert len(node.asked) == 1


@pytest.mark.parametrize("code", [-32007, -32009, -32001, -32011])
def test_a_slot_without_a_block_is_an_answer(node: Vendor, code: int) -> None:
    node.replies = [(200, refusal(code))]
    assert Helius().block_time(5) is None
    assert SolanaRpc().block_signatures(5) is None


def test_a_block_tells_its_time_and_its_order(node: Vendor) -> None:
    node.answer = lambda asked: results(
        asked, 1791500000 if asked.json["method"] == "getBlockTime" else {"signatures": ["b", "a"]}
    )
    source = Helius()
    assert source.block_time(5) == 1791500000
    assert source.block_signatures(5) == ["b", "a"]
    node.answer = lambda asked: results(asked, "soon")
    with pytest.raises(Garbled):
        source.block_time(5)


class Chain:
    """A plain node with a history of (signature, slot), oldest first."""

    def __init__(self, length: int) -> None:
        self.history = [(f"s{i}", 10 + i // 2) for i in range(length)]
        self.takes_batches = True
        self.unserved: dict[str, int] = {}
        self.listings = 0

    def __call__(self, asked: Asked) -> Any:
        if isinstance(asked.json, list):
            if not self.takes_batches:
                return 403, b"batches are not for you"
            return [self.one(request) for request in asked.json]
        return self.one(asked.json)

    def one(self, request: dict[str, Any]) -> dict[str, Any]:
        found: Any
        if request["method"] == "getSignaturesForAddress":
            self.listings += 1
            found = self.listing(request["params"][1])
        else:
            signature = request["params"][0]
            left = self.unserved.get(signature, 0)
            self.unserved[signature] = left - 1
            found = None if left > 0 else tx(signature, dict(self.history)[signature])
        return {"jsonrpc": "2.0", "id": request["id"], "result": found}

    def listing(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        newest = self.history[::-1]
        names = [signature for signature, _ in newest]
        first = names.index(options["before"]) + 1 if "before" in options else 0
        last = names.index(options["until"]) if "until" in options else len(names)
        return [{"signature": s, "slot": at} for s, at in newest[first:last][: options["limit"]]]


def read_since(source: SolanaRpc, slot: int) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = source.page_since(ADDRESS, slot=slot, cursor=cursor)
        found += [item["transaction"]["signatures"][0] for item in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("takes_batches", [True, False])
def test_a_plain_node_is_read_oldest_first_from_the_slot_on(
    node: Vendor, takes_batches: bool
) -> None:
    chain = Chain(length=220)
    chain.takes_batches = takes_batches
    node.answer = chain
    assert read_since(SolanaRpc(), 60) == [f"s{i}" for i in range(100, 220)]
    assert chain.listings == 1, "the list is read once for all pages"


def test_a_plain_node_goes_on_from_a_cursor_of_an_earlier_run(node: Vendor) -> None:
    node.answer = Chain(length=120)
    page = SolanaRpc().page_since(ADDRESS, slot=10, cursor=None)
    assert page.cursor == "s49"
    later = SolanaRpc().page_since(ADDRESS, slot=10, cursor=page.cursor)
    assert later.items[0]["transaction"]["signatures"] == ["s50"]
    assert later.cursor == "s99"


def test_a_plain_node_lists_more_than_a_thousand(node: Vendor) -> None:
    chain = Chain(length=2300)
    node.answer = chain
    page = SolanaRpc().page_since(ADDRESS, slot=10, cursor=None)
    assert page.items[0]["transaction"]["signatures"] == ["s0"]
    assert chain.listings == 3


def test_a_transaction_served_late_is_waited_for(node: Vendor) -> None:
    chain = Chain(length=4)
    node.answer = chain
    chain.unserved = {"s2": 2}
    assert read_since(SolanaRpc(), 10) == ["s0", "s1", "s2", "s3"]
    chain.unserved = {"s2": 99}
    with pytest.raises(Unavailable, match="not served yet"):
        read_since(SolanaRpc(), 10)
    latest = SolanaRpc().page_latest(ADDRESS, cursor=None, limit=3)
    assert [i["transaction"]["signatures"][0] for i in latest.items] == ["s3", "s1"]
    assert latest.cursor == "s1"


def test_a_plain_node_counts_each_item_as_a_call(
    node: Vendor, spent: list[tuple[str, int, int]]
) -> None:
    node.answer = Chain(length=12)
    SolanaRpc().transactions([f"s{i}" for i in range(12)])
    assert spent == [("solana-rpc", 10, 10), ("solana-rpc", 2, 2)]


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [{}],
        [{"signature": 1, "slot": 1}],
        [{"signature": "a", "slot": 1}, {"signature": "b", "slot": 2}],
    ],
)
def test_a_list_of_another_shape_is_garbled(node: Vendor, rows: Any) -> None:
    node.answer = lambda asked: results(asked, rows)
    with pytest.raises(Garbled):
        SolanaRpc().page_since(ADDRESS, slot=0, cursor=None)


def test_the_source_is_chosen_by_settings(settings: Settings) -> None:
    settings.PROVIDERS = {"transactions": "wallets.providers.helius.Helius"}
    assert transaction_source().is_complete
    settings.PROVIDERS = {"transactions": "wallets.providers.solana_rpc.SolanaRpc"}
    assert not transaction_source().is_complete
    settings.PROVIDERS = {"transactions": ""}
    with pytest.raises(Denied, match="no source is configured"):
        transaction_source()
