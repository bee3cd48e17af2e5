"""import_prototype and the chain: of the file only signatures count, whatever happens meanwhile."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from starlette.testclient import TestClient

from aura.core import http, quota
from aura.management.prototype import rereading
from sandbox.server import Server
from tests.core.prototypes import (
    TRANSACTIONS,
    WALLETS,
    make_prototype,
    run,
    state,
    transaction_row,
    wallet_row,
)
from tests.make import signature
from tests.vendor import Asked, Vendor, serving
from tests.wallets.conftest import Market
from wallets.models import QuarantinedPayload, RawTransaction, Trade

TABLE = "whale_transactions"
ALICE = ("--user", "alice@example.com")


@pytest.fixture(scope="module")
def market() -> Market:
    return Market()


@pytest.fixture(scope="module")
def sandbox(market: Market) -> Iterator[TestClient]:
    with TestClient(Server(market.chain, live=False).app) as client:
        yield client


@pytest.fixture
def vendor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """Whom the command asks for transactions; nobody waits for him."""
    with serving() as vendor:
        settings.PROVIDERS = settings.PROVIDERS | {
            "transactions": "wallets.providers.helius.Helius"
        }
        settings.SANDBOX_URL = vendor.url
        settings.HELIUS_API_KEY = "sandbox-key"
        settings.HELIUS_RPC_URL = f"{vendor.url}/rpc/"
        settings.QUOTAS = settings.QUOTAS | {"helius": (10**9, 10_000.0)}
        monkeypatch.setattr(http, "sleep", lambda seconds: None)
        monkeypatch.setattr(rereading, "sleep", lambda seconds: None)
        yield vendor


@pytest.fixture
def chain(vendor: Vendor, sandbox: TestClient) -> Vendor:
    """The sandbox behind it: its chain knows the market's transactions and no others."""

    def answer(asked: Asked) -> tuple[int, bytes]:
        reply = sandbox.post(asked.path, content=asked.body)
        return reply.status_code, reply.content

    vendor.answer = answer
    return vendor


def asked_signatures(vendor: Vendor) -> list[str]:
    return [call["params"][0] for asked in vendor.asked for call in asked.json]


@pytest.fixture
def traded(market: Market, tmp_path: Path) -> tuple[Path, str, list[str]]:
    """A file with the real signatures of the busiest wallet's trades, and other things."""
    busiest = max(market.addresses, key=lambda one: len(market.truth(one)["trades"]))
    real = list(dict.fromkeys(t["signature"] for t in market.truth(busiest)["trades"]))
    rows = [
        *(transaction_row(busiest, s) for s in real),
        transaction_row(busiest, real[0]),
        transaction_row(busiest, signature("never happened")),
        transaction_row(busiest, "sig_0001"),
        transaction_row(busiest, None),
        transaction_row("whale_001", real[1][:80]),
    ]
    tables = {WALLETS: [wallet_row(busiest, "busy", 50)], TRANSACTIONS: rows}
    return make_prototype(tmp_path / "aura.db", tables), busiest, real


def trades_of(wallet: str) -> Counter[Any]:
    trades = Trade.objects.filter(wallet__address=wallet)
    return Counter((t.signature, t.side, t.mint, t.value_lamports) for t in trades)


