"""Worth in USD: the same whenever it becomes known, and however the books were folded."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core.solana import USDC, WSOL
from market.models import SolPrice
from tests.make import SOL, START, make_token, make_trade, make_wallet
from tests.wallets.conftest import Market
from wallets.actions import fold_books, price_trades, record_transactions, refresh_stats
from wallets.actions.derive import reprice
from wallets.domain.ledger import Acquired, Book, Disposed
from wallets.models import (
    Disposal,
    Holding,
    Lot,
    Position,
    RawTransaction,
    Trade,
    Wallet,
    WalletStats,
)

pytestmark = pytest.mark.django_db


def test_a_trade_without_a_price_gets_it_when_it_is_known() -> None:
    wallet = make_wallet()
    make_trade(wallet, "buy", lamports=SOL, costs=0, slot=1_000)
    make_trade(wallet, "sell", lamports=2 * SOL, costs=0, slot=1_010)
    assert WalletStats.objects.get().realised_usd is None
    assert price_trades() == 0
    SolPrice.objects.create(minute=START, usd=Decimal(150), source="test")
    assert price_trades() == 2
    assert Position.objects.get().realised_usd == Decimal(150)
    assert WalletStats.objects.get().realised_usd == Decimal(150)
    assert price_trades() == 0


def test_a_price_of_another_time_is_none() -> None:
    make_trade(make_wallet(), "buy", slot=1_000)
    SolPrice.objects.create(minute=START + timedelta(minutes=1), usd=Decimal(150), source="test")
    SolPrice.objects.create(minute=START - timedelta(minutes=11), usd=Decimal(150), source="test")
    assert price_trades() == 0


def test_a_trade_for_dollars_stays_worth_its_dollars() -> None:
    SolPrice.objects.create(minute=START, usd=Decimal(150), source="test")
    trade = make_trade(make_wallet(), "sell", slot=1_000, fold=False)
    Trade.objects.filter(pk=trade.pk).update(
        mint_in=WSOL, mint_out=str(USDC), value_usd=Decimal("149.5")
    )
    reprice(Trade.objects.all())
    assert Trade.objects.get().value_usd == Decimal("149.5")


def test_gains_in_usd_do_not_depend_on_how_often_a_book_was_folded() -> None:
    """Going on from rows that were rounded equals one fold from the start."""
    results = []
    for name, fold in (("at once", False), ("one by one", True)):
        wallet, token = make_wallet(name), make_token()
        worth: dict[str, Any] = {"value_usd": Decimal("133.333333")}
        make_trade(
            wallet, "buy", raw=3_000_001, lamports=SOL, costs=7, slot=1_000, fold=fold, **worth
        )
        for n in range(7):
            make_trade(
                wallet, "sell", raw=333_333, lamports=SOL // 7, costs=13, slot=1_001 + n,
                fold=fold, value_usd=Decimal("19.047619"),
            )  # fmt: skip
        fold_books({(wallet.pk, token.mint): None} if not fold else {})
        refresh_stats([wallet.pk])
        of_wallet = Disposal.objects.filter(wallet=wallet).order_by("no")
        lots = Lot.objects.filter(wallet=wallet).values_list("cost_usd", flat=True)
        results.append([*of_wallet.values_list("gain_usd", flat=True), *lots])
    assert results[0] == results[1]
    assert len(results[0]) == 8


def test_batches_and_one_batch_agree_in_usd_too(market: Market) -> None:
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)
    some = market.payloads[:150]
    times = {p["blockTime"] // 60 * 60 for p in some}
    SolPrice.objects.bulk_create(
        SolPrice(minute=datetime.fromtimestamp(t, UTC), usd=Decimal("141.37"), source="test")
        for t in times
    )
    found = []
    for size in (150, 7):
        for model in (RawTransaction, Lot, Disposal, Position, WalletStats):
            model.objects.all().delete()
        Holding.objects.all().delete()
        for start in range(0, len(some), size):
            record_transactions(some[start : start + size], source="test")
        found.append(
            [
                sorted(Disposal.objects.values_list("wallet_id", "mint", "no", "gain_usd")),
                sorted(Lot.objects.values_list("wallet_id", "mint", "no", "cost_usd")),
            ]
        )
    assert len(found[0][0]) > 5
    assert found[0] == found[1]


def test_a_book_of_many_lots_folds_in_linear_time() -> None:
    """Twenty thousand buys and one sale; adding all lots up at each event took minutes."""
    book = Book()
    book.fold(Acquired(f"s{n}", None, 10, "buy", 100) for n in range(20_000))
    book.apply(Disposed("last", None, 150_000, is_sale=True, proceeds_lamports=1))
    assert (book.raw, len(book.lots)) == (50_000, 5_000)
    assert book.raw == sum(lot.raw_left for lot in book.lots)
    assert book.cost_lamports == 500_000


def test_a_share_of_proceeds_stays_a_share_when_costs_eat_them() -> None:
    wallet = make_wallet()
    make_trade(wallet, "sell", lamports=1, costs=100, slot=1_000)
    assert WalletStats.objects.get().coverage is None
