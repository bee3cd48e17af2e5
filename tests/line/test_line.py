"""The whole line with real processes: bin/run, the market at speed, an open page, the truth.

LINE_SECONDS and LINE_SPEED set how long and how fast (60 s at 20 times by default).
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.line.conftest import House, each_trade_once, nothing_put_aside, same_to_the_lamport

SECONDS = float(os.environ.get("LINE_SECONDS", "60"))
SPEED = float(os.environ.get("LINE_SPEED", "20"))

# Every row the page ever showed, counted as it arrives: the page itself keeps the newest only.
COUNT_ROWS = """() => {
  window.arrived = {};
  const note = (el) => { if (el.nodeType === 1) {
    for (const row of [el, ...el.querySelectorAll('[data-trade]')]) {
      const trade = row.dataset && row.dataset.trade;
      if (trade && row.id) window.arrived[row.id + ' ' + trade] =
        (window.arrived[row.id + ' ' + trade] || 0) + 1;
    } } };
  new MutationObserver((changes) => changes.forEach((c) => c.addedNodes.forEach(note)))
    .observe(document.body, {childList: true, subtree: true});
}"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation that runs the market at speed."""
    running = House(tmp_path / "state", speed=SPEED)
    yield running
    running.stop()
    assert running.process.returncode == 0
    assert "Traceback" not in running.output.read_text()


@pytest.fixture
def page(house: House) -> Iterator[Any]:
    """The live feed of the demo login, with every arriving row counted."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM_PATH"], args=["--no-sandbox"]
        )
        opened = browser.new_page()
        opened.goto(f"{house.url}/accounts/login/")
        opened.fill("[name=login]", "demo@aura.local")
        opened.fill("[name=password]", "aura-demo-whales")
        opened.press("[name=password]", "Enter")
        opened.wait_for_url(f"{house.url}/")
        opened.goto(f"{house.url}/feed/")
        opened.evaluate(COUNT_ROWS)
        yield opened
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
def test_every_trade_arrives_exactly_once_and_the_ledger_is_the_markets_own(
    house: House, page: Any
) -> None:
    settled = "SELECT count(*) FROM wallets_delivery WHERE state = 'waiting'"
    before = {signature for (signature,) in house.rows("SELECT signature FROM wallets_trade")}
    page.wait_for_timeout(SECONDS * 1000)
    house.ask("/truth/pause")
    time.sleep(3)
    house.until(lambda: house.rows(settled) == [(0,)], 120)
    truth = house.truth()
    each_trade_once(house, truth)
    nothing_put_aside(house)
    same_to_the_lamport(house, truth)
    _all_on_the_page(house, page, before)


def _all_on_the_page(house: House, page: Any, before: set[str]) -> None:
    """Every trade recorded since the page was opened came onto it, once, without a reload."""
    new = [
        (pk, signature)
        for pk, signature in house.rows("SELECT id, signature FROM wallets_trade ORDER BY id")
        if signature not in before
    ]
    page.wait_for_timeout(3000)
    arrived = Counter(page.evaluate("window.arrived"))
    expected = {f"trade-{pk} {signature}" for pk, signature in new}
    missing = expected - set(arrived)
    assert not missing, f"{len(missing)} of {len(expected)} never came"
    assert len(expected) > SECONDS * SPEED / 60
    assert {key: n for key, n in arrived.items() if n > 1} == {}
    print(f"{len(expected)} trades on the open page, {len(before)} before it")
