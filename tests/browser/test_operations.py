"""The Operations page in a browser: it renews itself, and it fits every screen."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from aura.core import clock, quota
from aura.models import User
from tests.make import make_trade, make_wallet
from wallets.models import Delivery, HistoryRead, QuarantinedPayload, RawTransaction

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [(1440, 900), (1024, 768), (390, 844), (320, 640)]


@pytest.fixture
def troubled(demo: User) -> None:
    """An installation with a trouble of every kind, seen by staff."""
    User.objects.update(is_staff=True, is_superuser=True)
    for i in range(3):
        wallet = make_wallet(
            f"w{i}", curated=True, swept_at=clock.now() - timedelta(hours=5 * i + 1),
            hot_since=clock.now() if i else None,
        )  # fmt: skip
        trade = make_trade(wallet)
        RawTransaction.objects.filter(pk=trade.transaction_id).update(
            ask_at=timezone.now(), compared=1, disagreements="x" * (i % 2),
            block_time=clock.now() - timedelta(seconds=90),
        )  # fmt: skip
        HistoryRead.objects.create(
            wallet=wallet, kind="backfill", asked_at=clock.now(), next_at=clock.now(),
            horizon=clock.now() - timedelta(days=10),
            reached_at=clock.now() - timedelta(days=i + 1),
            new=1234 * i, reason="the budget of helius rests until tomorrow" * (i % 2),
        )  # fmt: skip
    Delivery.objects.create(source="webhook", body=b"")
    Delivery.objects.update(received_at=timezone.now() - timedelta(minutes=3))
    for i, reason in enumerate(["no meta", "unreadable: " + "averyverylongword" * 12]):
        QuarantinedPayload.objects.create(
            digest=str(i), source="webhook", reason=reason, payload=b"", count=i + 1
        )
    quota.charge("helius", 123_456)
    with quota.spending_for(quota.SWEEP):
        quota.charge("helius", 523_000)
    with quota.spending_for(quota.BACKFILL):
        quota.charge("helius", 213_000)
    quota.note_exhausted("helius", said="max usage reached")
    quota.note_fallback("helius", "solana-rpc", "helius: its credits are used up")
    quota.note_error("solana-rpc", "solana-rpc: answered 503: " + "overloaded" * 20)


def test_it_renews_itself_without_a_reload(page: Any, troubled: None) -> None:
    page.goto("/operations/")
    page.evaluate("window.sameDocument = true")
    figure = page.locator(".stat:has(h2:text-is('Quarantine')) .figure .num")
    assert figure.inner_text() == "2"
    QuarantinedPayload.objects.create(digest="new", source="stream", reason="late", payload=b"")
    page.locator(".refusals .reason", has_text="late").wait_for(timeout=20_000)
    assert figure.inner_text() == "3"
    assert page.evaluate("window.sameDocument") is True
    assert page.evaluate("document.querySelectorAll('#operations').length") == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_it_fits(page: Any, troubled: None, size: tuple[int, int], theme: str) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    page.goto("/operations/")
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('.hidden, svg')"
        " && e.getBoundingClientRect().width"
        " && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 99))"
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
