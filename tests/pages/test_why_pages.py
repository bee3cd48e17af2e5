"""Why this number: pages and data that open a figure; how much they ask of the database."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aura.models import User
from tests.busy import make_busy
from tests.make import START, make_token, make_trade, make_wallet
from tests.trips import make_three_trips, text_of
from tests.wallets.dealing import SOL, Deal, deal, pool_of
from wallets.actions import inspect_wallet
from wallets.domain.statistics import RULES
from wallets.models import Position, Wallet
from wallets.queries.why import OPENED
from wallets.views.why import RECKONED, SUMS

pytestmark = pytest.mark.django_db


@pytest.fixture
def whale() -> Wallet:
    return make_three_trips()


@pytest.mark.parametrize("figure", sorted(OPENED))
def test_every_figure_opens_as_a_page_and_as_the_same_data(
    as_alice: Client, whale: Wallet, figure: str
) -> None:
    make_trade(whale, token=make_token("HELD"), slot=1_030)
    url = f"{whale.get_absolute_url()}why/{figure}/"
    page = as_alice.get(url)
    html = page.content.decode()
    opened = page.context["why"]
    assert opened.adds_up
    has_value = opened.figure.value is not None
    assert ("Adds up" in html, "Nothing to add up" in html) == (has_value, not has_value)
    rule = RULES[figure]
    assert f"Rule <code>{rule.id}</code>, version {rule.version}" in html
    assert str(rule.text[:40]) in html.replace("&#x27;", "'")
    data = as_alice.get(url + "?format=json")
    assert data["Content-Type"] == "application/json"
    told = json.loads(data.content)
    assert told["figure"]["rule"]["id"] == figure
    assert (told["adds_up"], told["total"], told["sums"]) == (True, opened.total, opened.sums)
    assert len(told["parts"]) == len(opened.parts) > 0


def test_what_is_held_opens_to_the_pool_it_would_be_sold_into(
    as_alice: Client, standing_clock: datetime
) -> None:
    """1,000 of 9,000 against 90 SOL at 0.25 %: 8.98 SOL for what cost one."""
    whale = make_wallet(curated=True)
    then = standing_clock - timedelta(hours=2)
    there: dict[str, Any] = {"costs": 0, "venue": "Raydium AMM v4"}
    held = Deal(then, "buy", "A", 1_000, SOL, reserves=(9_000, 90 * SOL), **there)
    deal(whale, [held])
    url = whale.get_absolute_url()
    card = text_of(as_alice.get(url).content.decode())
    assert "Unrealised ▲ +7.98 SOL n 1 reserves as last seen at" in card
    html = as_alice.get(f"{url}why/unrealised/").content.decode()
    told = text_of(html)
    assert "Cost 1.00 SOL , worth 8.98 SOL if sold on Raydium AMM v4." in told
    assert f"The pool {pool_of(held)} stood at 9,000 raw against 90.00 SOL" in told
    assert "its fee is 0.25% ." in told
    assert "Adds up" in told


def test_a_followers_fills_show_the_pool_and_its_fee(
    as_alice: Client, standing_clock: datetime
) -> None:
    """2.5 SOL into and out of 200 SOL: 0.9975² × (200 / 202.49)² − 1 = −2.9 %, and the costs."""
    whale, other = make_wallet(curated=True), make_wallet("other")
    there: dict[str, Any] = {"venue": "Raydium AMM v4", "reserves": (10**12, 200 * SOL)}
    for hours, side in ((3, "buy"), (2, "sell")):
        at = standing_clock - timedelta(hours=hours)
        deal(whale, [Deal(at, side, "A", 100, SOL)])
        deal(other, [Deal(at + timedelta(seconds=15), side, "A", 1, 9, **there)])
    inspect_wallet(whale.pk, now=standing_clock)
    url = whale.get_absolute_url()
    card = text_of(as_alice.get(url).content.decode())
    assert re.search(
        r"Copyability ▼ −2\.9% too few for an interval · n 1 15 s later with \$500", card
    )
    told = text_of(as_alice.get(f"{url}why/copyability/").content.decode())
    assert "200.00 SOL 0.25% Raydium AMM v4" in told
    assert "Fees and the impact of the follower's own size are included." in told


def test_accept_asks_for_data_too(as_alice: Client, whale: Wallet) -> None:
    url = f"{whale.get_absolute_url()}why/win_rate/"
    answers = {
        accept: as_alice.get(url, headers={"Accept": accept})["Content-Type"]
        for accept in ("application/json", "text/html,*/*;q=0.8", "*/*", "image/png")
    }
    assert [kind.split(";")[0] for kind in answers.values()] == [
        "application/json", "text/html", "text/html", "text/html",
    ]  # fmt: skip
    assert "Accept" in as_alice.get(url)["Vary"]


def test_a_why_opens_to_trades_their_prices_and_their_transactions(
    as_alice: Client, whale: Wallet
) -> None:
    html = as_alice.get(f"{whale.get_absolute_url()}why/win_rate/?window=24h").content.decode()
    for part in ("Trades", "Lots", "Pieces that left"):
        assert html.count(f"<h3>{part}</h3>") == 1
    hashes = set(re.findall(r"https://solscan.io/tx/(\w+)", html))
    assert len(hashes) == 2
    assert "no price" in html
    assert "3.00 <small>SOL</small>" in html


def test_sums_that_do_not_make_the_figure_are_owned_up_to(as_alice: Client, whale: Wallet) -> None:
    Position.objects.filter(no=2).update(realised_lamports=7)
    html = as_alice.get(f"{whale.get_absolute_url()}why/win_rate/").content.decode()
    assert "This is a fault of ours." in html
    assert "Adds up" not in html


def test_parts_are_paged_without_gap_or_repeat(as_alice: Client) -> None:
    wallet = make_wallet(curated=True)
    make_busy(wallet, trades=60, tokens=3, until=START, days=2)
    url = f"{wallet.get_absolute_url()}why/win_rate/"
    seen: list[Any] = []
    for offset in (0, 10, 20):
        page = as_alice.get(f"{url}?offset={offset}")
        seen += [(part.mint, part.no) for part, _, _ in page.context["parts"]]
    assert len(seen) == len(set(seen)) == 30
    assert page.context["later"] is None
    data = json.loads(as_alice.get(f"{url}?format=json&limit=3&offset=28").content)
    assert [(p["mint"], p["no"]) for p in data["parts"]] == seen[28:]
    for nonsense in ("offset=999999999999999999", "offset=x", "limit=0", "limit=99999"):
        assert as_alice.get(f"{url}?{nonsense}").status_code == 200, nonsense


def test_no_stranger_opens_a_why_and_no_figure_is_made_up(as_alice: Client, whale: Wallet) -> None:
    hidden = make_wallet("hidden")
    assert as_alice.get(f"{hidden.get_absolute_url()}why/win_rate/").status_code == 404
    assert as_alice.get(f"{whale.get_absolute_url()}why/dust/").status_code == 404
    assert as_alice.get(f"{whale.get_absolute_url()}why/made_up/").status_code == 404
    answer = Client().get(f"{whale.get_absolute_url()}why/win_rate/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_every_figure_says_what_it_is_reckoned_from() -> None:
    assert set(RECKONED) == set(OPENED)
    names = {token for terms in RECKONED.values() for token in terms if token.isidentifier()}
    assert names - {"of"} <= set(SUMS)


# ---- many trades


PAGES = {
    "wallet": 26, "wallet?window=7d": 27, "why/win_rate/": 24, "why/realised/": 24,
    "why/roi/": 26, "why/unrealised_mark/": 20, "why/copyability/": 15, "leaderboard": 8,
    "compare": 17,
}  # fmt: skip


@pytest.mark.slow
def test_a_wallet_of_five_thousand_trades_asks_the_database_no_more(
    as_alice: Client, alice: User, standing_clock: datetime
) -> None:
    few, many = make_wallet("few", curated=True), make_wallet("many", curated=True)
    make_busy(few, trades=41, until=standing_clock, days=40)
    make_busy(many, trades=5_001, until=standing_clock, days=400)
    counts = {name: [_queries(as_alice, name, wallet) for wallet in (few, many)] for name in PAGES}
    assert counts == {name: [limit, limit] for name, limit in PAGES.items()}


def _queries(client: Client, name: str, wallet: Wallet) -> int:
    page, _, query = name.partition("?")
    url = {
        "wallet": f"{wallet.get_absolute_url()}?{query}",
        "leaderboard": "/leaderboard/",
        "compare": f"/compare/?w={wallet.address}",
    }.get(page, f"{wallet.get_absolute_url()}{page}")
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)
