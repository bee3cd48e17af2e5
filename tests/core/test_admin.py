"""The admin site: every model has its pages, searchable; the ledger is for looking only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from aura.models import AuditEntry
from tests.make import make_trade, make_wallet
from wallets.models import Trade

ROOMS = {"aura", "billing", "market", "wallets", "portfolio"}
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


def test_staff_keep_the_curated_list(client: Client, staff: Any) -> None:
    wallet = make_wallet()
    client.force_login(staff)
    answer = client.post(
        _url(type(wallet), "change", wallet.pk),
        {"kind": "wallet", "curated": "on", "character": "whale"},
    )
    assert answer.status_code == 302
    wallet.refresh_from_db()
    assert (wallet.curated, wallet.character) == (True, "whale")


def test_what_staff_change_is_written_down(client: Client, staff: Any) -> None:
    wallet = make_wallet()
    client.force_login(staff)
    form = {"kind": "wallet", "curated": "on", "character": "kol"}
    client.post(_url(type(wallet), "change", wallet.pk), form)
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.action, entry.subject) == (staff, "wallet.curated", wallet.address)
    assert entry.detail == {"character": "kol"}
