"""Provisional, final, void, and back again: the ledger follows the chain."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from aura.models import Fact
from tests.wallets.conftest import Market
from wallets.actions import record_transactions, state_hash, void_transactions
from wallets.domain.parse import parse
from wallets.domain.sources import SignatureStatus
from wallets.models import (
    Activity,
    Disposal,
    Holding,
    Lot,
    PoolLeg,
    Position,
    RawTransaction,
    Trade,
    Wallet,
    WalletStats,
)
from wallets.tasks import ask_for_dropped, finality, settle_provisional

pytestmark = pytest.mark.django_db


class Chain:
    """A chain that knows what the test says; slots are final up to `final`."""

    vendor = "test"
    is_complete = True

    def __init__(self, payloads: Iterable[Any]) -> None:
        self.known = {parse(p).signature: p for p in payloads}
        self.final = max(p["slot"] for p in self.known.values()) + 1_000
        self.first = 0
        self.status_of: dict[str, SignatureStatus] = {}

    def statuses(self, signatures: Sequence[str]) -> list[SignatureStatus | None]:
        return [self._status(s) for s in signatures]

    def _status(self, signature: str) -> SignatureStatus | None:
        if signature in self.status_of:
            return self.status_of[signature]
        payload = self.known.get(signature)
        if payload is None:
            return None
        slot, failed = payload["slot"], payload["meta"]["err"] is not None
        return SignatureStatus(slot, failed, slot <= self.final)

    def transactions(self, signatures: Sequence[str]) -> list[Any]:
        return [self.known.get(s) for s in signatures]

    def final_slot(self) -> int:
        return self.final

    def first_slot(self) -> int:
        return self.first


@pytest.fixture
def some(market: Market) -> list[Any]:
    """A piece of the market, all its wallets recorded."""
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)
    return market.payloads[:80]


@pytest.fixture
def chain(some: list[Any], monkeypatch: pytest.MonkeyPatch) -> Chain:
    """The chain everybody asks."""
    known = Chain(some)
    monkeypatch.setattr(finality, "transaction_source", lambda: known)
    return known


def turn(monkeypatch: pytest.MonkeyPatch, *, after: float, of: datetime | None = None) -> datetime:
    """Let it be so many seconds later."""
    now = (of or timezone.now()) + timedelta(seconds=after)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def traded() -> str:
    """The signature of one that made a trade."""
    first = Trade.objects.filter(side="buy").order_by("slot").first()
    assert first is not None
    return first.signature


def test_what_is_pushed_is_provisional_until_the_chain_says_final(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    assert set(RawTransaction.objects.values_list("status", flat=True)) == {"provisional"}
    before = state_hash()
    assert settle_provisional().final == 0, "not due yet"
    turn(monkeypatch, after=6)
    assert settle_provisional().final == len(some)
    assert set(RawTransaction.objects.values_list("status", "ask_at")) == {("final", None)}
    assert state_hash() == before
    kinds = set(Fact.objects.values_list("kind", flat=True))
    assert "wallets.TradesChanged" in kinds


def test_old_history_is_final_without_asking(some: list[Any]) -> None:
    hour = 3600
    record_transactions([p | {"blockTime": p["blockTime"] - hour} for p in some], source="sweep")
    assert not RawTransaction.objects.exclude(status="final").exists()


def test_fresh_history_and_timeless_history_are_provisional(some: list[Any]) -> None:
    now = int(timezone.now().timestamp())
    fresh = [some[0] | {"blockTime": now}, some[1] | {"blockTime": None}]
    record_transactions(fresh, source="sweep")
    assert RawTransaction.objects.filter(status="provisional").count() == 2


def test_one_that_is_not_final_yet_is_asked_for_again(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.final = 0
    record_transactions(some[:1], source="webhook")
    now = turn(monkeypatch, after=6)
    assert settle_provisional().final == 0
    row = RawTransaction.objects.get()
    assert (row.status, row.missing_since) == ("provisional", None)
    assert row.ask_at is not None
    assert row.ask_at > now


def drop(chain: Chain, signature: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the chain drop a transaction and the house notice."""
    gone = chain.known.pop(signature)
    start = timezone.now()
    turn(monkeypatch, after=6, of=start)
    assert settle_provisional().void == 0, "one silence is no verdict"
    assert RawTransaction.objects.get(signature=signature).status == "provisional"
    turn(monkeypatch, after=40, of=start)
    assert settle_provisional().void == 1
    return gone


