"""The whole line with real processes: bin/run, the market at speed, an open page, the truth.

LINE_SECONDS and LINE_SPEED set how long and how fast (60 s at 20 times by default).
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stack import postgres

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("LINE_SECONDS", "60"))
SPEED = float(os.environ.get("LINE_SPEED", "20"))
OURS = ("AURA_", "DATABASE_", "REDIS_", "DJANGO_")

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


class House:
    """A running installation in a folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state, self.output = state, state.with_name("output.log")
        env = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        self.env = env | {"AURA_STATE_DIR": str(state)}
        self.log = self.output.open("wb")
        command = [
            sys.executable, "-P", str(ROOT / "stack" / "__main__.py"), "run",
            "--speed", str(SPEED), "--hours", "1",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.until(self._is_up, 120)
        addresses = json.loads((state / "run.json").read_text())["env"]
        self.url, self.sandbox = addresses["AURA_PUBLIC_URL"], addresses["AURA_SANDBOX_URL"]

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()[-3000:]
        return "AURA is up" in self.output.read_text()

    def until(self, true: Callable[[], bool], seconds: float) -> None:
        """Wait for something, at most so long."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.output.read_text()[-3000:]
            time.sleep(0.5)

    def ask(self, path: str, data: bytes | None = None) -> Any:
        """Ask the sandbox."""
        with urllib.request.urlopen(self.sandbox + path, data, timeout=30) as answer:
            return json.load(answer)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the installation's own database."""
        with psycopg.connect(postgres.url(self.state)) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.log.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An installation that runs the market at speed."""
    running = House(tmp_path / "state")
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
    truth = {
        address: house.ask(f"/truth/wallets/{address}")
        for (address,) in house.rows("SELECT address FROM wallets_wallet")
    }
    _each_trade_once(house, truth)
    _same_to_the_lamport(house, truth)
    _all_on_the_page(house, page, before)


def _each_trade_once(house: House, truth: dict[str, Any]) -> None:
    trades = (
        "SELECT w.address, t.signature FROM wallets_trade t"
        " JOIN wallets_wallet w ON w.id = t.wallet_id"
    )
    recorded = Counter(house.rows(trades))
    true = {(address, t["signature"]) for address, of in truth.items() for t in of["trades"]}
    assert set(recorded) == true
    assert set(recorded.values()) == {1}
    assert house.rows("SELECT count(*) FROM wallets_quarantinedpayload") == [(0,)]


def _same_to_the_lamport(house: House, truth: dict[str, Any]) -> None:
    figures = house.rows(
        "SELECT address, realised_lamports, unknown_proceeds_lamports, fees_lamports"
        " FROM wallets_wallet w JOIN wallets_walletstats s ON s.wallet_id = w.id"
    )
    assert {row[0]: tuple(map(int, row[1:])) for row in figures} == {
        address: (
            of["realised_lamports"],
            of["unknown_proceeds_lamports"],
            of["other_fees_lamports"],
        )
        for address, of in truth.items()
    }


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
