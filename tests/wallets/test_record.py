"""The one way in: what is recorded, in whatever order, how often and however split."""

import copy
import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.make import make_wallet
from tests.wallets.conftest import Market
from wallets.actions import (
    derive_wallet,
    rebuild,
    record_transactions,
    refresh_stats,
    state_hash,
    track_wallet,
)
from wallets.models import (
    Activity,
    Disposal,
    Holding,
    Lot,
    Position,
    QuarantinedPayload,
    RawTransaction,
    Trade,
    Wallet,
    WalletStats,
)
from wallets.queries import stats_of

pytestmark = pytest.mark.django_db


def track_all(market: Market) -> None:
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)


def record(payloads: Sequence[Any], *, size: int = 100) -> None:
    for start in range(0, len(payloads), size):
        record_transactions(payloads[start : start + size], source="test")


def realised(owner: str) -> tuple[int, int, int]:
    stats = WalletStats.objects.filter(wallet__address=owner).first() or WalletStats()
    return (
        int(stats.realised_lamports),
        int(stats.unknown_proceeds_lamports),
        int(stats.fees_lamports),
    )


def test_every_wallets_ledger_equals_the_markets_own_to_the_lamport(market: Market) -> None:
    """The sandbox keeps its ledger from what it did, not from balances: a second opinion."""
    track_all(market)
    record(market.payloads)
    truths = {owner: market.truth(owner) for owner in market.addresses}
    assert {owner: realised(owner) for owner in truths} == {
        owner: (
            truth["realised_lamports"],
            truth["unknown_proceeds_lamports"],
            truth["other_fees_lamports"],
        )
        for owner, truth in truths.items()
    }
    true_trades = {t["signature"] for truth in truths.values() for t in truth["trades"]}
    assert len(true_trades) > 300
    assert set(Trade.objects.values_list("signature", flat=True)) == true_trades
    assert Trade.objects.count() == len(true_trades), "each exactly once"
    assert not Activity.objects.exclude(ambiguous="").exists()


def test_holdings_equal_the_markets_own(market: Market) -> None:
    track_all(market)
    record(market.payloads)
    for owner in market.addresses:
        held = {
            row["mint"]: (row["raw"], row["cost_lamports"])
            for row in _holdings(owner)
            if row["raw"]
        }
        true = {
            mint: (int(h["raw"]), int(h["cost_lamports"]))
            for mint, h in market.truth(owner)["holdings"].items()
            if int(h["raw"])
        }
        assert held == true


def _holdings(owner: str) -> list[dict[str, Any]]:
    return list(
        Holding.objects.filter(wallet__address=owner).values("mint", "raw", "cost_lamports")
    )


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]
)
def test_order_duplication_and_split_change_nothing(market: Market, seed: int) -> None:
    track_all(market)
    some = market.payloads[:150]
    record(some)
    expected = state_hash()
    for model in (RawTransaction, Lot, Disposal, Position, WalletStats):
        model.objects.all().delete()
    Holding.objects.all().delete()
    dice = random.Random(seed)
    shuffled = some + dice.sample(some, 40)
    dice.shuffle(shuffled)
    record(shuffled, size=dice.choice([3, 7, 33]))
    assert Trade.objects.count() > 30
    assert state_hash() == expected


@pytest.mark.parametrize("encoding", ["json", "jsonParsed", "base64"])
def test_every_encoding_means_the_same(market: Market, encoding: str) -> None:
    """Only the place in the slot is missing where the vendor does not tell it."""
    track_all(market)
    record(market.payloads[:120])
    expected = set(Trade.objects.values_list("signature", "mint_in", "raw_in", "raw_out", "venue"))
    costs = set(Trade.objects.values_list("signature", "value_lamports", "costs_lamports"))
    RawTransaction.objects.all().delete()
    record(market.encoded(encoding)[:120])
    assert expected == set(
        Trade.objects.values_list("signature", "mint_in", "raw_in", "raw_out", "venue")
    )
    assert costs == set(Trade.objects.values_list("signature", "value_lamports", "costs_lamports"))


def test_a_place_in_the_slot_told_later_folds_the_books_anew(market: Market) -> None:
    track_all(market)
    some = market.payloads[:200]
    record(some)
    expected = state_hash()
    _wipe()
    bare = [{k: v for k, v in p.items() if k != "indexWithinBlock"} for p in some]
    timeless = [p | {"blockTime": None} for p in bare]
    record(timeless)
    assert state_hash() != expected
    record(some)
    assert state_hash() == expected


def _wipe() -> None:
    for model in (RawTransaction, Lot, Disposal, Position, WalletStats, Holding):
        model.objects.all().delete()


def test_a_wallet_tracked_later_gets_what_was_kept(market: Market) -> None:
    track_all(market)
    record(market.payloads[:200])
    expected = state_hash()
    busiest = WalletStats.objects.order_by("-trades").first()
    assert busiest is not None
    wallet = busiest.wallet
    wallet.delete()
    assert state_hash() != expected
    again, is_new = track_wallet(wallet.address, sweep=False)
    assert is_new
    assert state_hash() == expected
    derive_wallet(again)
    assert state_hash() == expected


def test_rebuilding_equals_living(market: Market) -> None:
    track_all(market)
    dice = random.Random(5)
    shuffled = market.payloads[:150]
    dice.shuffle(shuffled)
    record(shuffled, size=15)
    report = rebuild()
    assert report.agrees
    assert report.transactions == 150
    Trade.objects.all().delete()
    assert not rebuild(keep=False).agrees
    assert not Trade.objects.exists(), "a check changes nothing"
    assert rebuild().after == report.after


def test_an_unreadable_payload_hinders_no_other(market: Market) -> None:
    track_all(market)
    good = market.payloads[:3]
    broken = copy.deepcopy(market.payloads[3])
    broken["meta"]["postBalances"] = broken["meta"]["postBalances"][:-1]
    result = record_transactions([{}, good[0], broken, None, good[1], good[2]], source="test")
    assert (result.new, result.quarantined) == (3, 3)
    assert QuarantinedPayload.objects.count() == 3
    assert RawTransaction.objects.count() == 3
    assert len(result.reasons) == 3


def test_a_failed_transaction_costs_its_fee_and_trades_nothing(market: Market) -> None:
    track_all(market)
    failed = [p for p in market.payloads if p["meta"]["err"]]
    assert failed
    record(failed)
    assert Trade.objects.count() == 0
    assert RawTransaction.objects.filter(failed=True).count() == len(failed)
    payer = RawTransaction.objects.first()
    assert payer is not None
    fees = sum(p["meta"]["fee"] for p in failed if _payer(p) == payer.fee_payer)
    assert WalletStats.objects.get(wallet__address=payer.fee_payer).fees_lamports >= fees


def _payer(payload: Any) -> str:
    key = payload["transaction"]["message"]["accountKeys"][0]
    return str(key["pubkey"] if isinstance(key, dict) else key)


def test_a_transaction_of_nobody_we_know_is_kept_and_means_nothing(market: Market) -> None:
    record(market.payloads[:20])
    assert (RawTransaction.objects.count(), Trade.objects.count()) == (20, 0)


def test_figures_of_a_wallet_without_trades_are_empty() -> None:
    wallet = make_wallet("Yenni")
    refresh_stats([wallet.pk])
    assert not WalletStats.objects.exists()
    stats = stats_of(wallet)
    assert (stats.trades, stats.win_rate, stats.coverage) == (0, None, None)
