"""The admin site: every model has its pages, searchable; the ledger is for looking only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from aura.models import AuditEntry
from tests.make import make_trade, make_wallet
from wallets.models import CuratedEntry, Trade, Wallet

ROOMS = {"aura", "billing", "market", "wallets", "signals", "portfolio"}
MODELS = [m for m in apps.get_models() if m._meta.app_label in ROOMS]


def _url(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
def test_every_model_is_listed_and_searchable(client: Client, staff: Any, model: Any) -> None:
    assert model in admin.site._registry
    make_trade(make_wallet(curated=True))
    client.force_login(staff)
    assert client.get(_url(model, "changelist")).status_code == 200
    assert admin.site._registry[model].search_fields or model._meta.label == "aura.Installation"
    if admin.site._registry[model].search_fields:
        assert client.get(_url(model, "changelist"), {"q": "x"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert client.get(_url(model, "change", row.pk)).status_code == 200


def test_nobody_but_staff_comes_in(client: Client, alice: Any) -> None:
    client.force_login(alice)
    answer = client.get(reverse("admin:index"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_the_ledger_cannot_be_edited(client: Client, staff: Any) -> None:
    trade = make_trade(make_wallet())
    client.force_login(staff)
    assert client.get(_url(Trade, "add")).status_code == 403
    assert client.post(_url(Trade, "change", trade.pk), {"side": "sell"}).status_code == 403
    assert client.post(_url(Trade, "delete", trade.pk), {"post": "yes"}).status_code == 403
    trade.refresh_from_db()
    assert trade.side == "buy"


def _choose(client: Client, wallet: Wallet, action: str, **sent: str) -> Any:
    chosen = {"action": action, "_selected_action": [wallet.pk], **sent}
    return client.post(_url(Wallet, "changelist"), chosen)


def test_staff_keep_the_curated_list_and_say_why(client: Client, staff: Any) -> None:
    wallet = make_wallet()
    client.force_login(staff)
    for sent in ({}, {"reason": " "}):
        answer = _choose(client, wallet, "put_on_the_list", **sent)
        assert answer.status_code == 200
        assert wallet.address in answer.content.decode()
        assert CuratedEntry.objects.count() == AuditEntry.objects.count() == 0
    assert "Say why" in answer.content.decode()
    answer = _choose(client, wallet, "put_on_the_list", reason="Steady for a year")
    assert answer.status_code == 302
    entry = CuratedEntry.objects.get()
    assert (entry.wallet, entry.by, entry.reason) == (wallet, staff, "Steady for a year")
    wallet.refresh_from_db()
    assert wallet.curated
    _choose(client, wallet, "take_off_the_list", reason="Sold the account")
    entry.refresh_from_db()
    assert (entry.reason_left, entry.by_left) == ("Sold the account", staff)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "subject", "detail")) == [
        ("wallet.curated", wallet.address, {"reason": "Steady for a year"}),
        ("wallet.uncurated", wallet.address, {"reason": "Sold the account"}),
    ]


def test_the_flag_has_no_box_of_its_own(client: Client, staff: Any) -> None:
    wallet = make_wallet()
    client.force_login(staff)
    form = {"kind": "wallet", "curated": "on", "character": "kol"}
    assert client.post(_url(Wallet, "change", wallet.pk), form).status_code == 302
    wallet.refresh_from_db()
    assert (wallet.curated, wallet.character) == (False, "kol")
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.action, entry.subject) == (staff, "wallet.described", wallet.address)
    assert entry.detail == {"character": "kol"}
