"""The curated list's public page: who is on it, who came and who left, with the figures then."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from aura.core import clock
from tests.make import SOL, make_trade, make_wallet
from tests.pages.conftest import NOW
from wallets.actions import curate_wallet

pytestmark = pytest.mark.django_db


def _days_later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=days))


def test_anybody_reads_who_came_and_who_left_and_why(
    as_alice: Client, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = make_wallet("good"), make_wallet("bad")
    for wallet, fetched in ((good, 2 * SOL), (bad, SOL // 2)):
        make_trade(wallet, "buy", slot=wallet.pk * 10)
        make_trade(wallet, "sell", lamports=fetched, slot=wallet.pk * 10 + 1)
    curate_wallet(good, by=staff, reason="Steady <since> 2024")
    curate_wallet(bad, by=staff, reason="Looked lucky")
    _days_later(monkeypatch, 3)
    curate_wallet(bad, curated=False, by=staff, reason="Lost it all")
    answer = Client().get("/the-list/")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert [entry.wallet for entry, _ in answer.context["members"]] == [good]
    assert answer.context["version"] == 3
    assert {entry.wallet for entry in answer.context["page"]} == {good, bad}
    assert "2 stays, 1 ended" in html
    assert "Steady &lt;since&gt; 2024" in html
    assert "Lost it all" in html
    assert staff.email not in html
    # what was true on the day stands, whatever came after
    assert len(re.findall(r"n&nbsp;1", html)) >= 3
    then = Client().get("/the-list/?on=2026-11-02")
    assert {entry.wallet for entry, _ in then.context["members"]} == {good, bad}
    assert then.context["version"] == 2
    for nonsense in ("2026-13-40", "x", "2030-01-01", "0001-01-01"):
        page = Client().get(f"/the-list/?on={nonsense}")
        assert page.status_code == 200
        expected = [] if nonsense.startswith("0001") else [good]
        assert [entry.wallet for entry, _ in page.context["members"]] == expected, nonsense


def test_an_empty_list_says_so() -> None:
    html = Client().get("/the-list/").content.decode()
    assert "Nobody was on the list so far." in html
    assert "30 closed positions" in html


def test_the_wallets_page_tells_since_when_and_till_when(
    as_alice: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wallets.actions import follow_wallet

    wallet = make_wallet()
    follow_wallet(alice, address=wallet.address)
    curate_wallet(wallet, reason="good")
    page = as_alice.get(wallet.get_absolute_url()).content.decode()
    assert ">on the list since 1 Nov 2026<" in page
    _days_later(monkeypatch, 4)
    curate_wallet(wallet, curated=False, reason="Left <it>")
    page = as_alice.get(wallet.get_absolute_url()).content.decode()
    assert ">on the list 1 Nov 2026 to 5 Nov 2026<" in page
    assert "Taken off the list on 5 Nov 2026: Left &lt;it&gt;." in page


def test_a_longer_history_costs_no_more_queries(
    as_alice: Client, django_assert_num_queries: Any
) -> None:
    curate_wallet(make_wallet("first"))
    as_alice.get("/the-list/")
    with django_assert_num_queries(9):
        as_alice.get("/the-list/")
    for number in range(5):
        wallet = make_wallet(f"w{number}")
        make_trade(wallet)
        curate_wallet(wallet)
        if number % 2:
            curate_wallet(wallet, curated=False)
    with django_assert_num_queries(9):
        as_alice.get("/the-list/")
