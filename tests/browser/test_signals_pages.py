"""Signals in a browser: cards that come, fade and close by themselves, phones, no script."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from aura.core import clock
from aura.core.events import announce
from market.events import MarketRead
from signals.events import SignalChanged, SignalClosed, SignalRaised
from signals.models import Signal
from signals.subscribers import push_signals
from tests.browser.test_pages import _ready
from tests.signal_rows import (
    add_part,
    close,
    make_call,
    make_candles,
    make_run,
    make_scan,
    make_state,
    settle,
)
from tests.signals import scenes

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _push(*facts: Any) -> None:
    """Announce and push outside the event loop Playwright keeps in this thread."""
    with transaction.atomic():
        announce(*facts)

    def run() -> bool:
        try:
            return push_signals()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        assert thread.submit(run).result() is True


def _open(page: Any, path: str) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: (push_signals(), connection.close())).result()
    _ready(page, path)


def _cards(page: Any, kind: str = "open") -> list[str]:
    return [
        card.get_attribute("id") for card in page.locator(f"[data-signals={kind}] > .call").all()
    ]


def _call(name: str, **fields: Any) -> Signal:
    at = fields.pop("at", clock.now() - timedelta(seconds=5))
    return make_call(name, at=at, recorded=False, **fields)


def test_a_card_comes_changes_and_closes_without_reload_and_once(page: Any) -> None:
    weak = _call("WEAK", strength=30.0)
    _open(page, "/signals/")
    page.evaluate("window.sameDocument = true")
    strong = _call("STRONG", strength=80.0)
    _push(SignalRaised([strong.pk]))
    page.wait_for_selector(f"#signal-{strong.pk}")
    _push(SignalRaised([strong.pk]), SignalChanged([weak.pk]))
    assert _cards(page) == [f"signal-{strong.pk}", f"signal-{weak.pk}"]
    page.wait_for_selector("#open-count:text-is('2')")
    Signal.objects.filter(pk=weak.pk).update(strength=95.0)
    add_part(weak, "micro_caps", clock.now())
    _push(SignalChanged([weak.pk]))
    page.wait_for_selector(f"#signal-{weak.pk} .chip:has-text('Micro caps')")
    page.wait_for_function(
        "id => document.querySelector('[data-signals=open]').firstElementChild.id === id",
        arg=f"signal-{weak.pk}",
    )
    close(strong, clock.now(), "void: back under")
    _push(SignalClosed([strong.pk]))
    page.wait_for_selector(f"#closed-{strong.pk}")
    # news that comes late brings nothing back
    _push(SignalChanged([strong.pk]), MarketRead(1))
    page.wait_for_timeout(300)
    assert _cards(page) == [f"signal-{weak.pk}"]
    assert _cards(page, "closed") == [f"closed-{strong.pk}"]
    page.wait_for_selector("#open-count:text-is('1')")
    assert page.evaluate("window.sameDocument") is True


def test_a_card_that_does_not_fit_the_filters_does_not_appear(page: Any) -> None:
    _open(page, "/signals/?strategy=micro_caps&least=50000")
    fits = _call("FITS", scene="micro_caps")
    _push(
        SignalRaised([
            _call("OTHER").pk, _call("THIN", scene="micro_caps", liquidity_usd=49_999).pk, fits.pk,
        ])
    )  # fmt: skip
    page.wait_for_selector(f"#signal-{fits.pk}")
    assert _cards(page) == [f"signal-{fits.pk}"]


def test_the_bar_shrinks_by_itself(page: Any) -> None:
    signal = _call("FAST", at=clock.now() - timedelta(seconds=1))
    signal.components.update(half_life_s=4)
    _open(page, "/signals/")
    bar = f"#signal-{signal.pk} .call-fade .fill"
    first = float(page.get_attribute(bar, "width"))
    page.wait_for_function(
        "([bar, first]) => Number(document.querySelector(bar).getAttribute('width')) < first / 2",
        arg=[bar, first], timeout=15_000,
    )  # fmt: skip
    said = page.inner_text(f"#signal-{signal.pk} .call-fade [data-left]")
    assert said.endswith(" % left")
    assert int(said.split()[0]) < first / 2 + 1


def test_what_the_reader_opened_and_typed_stays_through_a_refresh(page: Any, demo: Any) -> None:
    make_state("A", make_run(clock.now()))
    make_scan({"A": scenes.window()}, clock.now())
    _open(page, "/signals/")
    page.click("#scan-more summary")
    make_scan({"A": scenes.window(), "B": scenes.window()}, clock.now())
    _push(MarketRead(1))
    page.wait_for_selector("#scan:has-text('2 tokens')")
    assert page.locator("#scan-more .tallied").first.is_visible()
    _open(page, "/screener/")
    page.click("#keep-screen summary")
    page.fill("#screen-name", "half a na")
    with page.expect_response(lambda r: r.request.headers.get("x-live") == "1"):
        _push(MarketRead(1))
    page.wait_for_timeout(300)
    assert page.input_value("#screen-name") == "half a na"
    assert page.locator("#screen-name").is_visible()


@pytest.fixture
def filled(demo: Any) -> Signal:
    now = clock.now()
    run = make_run(now - timedelta(seconds=30))
    for name in ("A" * 12, "B"):
        make_state(name, run, at=now, read_at=now)
    signal = _call("A" * 12, at=now - timedelta(minutes=3))
    settle(close(_call("B"), now), "ungraded", None, reason="no pool state for 15 minutes")
    make_candles(signal, [0.01 + n / 10_000 for n in range(60)], now - timedelta(hours=1))
    return signal


PATHS = ("/signals/", "SIGNAL", "/screener/?liquidity_min=1", "/scoreboard/", "/record/",
         "/methodology/")  # fmt: skip


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways_on_signals(page: Any, filled: Signal, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for path in PATHS:
        page.goto(f"/signals/{filled.pk}/?replay=1" if path == "SIGNAL" else path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_chart_is_drawn_and_replay_answers_in_place(page: Any, filled: Signal) -> None:
    _open(page, f"/signals/{filled.pk}/")
    page.wait_for_selector("#signal-chart canvas")
    page.evaluate("window.sameDocument = true")
    page.click("#replay a.button")
    page.wait_for_selector("#replay .proof.ok")
    assert page.evaluate("window.sameDocument") is True


def test_filters_of_the_screener_apply_without_leaving_the_page(page: Any, filled: Signal) -> None:
    _open(page, "/screener/")
    page.evaluate("window.sameDocument = true")
    page.select_option("select[name=gate]", "passes")
    page.wait_for_selector("#screened .empty")
    assert page.url.split("?")[1].startswith("gate=passes")
    assert page.evaluate("window.sameDocument") is True


def test_signals_read_without_script(browser: Any, page: Any, server: Any, filled: Signal) -> None:
    context = browser.new_context(
        java_script_enabled=False, base_url=server.url, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto("/signals/")
    assert plain.locator(f"#signal-{filled.pk} .fill").get_attribute("width") != "0"
    plain.check("text=Watch", force=True)
    plain.click("form.filters button.apply")
    assert _cards(plain) == []
    plain.goto(f"/signals/{filled.pk}/")
    plain.click("#replay a.button")
    assert plain.locator("#replay .proof.ok").count() == 1
    context.close()
