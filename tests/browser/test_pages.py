"""What only a browser can show: the live socket, nicknames, phones, keys, themes."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from aura.core.events import announce
from aura.models import User
from tests.make import SOL, make_token, make_trade, make_wallet
from wallets.actions import follow_wallet
from wallets.events import TradesRecorded
from wallets.models import Trade, Wallet
from wallets.subscribers import push_news

T = TypeVar("T")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _in_thread(act: Callable[[], T]) -> T:
    """Run outside the event loop Playwright keeps in this thread; a push may not run inside one."""

    def run() -> T:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run).result()


def _tell(*trades: Trade) -> None:
    with transaction.atomic():
        announce(TradesRecorded([t.pk for t in trades], sorted({t.wallet_id for t in trades})))
    assert _in_thread(push_news) is True


def _ready(page: Any, path: str) -> None:
    """Open a page and wait until its socket is open and the first refresh has been read."""
    _in_thread(push_news)
    with page.expect_response(lambda r: r.request.headers.get("x-live") == "1"):
        page.goto(path)
    page.wait_for_selector("#link-state[data-state=on]")


def _rows(page: Any) -> list[str]:
    return [row.get_attribute("id") for row in page.locator("#trades tr").all()]


@pytest.fixture
def whale(demo: User) -> Wallet:
    wallet = make_wallet(curated=True)
    make_trade(wallet, slot=10)
    return wallet


@pytest.mark.parametrize("path", ["/", "/feed/", "wallet"])
def test_a_trade_appears_without_reload_in_its_place_and_once(
    page: Any, whale: Wallet, path: str
) -> None:
    _ready(page, whale.get_absolute_url() if path == "wallet" else path)
    page.evaluate("window.sameDocument = true")
    first = Trade.objects.get()
    newest = make_trade(whale, "sell", lamports=2 * SOL, slot=30)
    _tell(newest)
    page.wait_for_selector(f"#trade-{newest.pk}")
    late = make_trade(whale, slot=20)
    _tell(late)
    _tell(late, newest)
    page.wait_for_selector(f"#trade-{late.pk}")
    page.wait_for_timeout(300)
    assert _rows(page) == [f"trade-{t.pk}" for t in (newest, late, first)]
    assert page.evaluate("window.sameDocument") is True


def test_the_figures_of_a_wallet_follow_its_trades(page: Any, whale: Wallet) -> None:
    _ready(page, whale.get_absolute_url())
    assert page.locator("#positions tbody tr").count() == 1
    assert "open" in page.inner_text("#positions tbody tr")
    _tell(make_trade(whale, "sell", lamports=3 * SOL, slot=11))
    page.wait_for_selector(f"#stats-{whale.pk} .gain.up")
    page.wait_for_selector("#positions .badge:text-is('closed')", timeout=10_000)


def test_a_nickname_lies_over_pushed_rows(page: Any, whale: Wallet, demo: User) -> None:
    _in_thread(lambda: follow_wallet(demo, address=whale.address, nickname="Yenni <3"))
    _ready(page, "/feed/")
    trade = make_trade(whale, slot=11)
    _tell(trade)
    page.wait_for_selector(f"#trade-{trade.pk}")
    assert page.inner_text(f"#trade-{trade.pk} .who") == "Yenni <3"


def test_follow_in_the_list_names_the_wallet_at_once(page: Any, whale: Wallet) -> None:
    _ready(page, "/whales/")
    row = f"#whale-{whale.pk}"
    assert page.inner_text(f"{row} .who") == whale.short
    page.click(f"{row} .c-follow a")
    page.fill(f"{row} input[name=nickname]", "Moby")
    page.click(f"{row} button:text-is('Follow')")
    page.wait_for_selector(f"{row} .c-follow a:has-text('Following')")
    assert page.inner_text(f"{row} .who") == "Moby"
    # a pushed row leaves the name and the state of the follow as they are
    _tell(make_trade(whale, "sell", lamports=3 * SOL, slot=11))
    page.wait_for_selector(f"{row} .gain.up")
    assert page.inner_text(f"{row} .who") == "Moby"
    assert "Following" in page.inner_text(f"{row} .c-follow")


def test_what_came_while_the_server_was_away_is_there_after(
    page: Any, whale: Wallet, server: Any
) -> None:
    _ready(page, "/feed/")
    page.evaluate("window.sameDocument = true")
    server.stop()
    page.wait_for_selector("#link-state[data-state=wait]")
    missed = make_trade(whale, slot=11)
    _tell(missed)
    server.start()
    page.wait_for_selector(f"#trade-{missed.pk}", timeout=20_000)
    assert page.evaluate("window.sameDocument") is True
    after = make_trade(whale, slot=12)
    _tell(after)
    page.wait_for_selector(f"#trade-{after.pk}")
    assert _rows(page)[:2] == [f"trade-{after.pk}", f"trade-{missed.pk}"]


def test_pause_keeps_rows_back_and_resume_loses_none(page: Any, whale: Wallet) -> None:
    _ready(page, "/feed/")
    page.keyboard.press("p")
    trades = [make_trade(whale, slot=20 + n) for n in range(3)]
    _tell(*trades)
    page.wait_for_selector("[data-held]:text-is('3 new, held back')")
    assert page.locator("#trades tr").count() == 1
    page.click("[data-pause]")
    page.wait_for_selector(f"#trade-{trades[0].pk}")
    assert _rows(page)[:3] == [f"trade-{t.pk}" for t in reversed(trades)]
    assert page.inner_text("[data-held]") == ""


def test_filters_of_the_feed_hold_for_what_arrives(page: Any, whale: Wallet) -> None:
    _ready(page, "/feed/?side=sell&min=2")
    small = make_trade(whale, "sell", raw=10, lamports=SOL, slot=20)
    buy = make_trade(whale, "buy", lamports=5 * SOL, slot=21)
    big = make_trade(whale, "sell", raw=10, lamports=2 * SOL, slot=22)
    _tell(small, buy, big)
    page.wait_for_selector(f"#trade-{big.pk}")
    assert _rows(page) == [f"trade-{big.pk}"]


def test_search_on_whales_is_in_the_url(page: Any, whale: Wallet) -> None:
    make_wallet("other", curated=True)
    _ready(page, "/whales/")
    page.keyboard.press("/")
    page.keyboard.type(whale.address[:12])
    page.wait_for_selector(".whales tbody:not(:has(tr:nth-child(2)))")
    assert f"q={whale.address[:12]}" in page.url
    page.reload()
    assert page.locator(".whales tbody tr").count() == 1


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways(page: Any, whale: Wallet, width: int) -> None:
    token = make_token("A" * 32)
    make_trade(whale, token=token, raw=10**18, lamports=10**15, slot=20)
    make_trade(whale, "sell", token=token, raw=10**18, lamports=10**16, slot=21)
    page.set_viewport_size({"width": width, "height": 844})
    position = f"{whale.get_absolute_url()}positions/{token.mint}/0/"
    for path in ("/", "/whales/", "/feed/", whale.get_absolute_url(), position, "/accounts/email/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_theme_is_kept_without_a_flash(page: Any) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("[data-theme-toggle]")
    light = page.evaluate(ground)
    assert dark != light
    page.goto("/feed/")
    assert page.get_attribute("html", "data-theme") == "light"
    assert page.evaluate(ground) == light
    page.keyboard.press("t")
    assert page.evaluate(ground) == dark


def test_keys_lead_through_the_house(page: Any) -> None:
    for key, path in (("w", "/whales/"), ("f", "/feed/"), ("o", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"^http://[^/]+{path}$"))
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()
    page.goto("/whales/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_pages_read_without_script(browser: Any, page: Any, server: Any, whale: Wallet) -> None:
    context = browser.new_context(
        java_script_enabled=False, base_url=server.url, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto("/whales/")
    assert plain.locator(f"#whale-{whale.pk}").count() == 1
    plain.click(f"#whale-{whale.pk} .c-follow a")
    plain.fill("#follow input[name=nickname]", "Plain")
    plain.click("#follow button:text-is('Follow')")
    assert plain.inner_text("h1") == "Plain"
    context.close()


def test_the_admin_site_lives_with_the_policy(page: Any, demo: User) -> None:
    User.objects.filter(pk=demo.pk).update(is_staff=True, is_superuser=True)
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    for path in ("/admin/", "/admin/wallets/wallet/", "/admin/wallets/follow/add/"):
        page.goto(path)
    assert broken == []