def test_transactions_are_what_the_chain_says_not_the_file(
    alice: Any, market: Market, traded: Any, chain: Vendor
) -> None:
    file, busiest, real = traded
    outcome = run(file, *ALICE)
    assert outcome.code == 0
    assert outcome.of(TABLE) == (len(real) + 5, len(real), 0, 5)
    at = len(real)
    duplicate, cut = (f"{s[:47]}…" for s in (real[0], real[1]))
    unknown = f"{signature('never happened')[:47]}…"
    assert outcome.listed("refused (5):") == [
        f"{TABLE} row {at + 1}: {duplicate}: a duplicate of {TABLE} row 1",
        f"{TABLE} row {at + 2}: {unknown}: not known to the chain",
        f"{TABLE} row {at + 3}: sig_0001: not base58: contains '0 _'",
        f"{TABLE} row {at + 4}: (empty): no signature given",
        f"{TABLE} row {at + 5}: {cut}: not 64 bytes when decoded from base58",
    ]
    truth = market.truth(busiest)["trades"]
    assert trades_of(busiest) == Counter(
        (t["signature"], t["side"], t["mint"], t["lamports"]) for t in truth
    )
    assert len(truth) >= 10
    assert set(RawTransaction.objects.values_list("source", flat=True)) == {"prototype"}
    assert not Trade.objects.filter(value_usd=Decimal("99.9")).exists()
    assert outcome.said("read again from the chain") == [
        f"{len(real)} transactions read again from the chain, {len(truth)} trades; amounts, "
        "values and times of the file are discarded; this is the sandbox, the real chain's "
        "transactions are not known here"
    ]


def test_a_dry_run_asks_the_chain_nothing(alice: Any, traded: Any, chain: Vendor) -> None:
    file, _, real = traded
    before = state()
    outcome = run(file, *ALICE, "--dry-run")
    assert outcome.of(TABLE) == (len(real) + 5, len(real) + 1, 0, 4)
    assert len(outcome.said("transactions would be read again from the chain;")) == 1
    assert (chain.asked, state()) == ([], before)


def test_a_second_run_asks_only_for_what_the_chain_did_not_know(
    alice: Any, traded: Any, chain: Vendor
) -> None:
    file, _, real = traded
    run(file, *ALICE)
    chain.asked.clear()
    before = state()
    again = run(file, *ALICE)
    assert again.of(TABLE) == (len(real) + 5, 0, len(real), 5)
    assert asked_signatures(chain) == [signature("never happened")]
    assert state() == before
    assert again.lines[-1] == "nothing new: whatever can be taken is there already"


@pytest.fixture
def many(market: Market, tmp_path: Path) -> tuple[Path, list[str]]:
    """A file with 250 real signatures: three batches."""
    real = [p["transaction"]["signatures"][0] for p in market.payloads[:250]]
    rows = [transaction_row("w", s) for s in real]
    return make_prototype(tmp_path / "aura.db", {TRANSACTIONS: rows}), real


def test_they_are_asked_for_by_the_hundred_and_paid_for(
    alice: Any, many: Any, chain: Vendor
) -> None:
    file, real = many
    outcome = run(file, *ALICE)
    assert [len(asked.json) for asked in chain.asked] == [100, 100, 50]
    assert asked_signatures(chain) == real
    assert outcome.progress == [
        "100 of 250 transactions", "200 of 250 transactions", "250 of 250 transactions"
    ]  # fmt: skip
    assert {level.vendor: level.used for level in quota.levels()}["helius"] == 250


def away_after(vendor: Vendor, good: int, trouble: Any) -> None:
    """Answer so many requests well, then otherwise."""
    answer = vendor.answer
    assert answer is not None
    vendor.answer = lambda asked: answer(asked) if len(vendor.asked) <= good else trouble()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, b"away", "helius: answered 503"),
        (401, b"{}", "helius: answered 401"),
        (429, b"{}", "helius: answered 429"),
    ],
)
def test_a_vendor_who_goes_away_costs_only_what_is_left(
    alice: Any, many: Any, chain: Vendor, status: int, body: bytes, said: str
) -> None:
    file, _ = many
    whole = chain.answer
    away_after(chain, 1, lambda: (status, body))
    outcome = run(file, *ALICE)
    assert outcome.code == 2
    assert outcome.error.startswith(said)
    assert outcome.error.endswith("what was taken stays; the same command goes on from there")
    assert outcome.of(TABLE) == (250, 100, 0, 0, 150)
    assert RawTransaction.objects.count() == 100
    chain.answer = whole
    again = run(file, *ALICE)
    assert (again.code, again.of(TABLE)) == (0, (250, 150, 100, 0))
    assert RawTransaction.objects.count() == 250


