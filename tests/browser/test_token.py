"""A token's page in a browser: candles under the policy, refreshes, phones, no script."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core import clock
from aura.models import User
from market.actions import Outcome, begin_run, record_snapshots, record_trades_in_candles
from market.domain.candles import TradePoint
from market.domain.combine import Readings, combined
from market.domain.readings import SPANS, Activity, SafetyReading, TokenReading
from market.models import Token
from tests.browser.test_pages import _ready
from tests.make import START, make_token, make_trade, make_wallet
from tests.market.stage import pool
from wallets.actions import follow_wallet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

D = Decimal
DRAWN = "#candles-chart canvas"


def _read(token: Token, usd: str, minutes_ago: int = 0, other: str = "0.0000131") -> None:
    """Read the market once: two sources, three judges, everything filled in."""
    at = clock.now() - timedelta(minutes=minutes_ago)
    told = Activity(
        volume_usd=D(48_211), buys=812, sells=640, buyers=301, sellers=222, change=D("0.184")
    )
    pools = [
        pool(token.mint, at, pool=f"{token.mint[:-1]}1", price_usd=D(usd), price_quote=None,
             opened_at=at - timedelta(hours=31), activity=dict.fromkeys(SPANS, told)),
        pool(token.mint, at, pool=f"{token.mint[:-1]}2", price_usd=D(usd), venue="Raydium CLMM",
             liquidity_usd=D(900), price_quote=None, base=None),
    ]  # fmt: skip
    tokens = [TokenReading("jupiter", token.mint, at, price_usd=D(other), holders=12_345,
                           market_cap_usd=D(1_234_567))]  # fmt: skip
    safety = [
        SafetyReading("chain", token.mint, at, can_mint=False, can_freeze=False),
        SafetyReading("rugcheck", token.mint, at, top10_share=D("0.53"), dev_share=D("0.02"),
                      lp_locked_share=D(1), score=D(34), rugged=False,
                      risks=("High ownership", "Low amount of LP providers")),
    ]  # fmt: skip
    made = combined(
        token.mint, Readings(pools, tokens, safety), at=at, order=["dexscreener", "jupiter"]
    )
    assert made is not None
    record_snapshots(
        begin_run(at=at), [made], pools, safety, at=at, outcome=Outcome(1), quotes_usd={}
    )


@pytest.fixture
def token(demo: User) -> Token:
    """Two hours of readings, the newest a moment ago, and three trades of a followed wallet."""
    token = make_token("POPCAT")
    for minutes in range(120, -1, -4):
        wave = 1_000 + minutes * 3 + (minutes * 37) % 90
        _read(token, f"0.00001{wave}", minutes, other="0.0000115")
    wallet = make_wallet(curated=True)
    follow_wallet(demo, address=wallet.address, nickname="The whale of Solana")
    for minutes, side in ((90, "buy"), (60, "buy"), (20, "sell")):
        at = clock.now() - timedelta(minutes=minutes)
        slot = 1_000 + int((at - START).total_seconds())
        trade = make_trade(wallet, side, token=token, slot=slot, value_usd=D(250))
        minute = {(token.mint, trade.at)}
        point = TradePoint(token.mint, trade.at, (0,), D("0.0000113"), D(250))
        record_trades_in_candles([point], minute, at=clock.now())
    return token


def test_candles_are_drawn_under_the_policy_in_both_themes(page: Any, token: Token) -> None:
    _ready(page, f"/tokens/{token.mint}/")
    page.wait_for_selector(DRAWN)
    assert page.locator("#tv-attr-logo, #candles-chart style").count() == 0
    picture = "document.querySelector('#candles-chart canvas').toDataURL()"
    page.wait_for_function(f"{picture}.length > 2000")
    dark = page.evaluate(picture)
    page.keyboard.press("t")
    page.wait_for_function(f"{picture} !== {json.dumps(dark)}")
    page.locator("#candles-chart").scroll_into_view_if_needed()
    box = page.locator("#candles-chart").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        "document.getElementById('candles-said').textContent.includes('closed $0.0000')"
    )


def test_the_next_reading_appears_without_reload(page: Any, token: Token) -> None:
    _ready(page, f"/tokens/{token.mint}/")
    page.wait_for_selector(DRAWN)
    page.click("#reports summary")
    page.evaluate("window.sameDocument = true")
    _read(token, "0.00007777", other="0.00007778")
    page.evaluate("htmx.ajax('GET', location.href,"
                  " {target: '#token-now', select: '#token-now', swap: 'outerMorph'})")  # fmt: skip
    page.wait_for_function("document.querySelector('.stat .figure').textContent.includes('7777')")
    assert page.evaluate("window.sameDocument")
    assert page.locator("#reports tbody tr").first.is_visible(), "what was opened stays open"
    page.wait_for_selector(DRAWN)
    end = json.loads(page.text_content("#candles-data"))["bars"][-1][4]
    assert end == 0.00007777


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways_on_a_token(page: Any, token: Token, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    bare = make_token("W" * 32)
    for path in (f"/tokens/{token.mint}/", f"/tokens/{bare.mint}/", f"/tokens/{'2' * 44}/"):
        page.goto(path)
        for part in page.locator("details.fold summary").all():
            part.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_token_reads_without_script(browser: Any, page: Any, server: Any, token: Token) -> None:
    context = browser.new_context(
        java_script_enabled=False, base_url=server.url, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(f"/tokens/{token.mint}/")
    assert plain.locator("#candles-chart").is_hidden()
    plain.click("#candles-table summary")
    assert plain.locator("#candles-table tbody tr").first.is_visible()
    plain.click(".windows a:has-text('1h')")
    assert plain.url.endswith("?span=1h#chart-title")
    context.close()
