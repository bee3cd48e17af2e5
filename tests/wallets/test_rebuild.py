"""A rebuild gives the living tables, however it is cut into batches, and holds few rows at once."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from random import Random
from typing import Any

import pytest
from django.db import connection

from tests.wallets.conftest import Market
from wallets.actions import fold_books, rebuild, record_transactions, state_hash, track_wallet
from wallets.models import Lot, PoolLeg, RawTransaction, Trade, Transfer, Wallet

pytestmark = pytest.mark.django_db

REBUILD = import_module("wallets.actions.rebuild")
FEW = 7


@pytest.fixture
def living(market: Market) -> str:
    """A state recorded out of order, some of it without a place in its slot; its hash."""
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)
    dice, told = Random(3), [dict(payload) for payload in market.payloads[180:300]]
    dice.shuffle(told)
    for payload in told[::3]:
        payload.pop("indexWithinBlock")
    for start in range(0, len(told), 25):
        record_transactions(told[start : start + 25], source="test")
    assert Transfer.objects.exists()
    return state_hash()


def test_however_the_folding_is_cut_the_state_is_the_living_one(
    living: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    def counted(books: Mapping[Any, Sequence[Any] | None]) -> None:
        held.append(len({(type(row), row.pk) for rows in books.values() for row in rows or ()}))
        fold_books(books)

    monkeypatch.setattr(REBUILD, "fold_books", counted)
    monkeypatch.setattr(REBUILD, "FOLDED_AT_ONCE", FEW)
    assert rebuild().after == living
    assert max(held) <= FEW
    assert len(held) >= Trade.objects.count() // FEW > 10
    assert sum(held) >= Trade.objects.filter(side="buy").count()


def test_a_rebuild_finds_who_had_not_been_seen(market: Market) -> None:
    record_transactions(market.payloads[:60], source="test")
    owners = {owner for row in RawTransaction.objects.all() for owner in row.owners}
    active = next(address for address in market.addresses if address in owners)
    wallet, _ = track_wallet(active, sweep=False)
    idle = Wallet.objects.create(address=market.addresses[-1][:-1] + "1", unseen=True)
    Wallet.objects.filter(pk=wallet.pk).update(unseen=True)
    assert rebuild().agrees
    assert list(Wallet.objects.filter(unseen=True)) == [idle]


@pytest.mark.parametrize("model", [RawTransaction, PoolLeg, Trade, Transfer, Lot])
def test_the_hash_tells_every_change_of_a_row_and_its_loss(living: str, model: Any) -> None:
    row = model.objects.first()
    name = {RawTransaction: "fee_lamports", PoolLeg: "raw_out"}.get(model, "raw")
    name = "raw_in" if model is Trade else name
    before = getattr(row, name)
    model.objects.filter(pk=row.pk).update(**{name: before + 1})
    assert state_hash() != living
    model.objects.filter(pk=row.pk).update(**{name: before})
    assert state_hash() == living
    model.objects.filter(pk=row.pk).delete()
    assert state_hash() != living


def test_the_hash_knows_whose_a_row_is_and_no_ids(living: str) -> None:
    lot = Lot.objects.order_by("pk").first()
    assert lot is not None
    other = Wallet.objects.exclude(pk=lot.wallet_id).exclude(lot__mint=lot.mint).first()
    mine = lot.wallet_id
    Lot.objects.filter(pk=lot.pk).update(wallet=other)
    assert state_hash() != living
    Lot.objects.filter(pk=lot.pk).update(wallet=mine, id=10**6)
    assert state_hash() == living


def test_two_rows_that_trade_their_values_are_told_from_before(living: str) -> None:
    first, second = Trade.objects.order_by("pk")[:2]
    assert first.raw_in != second.raw_in
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE wallets_trade SET raw_in = CASE id WHEN %s THEN %s::numeric ELSE %s END"
            " WHERE id IN (%s, %s)",
            [first.pk, second.raw_in, first.raw_in, first.pk, second.pk],
        )
    assert state_hash() != living
