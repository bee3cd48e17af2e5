"""What a user keeps about wallets, in the browser: mute and minimum hold for what is pushed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from aura.models import User
from tests.browser.test_pages import _in_thread, _ready, _rows, _tell
from tests.make import make_trade, make_wallet
from wallets.actions import (
    FollowTerms,
    create_list,
    curate_wallet,
    edit_follow,
    follow_wallet,
    mute_follow,
    place_on_lists,
    share_list,
)
from wallets.models import Trade, Wallet

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def three(demo: User) -> list[Wallet]:
    """Muted, with a minimum of $100, and as it is."""
    wallets = [make_wallet(name, curated=True) for name in ("muted", "bounded", "plain")]
    muted, bounded, _ = wallets

    def follow() -> None:
        for wallet in (muted, bounded):
            follow_wallet(demo, address=wallet.address)
        edit_follow(demo, wallet=bounded, terms=FollowTerms(min_trade_usd=Decimal(100)))
        now = timezone.now()
        mute_follow(demo, wallet=muted, at=now, until=now + timedelta(hours=1))

    _in_thread(follow)
    return wallets


def _pushed(three: list[Wallet]) -> list[Trade]:
    muted, bounded, plain = three
    trades = [
        make_trade(muted, slot=20, value_usd=Decimal(999), fold=False),
        make_trade(bounded, slot=21, value_usd=Decimal("99.999999"), fold=False),
        make_trade(bounded, slot=22, value_usd=Decimal(100), fold=False),
        make_trade(bounded, slot=23, value_usd=None, fold=False),
        make_trade(plain, slot=24, value_usd=Decimal(1), fold=False),
    ]
    _tell(*trades)
    return trades


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/feed/", [4, 3, 2]),
        ("/feed/?followed=1", [3, 2]),
        ("/feed/?muted=1", [4, 3, 2, 1, 0]),
        ("/", [4, 3, 2]),
    ],
)
def test_what_is_pushed_obeys_the_rule_of_the_first_page(
    page: Any, three: list[Wallet], path: str, shown: list[int]
) -> None:
    _ready(page, path)
    trades = _pushed(three)
    page.wait_for_selector(f"#trade-{trades[shown[0]].pk}")
    page.wait_for_timeout(300)
    pushed = _rows(page)
    assert pushed == [f"trade-{trades[number].pk}" for number in shown]
    page.reload()
    assert _rows(page) == pushed


def test_a_muted_wallets_own_page_goes_on(page: Any, three: list[Wallet]) -> None:
    _ready(page, three[0].get_absolute_url())
    trade = _pushed(three)[0]
    page.wait_for_selector(f"#trade-{trade.pk}")


def test_notes_are_kept_in_place_and_a_mute_shows_in_the_list(page: Any, demo: User) -> None:
    wallet = make_wallet(curated=True)
    _in_thread(lambda: follow_wallet(demo, address=wallet.address, nickname="Moby"))
    _ready(page, wallet.get_absolute_url())
    page.evaluate("window.sameDocument = true")
    page.click("#own summary:has-text('Notes and news')")
    page.fill("#own [name=tags]", "Early, x" + "y" * 30)
    page.click("#own .own-form button >> nth=0")
    page.wait_for_selector("#own .errorlist")
    page.fill("#own [name=tags]", "Early")
    page.click("#own .own-form button >> nth=0")
    page.wait_for_selector("#own .tag bdi:text-is('early')")
    page.click("#own summary:has-text('Notes and news')")
    page.select_option("#mute-for", "always")
    page.click("#own button:text-is('Mute')")
    page.wait_for_selector("#own .badge:text-is('muted for good')")
    page.click("#own summary:has-text('Lists')")
    page.fill("#new-list", "White ones")
    page.click("#own form:has(#new-list) button")
    page.wait_for_selector("#own summary bdi:text-is('White ones')")
    assert page.evaluate("window.sameDocument") is True
    _ready(page, "/whales/?tag=early")
    row = f"#whale-{wallet.pk}"
    assert page.inner_text(f"{row} .own").split() == ["muted", "early"]
    # a pushed row leaves what is kept as it is
    _tell(make_trade(wallet, slot=11))
    page.wait_for_selector(f"{row} .c-trades:has-text('1')")
    assert page.inner_text(f"{row} .own").split() == ["muted", "early"]


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways(page: Any, demo: User, width: int) -> None:
    wallet = make_wallet()
    make_trade(wallet)
    make_trade(wallet, "sell", slot=2_000)

    def furnish() -> None:
        follow_wallet(demo, address=wallet.address, nickname="W" * 64)
        terms = FollowTerms(tags=["w" * 24, "tag two"], notes="W" * 500)
        edit_follow(demo, wallet=wallet, terms=terms)
        curate_wallet(wallet, reason="W" * 400)
        kept = create_list(demo, name="W" * 64)
        place_on_lists(demo, wallet=wallet, list_ids=[kept.pk])
        share_list(demo, list_id=kept.pk)

    _in_thread(furnish)
    kept = demo.wallet_lists.get()
    page.set_viewport_size({"width": width, "height": 844})
    for path in (
        "/whales/", "/lists/", kept.get_absolute_url(), kept.get_shared_url(), "/the-list/",
        wallet.get_absolute_url(),
    ):  # fmt: skip
        page.goto(path)
        for fold in page.locator("details.fold > summary").all():
            fold.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