def test_a_dropped_transaction_leaves_the_ledger_as_if_it_had_never_been(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    signature = traded()
    drop(chain, signature, monkeypatch)
    voided = state_hash()
    raw = RawTransaction.objects.get(signature=signature)
    assert raw.status == "void"
    for model in (Trade, Activity, PoolLeg):
        assert not model._default_manager.filter(transaction=raw).exists()
    assert not Lot.objects.filter(signature=signature).exists()
    assert Fact.objects.filter(kind="wallets.TradesVoided").count() == 1
    RawTransaction.objects.all().delete()
    for left in (Lot, Disposal, Position, Holding, WalletStats):
        left._default_manager.all().delete()
    others = [p for p in some if parse(p).signature != signature]
    record_transactions(others, source="webhook")
    assert state_hash() == voided


def test_a_void_and_its_confirmation_leave_the_ledger_as_if_nothing_had_happened(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    before = state_hash()
    signature = traded()
    gone = drop(chain, signature, monkeypatch)
    assert state_hash() != before
    chain.known[signature] = gone
    assert ask_for_dropped() == 0, "not due yet"
    turn(monkeypatch, after=90)
    assert ask_for_dropped() == 1
    assert state_hash() == before
    assert RawTransaction.objects.get(signature=signature).status != "void"


def test_a_wallet_whose_only_transaction_is_void_has_no_figures(
    chain: Chain, some: list[Any]
) -> None:
    empty = state_hash()
    record_transactions(some[:3], source="webhook")
    void_transactions([parse(p).signature for p in some[:3]], at=timezone.now())
    assert not WalletStats.objects.exists()
    assert state_hash() == empty


def test_a_late_copy_of_a_dropped_one_only_has_the_chain_asked(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    signature = traded()
    gone = drop(chain, signature, monkeypatch)
    voided = state_hash()
    record_transactions([gone], source="webhook")
    assert state_hash() == voided
    assert ask_for_dropped() == 0, "the chain does not know it"
    assert RawTransaction.objects.get(signature=signature).status == "void"


def test_a_sweep_that_meets_a_dropped_one_takes_it_back(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    before = state_hash()
    gone = drop(chain, traded(), monkeypatch)
    record_transactions([gone], source="sweep")
    assert state_hash() == before


def test_one_that_landed_elsewhere_is_read_again(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some, source="webhook")
    signature = traded()
    told = chain.known[signature]
    chain.known[signature] = told | {"slot": told["slot"] + 3}
    turn(monkeypatch, after=6)
    settle_provisional()
    assert RawTransaction.objects.get(signature=signature).slot == told["slot"] + 3
    assert Trade.objects.get(signature=signature).slot == told["slot"] + 3
    turn(monkeypatch, after=12)
    settle_provisional()
    assert not RawTransaction.objects.exclude(status="final").exists()


def test_silence_is_no_verdict_while_it_may_still_land_or_was_forgotten(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some[:1], source="webhook")
    (signature,) = chain.known.keys() & {parse(some[0]).signature}
    del chain.known[signature]
    start = timezone.now()
    chain.final = some[0]["slot"] + 149
    for after in (6, 60, 600):
        turn(monkeypatch, after=after, of=start)
        settle_provisional()
    chain.final, chain.first = some[0]["slot"] + 10_000, some[0]["slot"] + 1
    for after in (1_200, 2_400, 9_000):
        turn(monkeypatch, after=after, of=start)
        settle_provisional()
    assert RawTransaction.objects.get().status == "provisional"


def test_what_is_served_still_is_not_void_whatever_its_status(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some[:1], source="webhook")
    monkeypatch.setattr(chain, "statuses", lambda signatures: [None] * len(signatures))
    start = timezone.now()
    for after in (6, 40, 80):
        turn(monkeypatch, after=after, of=start)
        settle_provisional()
    assert RawTransaction.objects.get().status == "provisional"


def test_a_dropped_one_is_given_up_after_a_day(
    chain: Chain, some: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(some[:1], source="webhook")
    start = timezone.now()
    void_transactions([parse(some[0]).signature], at=start)
    chain.known.clear()
    asked = 0
    for minutes in range(0, 60 * 26, 5):
        turn(monkeypatch, after=minutes * 60, of=start)
        due = RawTransaction.objects.filter(ask_at__lte=timezone.now()).exists()
        asked += due
        ask_for_dropped()
    assert RawTransaction.objects.get().ask_at is None
    assert 8 <= asked <= 14, "doubling"
