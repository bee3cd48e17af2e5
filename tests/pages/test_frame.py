"""What every page has: the policy, an id, the banner of the sandbox, the theme, vendored files."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings
from django.db import connections
from django.template.loader import render_to_string
from django.test import AsyncClient, Client

from aura.core import clock
from aura.models import User
from tests.make import make_trade, make_wallet

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere", "/admin/login/"])
def test_every_answer_has_the_policy_and_an_id(path: str) -> None:
    answer = Client().get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self' ws://testserver wss://testserver" in policy
    assert "frame-ancestors 'none'" in policy
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-123.DEF_456", True), ("short", False), ("a b c d e f g", False), ("x" * 65, False)],
)
def test_a_sane_request_id_is_kept(sent: str, kept: bool) -> None:
    answer = Client().get("/accounts/login/", headers={"X-Request-Id": sent})
    assert (answer["X-Request-Id"] == sent) is kept


@pytest.mark.django_db(transaction=True)
async def test_the_asynchronous_chain_is_served_alike() -> None:
    answer = await AsyncClient().get("/accounts/login/", headers={"X-Request-Id": "abcdefgh"})
    assert answer.status_code == 200
    assert answer["X-Request-Id"] == "abcdefgh"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    await sync_to_async(connections.close_all)()


@pytest.mark.django_db
def test_nothing_in_our_templates_is_inline() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:", re.I)
    found = {
        str(path.relative_to(ROOT)): match.group(0)
        for path in (ROOT / "templates").rglob("*.html")
        if (match := inline.search(path.read_text()))
    }
    assert found == {}


@pytest.mark.django_db
def test_the_banner_is_on_every_page_of_the_sandbox_only(settings: LazySettings) -> None:
    settings.WORLD, settings.SANDBOX_URL = "sandbox", "http://127.0.0.1:4321"
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/nowhere"):
        page = Client().get(path).content.decode()
        assert 'class="sandbox"' in page, path
        assert 'href="http://127.0.0.1:4321/inbox"' in page, path
    assert "aura-demo-whales" in Client().get("/accounts/login/").content.decode()
    settings.WORLD, settings.SANDBOX_URL = "solana", ""
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/nowhere"):
        assert 'class="sandbox"' not in Client().get(path).content.decode(), path
    assert "aura-demo-whales" not in Client().get("/accounts/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [
        ("light", ' data-theme="light"'),
        ("dark", ' data-theme="dark"'),
        ('"><script>', ""),
        ("", ""),
    ],
)
def test_the_theme_is_drawn_by_the_server(cookie: str, attribute: str) -> None:
    client = Client()
    client.cookies["theme"] = cookie
    page = client.get("/accounts/login/").content.decode()
    assert page.startswith(f'<!doctype html>\n<html lang="en"{attribute} data-now=')


ACCOUNT_PAGES = [
    "login", "signup", "password/reset", "password/reset/done", "confirm-email", "inactive",
    "password/reset/key/done", "confirm-email/wrong-key", "password/reset/key/1-wrong",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("path", ACCOUNT_PAGES)
def test_account_pages_wear_our_layout(path: str) -> None:
    page = Client().get(f"/accounts/{path}/")
    assert page.status_code == 200
    assert '<body class="account">' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["email", "password/change", "logout", "reauthenticate"])
def test_account_pages_of_a_member_wear_our_layout(as_alice: Client, path: str) -> None:
    page = as_alice.get(f"/accounts/{path}/")
    assert page.status_code == 200
    assert '<body class="account">' in page.content.decode()


@pytest.mark.django_db
def test_the_overview_tells_what_came_since_the_last_visit(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = make_wallet(curated=True)
    make_trade(wallet, slot=1)
    start = clock.now()
    assert as_alice.get("/").context["since"] is None
    make_trade(wallet, slot=2)
    make_trade(wallet, slot=3)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=29))
    # a page refreshing itself is no visit
    as_alice.get("/", headers={"X-Live": "1"})
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=31))
    shown = as_alice.get("/").context
    assert (shown["since"], shown["new_trades"]) == (start, 2)
    again = as_alice.get("/").context
    assert (again["since"], again["new_trades"]) == (start, 2)


def test_the_page_for_a_fault_stands_alone() -> None:
    page = render_to_string("500.html")
    assert "Something broke on our side" in page
    assert "{%" not in (ROOT / "templates" / "500.html").read_text()


@pytest.mark.django_db
def test_a_fault_is_answered_with_that_page(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("wallets.queries.whales", broken)
    answer = client.get("/whales/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
    assert "secret" not in answer.content.decode()
    assert "Content-Security-Policy" in answer


def test_vendored_files_are_those_named() -> None:
    entries = json.loads((VENDOR / "vendor.json").read_text())
    named = [(e["package"], e["version"]) for e in entries]
    assert named == [("htmx.org", "4.0.1"), ("lightweight-charts", "5.2.1")]
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for entry in entries:
        assert wanted[entry["package"]] == entry["version"]
        content = (VENDOR / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert entry["licence"]
        assert (VENDOR / entry["licence_file"]).read_text().strip()
    told = {e["file"] for e in entries} | {e["licence_file"] for e in entries} | {"vendor.json"}
    there = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()}
    assert there == told


def test_our_style_and_script_stay_small() -> None:
    sizes = {
        kind: sum(p.stat().st_size for p in (ROOT / "static" / kind).glob(f"*.{kind}"))
        for kind in ("css", "js")
    }
    assert 10_000 < sizes["css"] < 60_000
    assert 5_000 < sizes["js"] < 40_000
