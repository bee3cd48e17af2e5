"""Wallets beside each other: the leaderboard, and comparing up to five."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from aura.core import clock
from aura.models import User
from tests.make import SOL, make_trade, make_wallet
from tests.trips import DAY_SLOTS, make_trip, text_of
from wallets.actions import follow_wallet, inspect_wallet
from wallets.models import Wallet, WindowStats

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(alice: User) -> dict[str, Wallet]:
    """A winner of ten, a winner of one, a loser, one of unknown cost; the loser is followed."""
    made = {
        name: make_wallet(name, curated=True, character="kol" if name == "one" else "")
        for name in ("ten", "one", "loser", "unknown")
    }
    for trip in range(10):
        make_trip(made["ten"], lamports=2 * SOL if trip else SOL // 2, slot=1_000 + 2 * trip)
    make_trip(made["one"], lamports=9 * SOL, slot=1_100)
    make_trip(made["loser"], lamports=SOL // 2, slot=1_000 - 2 * DAY_SLOTS)
    make_trade(made["unknown"], "sell", slot=1_200)
    follow_wallet(alice, address=made["loser"].address, nickname="Aardvark")
    for wallet in made.values():
        inspect_wallet(wallet.pk, now=clock.now())
    return made


def _board(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/leaderboard/?{query}")
    assert page.status_code == 200
    return [row.wallet.address for row in page.context["page"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ten", "one", "loser"]),
        ("sort=win", ["loser", "one", "ten"]),
        ("sort=-pnl", ["ten", "one", "loser"]),
        ("sort=-roi", ["one", "ten", "loser"]),
        ("sort=-profit-factor", ["ten", "loser", "one"]),
        ("sort=-adjusted", ["ten", "one", "loser"]),
        ("least=2", ["ten"]),
        ("window=24h", ["ten", "one"]),
        ("character=kol", ["one"]),
        ("style=flipper&least=1", ["ten", "one", "loser"]),
        ("style=holder", []),
        ("sort=1;drop&least=x&window=1y&style=%00&page=99", ["ten", "one", "loser"]),
    ],
)
def test_the_leaderboard_is_chosen_and_ranked_by_the_url(
    as_alice: Client, four: dict[str, Wallet], query: str, names: list[str]
) -> None:
    assert _board(as_alice, query) == [four[name].address for name in names]


def test_who_is_not_covered_is_hidden_and_counted(
    as_alice: Client, four: dict[str, Wallet]
) -> None:
    html = as_alice.get("/leaderboard/").content.decode()
    assert "1 wallet hidden</strong>" in html
    assert four["unknown"].address not in html
    WindowStats.objects.filter(wallet=four["one"]).update(coverage=0.89)
    page = as_alice.get("/leaderboard/")
    assert page.context["unranked"] == 2
    assert four["one"].address not in page.content.decode()


def test_a_stranger_sees_no_wallet_of_others(as_bob: Client, four: dict[str, Wallet]) -> None:
    Wallet.objects.filter(pk=four["loser"].pk).update(curated=False)
    assert four["loser"].address not in _board(as_bob)
    assert len(_board(as_bob)) == 2


def test_each_figure_of_a_row_leads_to_its_why(as_alice: Client, four: dict[str, Wallet]) -> None:
    html = as_alice.get("/leaderboard/?window=7d").content.decode()
    start = four["ten"].get_absolute_url()
    for figure in ("win_rate", "win_rate_shrunk", "realised", "roi", "profit_factor"):
        assert f'href="{start}why/{figure}/?window=7d"' in html
    assert 'data-live-region data-live-when="#whale-*"' in html


# ---- compare


def _compare(client: Client, *wallets: Wallet, query: str = "") -> Any:
    asked = "&".join(f"w={wallet.address}" for wallet in wallets)
    return client.get(f"/compare/?{asked}{query}")


def test_wallets_stand_beside_each_other_with_their_intervals(
    as_alice: Client, four: dict[str, Wallet]
) -> None:
    page = _compare(as_alice, four["ten"], four["one"], query="&window=7d")
    assert [wallet.pk for wallet, _ in page.context["wallets"]] == [four["ten"].pk, four["one"].pk]
    html = page.content.decode()
    row = text_of(html[html.index(">Win rate</th>") :].split("</tr>")[0])
    assert "90.0%" in row
    assert "59.6% to 98.2% · n 10" in row
    assert "20.7% to 100.0% · n 1" in row
    assert html.count("data-chart=") == 1
    lines = json.loads(re.search(r'id="compare-data"[^>]*>(.*?)</script>', html)[1])["lines"]  # type: ignore[index]
    assert [line["address"] for line in lines] == [four["ten"].address, four["one"].address]


def test_a_wallet_is_removed_and_added_by_the_url(
    as_alice: Client, four: dict[str, Wallet]
) -> None:
    page = _compare(as_alice, four["ten"], four["one"], query="&window=7d")
    without = page.context["wallets"][0][1]
    assert without == f"/compare/?w={four['one'].address}&window=7d"
    assert [w.pk for w, _ in as_alice.get(without).context["wallets"]] == [four["one"].pk]
    suggested = page.context["suggested"]
    assert suggested[0] == (four["loser"].address, "Aardvark")
    assert {address for address, _ in suggested} == {
        four["loser"].address, four["unknown"].address,
    }  # fmt: skip
    assert (
        f'href="/compare/?w={four["ten"].address}"'
        in as_alice.get(four["ten"].get_absolute_url()).content.decode()
    )


def test_strangers_wallets_are_left_out_without_a_word_about_them(
    as_alice: Client, four: dict[str, Wallet]
) -> None:
    hidden = make_wallet("hidden")
    nobody = make_wallet("nobody")
    address = nobody.address
    nobody.delete()
    pages = []
    for other in (hidden.address, address):
        page = _compare(as_alice, four["ten"], query=f"&w={other}")
        assert page.status_code == 200
        assert [w.pk for w, _ in page.context["wallets"]] == [four["ten"].pk]
        html = page.content.decode()
        assert "1 of the wallets asked for is not shown" in html
        assert other not in text_of(html)
        html = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", html)
        pages.append(html.replace(other, "WHOEVER"))
    assert pages[0] == pages[1]


def test_no_more_than_five_are_compared(as_alice: Client) -> None:
    wallets = [make_wallet(f"w{n}", curated=True) for n in range(7)]
    page = _compare(as_alice, *wallets, wallets[0], query="&w=nonsense&w=")
    assert [w.pk for w, _ in page.context["wallets"]] == [w.pk for w in wallets[:5]]
    assert page.context["too_many"] == 2
    assert page.context["hidden"] == 0
    empty = as_alice.get("/compare/")
    assert "Nothing to compare yet." in empty.content.decode()
