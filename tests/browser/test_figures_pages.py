"""Pages of figures in a browser: charts under the strict policy, refreshes, phones, no script."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from aura.core import clock
from aura.models import User
from tests.browser.test_pages import _ready, _tell
from tests.busy import make_busy
from tests.make import SOL, START, make_token, make_trade, make_wallet
from wallets.models import Trade, Wallet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = "#equity-chart canvas"


@pytest.fixture
def whale(demo: User) -> Wallet:
    """Sixty round trips over forty days, up to now."""
    wallet = make_wallet(curated=True)
    make_busy(wallet, trades=120, tokens=3, until=clock.now() - timedelta(minutes=1), days=40)
    return wallet


def _sum(page: Any) -> float:
    """What the curve's data ends at, in SOL."""
    points = json.loads(page.text_content("#equity-data"))["points"]
    return float(points[-1][1])


def test_a_curve_is_drawn_under_the_policy_in_both_themes(page: Any, whale: Wallet) -> None:
    _ready(page, whale.get_absolute_url())
    page.wait_for_selector(DRAWN)
    assert page.locator("#tv-attr-logo, #equity-chart style").count() == 0
    assert page.locator(".credit a[href='https://www.tradingview.com/']").count() == 1
    picture = "document.querySelector('#equity-chart canvas').toDataURL()"
    page.wait_for_function(f"{picture}.length > 2000")
    dark = page.evaluate(picture)
    page.keyboard.press("t")
    page.wait_for_function(f"{picture} !== {json.dumps(dark)}")


def test_a_refresh_keeps_the_table_open_and_draws_the_new_curve(page: Any, whale: Wallet) -> None:
    _ready(page, whale.get_absolute_url())
    page.wait_for_selector(DRAWN)
    page.click("#equity-table summary")
    assert page.locator("#equity-table tbody tr").first.is_visible()
    before = _sum(page)
    token = make_token("NEW")
    slot = 1_000 + int((clock.now() - timedelta(hours=1) - START).total_seconds())
    make_trade(whale, "buy", token=token, slot=slot)
    _tell(make_trade(whale, "sell", token=token, lamports=3 * SOL, slot=slot + 1))
    page.wait_for_function(
        "before => JSON.parse(document.getElementById('equity-data').textContent)"
        ".points.at(-1)[1] > before + 1.9", arg=before, timeout=15_000,
    )  # fmt: skip
    assert page.locator("#equity-table tbody tr").first.is_visible()
    assert page.locator(DRAWN).first.is_visible()


def test_the_calendar_goes_back_a_month_without_leaving_the_page(page: Any, whale: Wallet) -> None:
    _ready(page, f"{whale.get_absolute_url()}?window=7d")
    page.evaluate("window.sameDocument = true")
    shown = page.inner_text("#calendar-title")
    page.click("#calendar a[rel=prev]")
    page.wait_for_function(
        "shown => document.getElementById('calendar-title').textContent !== shown", arg=shown
    )
    assert re.search(r"\?window=7d&month=\d{4}-\d\d$", page.url)
    assert page.evaluate("window.sameDocument") is True
    page.reload()
    assert page.inner_text("#calendar-title") != shown


def test_wallets_ticked_on_whales_are_compared(page: Any, whale: Wallet) -> None:
    other = make_wallet("other", curated=True)
    make_busy(other, trades=20, tokens=2, until=clock.now(), days=5)
    _ready(page, "/whales/")
    for wallet in (whale, other):
        page.check(f"#compare-{wallet.pk}")
    # a pushed row leaves the tick as it is
    _tell(Trade.objects.filter(wallet=other).latest("pk"))
    page.wait_for_timeout(500)
    page.click("#compare button")
    page.wait_for_url(re.compile("/compare/"))
    page.wait_for_selector("#compare-chart canvas")
    assert page.locator(".compare thead").first.locator("th").count() == 3
    page.locator(".compare a.remove").first.click()
    page.wait_for_url(re.compile(r"/compare/\?w=[^&]+$"))


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways_on_figures(page: Any, whale: Wallet, width: int) -> None:
    token = make_token("A" * 32)
    make_trade(whale, token=token, raw=10**18, lamports=10**15)
    make_trade(whale, "sell", token=token, raw=10**18, lamports=10**16)
    page.set_viewport_size({"width": width, "height": 844})
    home = whale.get_absolute_url()
    five = [make_wallet(f"w{n}", curated=True) for n in range(4)]
    asked = "&".join(f"w={wallet.address}" for wallet in (whale, *five))
    whys = [f"{home}why/{f}/" for f in ("expectancy", "payoff_ratio", "realised", "copyability")]
    for path in (home, *whys, "/leaderboard/", f"/compare/?{asked}"):
        page.goto(path)
        for part in page.locator("details.part summary, .as-table summary").all()[:2]:
            part.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(home)
    page.wait_for_selector(DRAWN)
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#equity-chart td')).display")
        == "table-cell"
    )


def test_figures_read_without_script(browser: Any, page: Any, server: Any, whale: Wallet) -> None:
    context = browser.new_context(
        java_script_enabled=False, base_url=server.url, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(whale.get_absolute_url())
    assert plain.locator("#equity-chart").is_hidden()
    plain.click("#equity-table summary")
    assert plain.locator("#equity-table tbody tr").first.is_visible()
    plain.click(".windows a:has-text('30 d')")
    assert plain.inner_text("#figures-title") == "Figures of 30 days"
    plain.click("a[aria-label='Why: Win rate']")
    plain.click("details.part summary >> nth=0")
    assert plain.locator("details.part table").first.is_visible()
    context.close()
