"""A wallet that goes mad: no longer followed live, said so, swept, and taken up again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count
from django.test import Client
from pytest_django import Settings

from aura.core import clock
from aura.models import Fact, User
from tests.wallets.conftest import Market
from wallets.actions import follow_wallet, record_transactions
from wallets.loops import watched_addresses
from wallets.models import Activity, Wallet
from wallets.tasks import sweeps, watch_heat

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(
    market: Market, alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Wallet:
    """The busiest wallet of the market, followed by alice, with an hour of it recorded."""
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)
    record_transactions(market.payloads, source="webhook")
    newest = max(p["blockTime"] for p in market.payloads)
    moment = datetime.fromtimestamp(newest, UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    counted = Activity.objects.values_list("wallet").annotate(n=Count("pk")).order_by("-n")
    (pk, most), *others = counted
    for other, n in others:
        if n == most:  # so that only one of them is over the cap
            Activity.objects.filter(wallet=other)[:1].get().delete()
    settings.HOT_WALLET = most - 1
    wallet = Wallet.objects.get(pk=pk)
    follow_wallet(alice, address=wallet.address)
    return wallet


def test_a_hot_wallet_leaves_the_live_push_with_notice(busy: Wallet, alice: User) -> None:
    assert busy.address in watched_addresses()
    assert watch_heat() == 1
    assert busy.address not in watched_addresses()
    busy.refresh_from_db()
    assert busy.hot_since == busy.sweep_due_at == clock.now()
    assert Fact.objects.filter(kind="wallets.CoverageChanged").exists()
    client = Client()
    client.force_login(alice)
    assert "Too busy to follow live" in client.get(busy.get_absolute_url()).content.decode()
    assert watch_heat() == 0, "said once"


def test_a_calm_wallet_is_followed_live_again(
    busy: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_heat()
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert watch_heat() == 1
    busy.refresh_from_db()
    assert busy.hot_since is None
    assert busy.sweep_due_at == later + timedelta(minutes=2), "what falls between is swept"
    assert busy.address in watched_addresses()


def test_hot_wallets_are_swept_while_push_works_for_the_others(
    busy: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wallet.objects.update(swept_at=clock.now(), sweep_due_at=None)
    watch_heat()
    Wallet.objects.update(sweep_due_at=None)
    swept: list[Any] = []
    monkeypatch.setattr(sweeps, "is_pushed", lambda: True)
    monkeypatch.setattr(sweeps, "sweep_wallet", lambda pk: swept.append(pk) or 0)
    later = clock.now() + timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr(sweeps, "_stretched", lambda: 1)
    sweeps.sweep_stale()
    assert set(swept) == {busy.pk}