def test_a_vendor_who_stumbles_is_asked_again(
    alice: Any, many: Any, chain: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = many
    waited: list[float] = []
    monkeypatch.setattr(rereading, "sleep", waited.append)
    whole = chain.answer
    assert whole is not None
    chain.answer = lambda asked: (502, b"") if len(chain.asked) <= http.TRIES else whole(asked)
    assert run(file, *ALICE).of(TABLE) == (250, 250, 0, 0)
    assert waited == [rereading.PAUSES[0]]


def test_ctrl_c_keeps_what_was_taken_and_a_second_run_goes_on(
    alice: Any, many: Any, chain: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = many
    record = rereading.record_transactions

    def interrupted(payloads: Any, *, source: str) -> Any:
        if RawTransaction.objects.count() == 200:
            raise KeyboardInterrupt
        return record(payloads, source=source)

    monkeypatch.setattr(rereading, "record_transactions", interrupted)
    outcome = run(file, *ALICE)
    assert (outcome.code, outcome.of(TABLE)) == (130, (250, 200, 0, 0, 50))
    assert outcome.error.startswith("interrupted: what was taken stays")
    monkeypatch.setattr(rereading, "record_transactions", record)
    assert run(file, *ALICE).of(TABLE) == (250, 50, 200, 0)


def garbling(chain: Vendor, bad: dict[str, Any]) -> None:
    """Let these signatures be answered with an error, or with another result."""
    whole = chain.answer
    assert whole is not None

    def answer(asked: Asked) -> Any:
        status, body = whole(asked)
        replies = json.loads(body)
        for call, reply in zip(asked.json, replies, strict=True):
            told = bad.get(call["params"][0])
            if told is not None:
                reply.pop("result", None)
                reply.update(told)
        return status, json.dumps(replies).encode()

    chain.answer = answer


def test_one_transaction_that_cannot_be_read_costs_only_itself(
    alice: Any, many: Any, chain: Vendor, market: Market
) -> None:
    file, real = many
    newer = {"code": -32015, "message": "Transaction version (7) is not supported"}
    garbling(
        chain,
        {
            real[3]: {"error": newer},
            real[77]: {"error": {"code": -32602, "message": "Invalid param"}},
            real[120]: {"result": {"slot": 5}},
            real[121]: {"result": market.payloads[300]},
        },
    )
    outcome = run(file, *ALICE)
    assert (outcome.code, outcome.of(TABLE)) == (0, (250, 246, 0, 4))
    reasons = [re.sub(r"^.*?…: ", "", line) for line in outcome.listed("refused (4):")]
    assert reasons == [
        "helius: getTransaction met a transaction of a version newer than 1",
        "helius: getTransaction failed with -32602: Invalid param",
        QuarantinedPayload.objects.get().reason,
        "the source answered with another transaction",
    ]
    kept = set(RawTransaction.objects.values_list("signature", flat=True))
    assert kept >= set(real) - {real[3], real[77], real[120], real[121]}
    assert real[121] not in kept


def test_a_vendor_who_only_talks_nonsense_is_left(alice: Any, many: Any, chain: Vendor) -> None:
    file, real = many
    garbling(chain, {s: {"result": "?"} for s in real})
    outcome = run(file, *ALICE)
    assert outcome.code == 2
    assert outcome.error.startswith("helius: getTransaction answered no transaction; what was")
    assert RawTransaction.objects.count() == 0
    assert len(chain.asked) < 60


def test_a_sandbox_at_rest_never_asks_the_real_chain(
    alice: Any, many: Any, chain: Vendor, settings: Settings
) -> None:
    settings.SANDBOX_URL = ""
    outcome = run(many[0], *ALICE)
    assert (outcome.code, outcome.of(TABLE)) == (2, (250, 0, 0, 0, 250))
    assert outcome.error.startswith("sandbox: its market is not running; start it with bin/run;")
    assert (chain.asked, RawTransaction.objects.count()) == ([], 0)
