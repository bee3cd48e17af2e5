"""What the lists show: filters and sorts from the URL, in a fixed number of queries."""

import re
from typing import Any

import pytest
from django.test import Client

from aura.models import User
from tests.make import SOL, make_token, make_trade, make_wallet
from wallets.actions import follow_wallet
from wallets.models import Trade, Wallet, WalletStats

pytestmark = pytest.mark.django_db


def _whales(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/whales/?{query}")
    assert page.status_code == 200
    return [wallet.address for wallet, _ in page.context["wallets"]]


def _trip(wallet: Wallet, *, won: bool, slot: int) -> None:
    make_trade(wallet, "buy", lamports=SOL, slot=slot)
    make_trade(wallet, "sell", lamports=2 * SOL if won else SOL // 2, slot=slot + 1)


@pytest.fixture
def four(alice: User) -> dict[str, Wallet]:
    """A winner of ten, a winner of one, a loser, and one that does nothing; all curated."""
    made = {name: make_wallet(name, curated=True) for name in ("ten", "one", "loser", "idle")}
    for trip in range(10):
        _trip(made["ten"], won=trip != 0, slot=1_000 + 2 * trip)
    _trip(made["one"], won=True, slot=5_000)
    _trip(made["loser"], won=False, slot=6_000)
    follow_wallet(alice, address=made["loser"].address, nickname="Aardvark")
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ten", "one", "loser", "idle"]),
        ("only=active", ["ten", "one", "loser"]),
        ("only=profitable", ["ten", "one"]),
        ("only=high-win-rate", ["ten", "one"]),
        ("sort=pnl", ["loser", "one", "ten", "idle"]),
        ("sort=-last", ["loser", "one", "ten", "idle"]),
        ("sort=-trades", ["ten", "one", "loser", "idle"]),
        ("q=aardv", ["loser"]),
        ("q=aardv&only=profitable", []),
        ("only=nonsense&sort=1;drop&page=999", ["ten", "one", "loser", "idle"]),
        ("q=%00%F0%9F%90%8B", []),
    ],
)
def test_whales_are_found_filtered_and_sorted_by_the_url(
    as_alice: Client, four: dict[str, Wallet], query: str, names: list[str]
) -> None:
    assert _whales(as_alice, query) == [four[name].address for name in names]


def test_a_lucky_trade_does_not_outrank_many_good_ones(
    as_alice: Client, four: dict[str, Wallet]
) -> None:
    rates = dict(WalletStats.objects.values_list("wallet", "win_rate"))
    assert (rates[four["one"].pk], rates[four["ten"].pk]) == (1.0, 0.9)
    assert _whales(as_alice)[:2] == [four["ten"].address, four["one"].address]


def test_sort_by_name_goes_by_nickname_before_address(
    as_alice: Client, as_bob: Client, four: dict[str, Wallet]
) -> None:
    by_address = sorted((w.address for w in four.values()), key=str.lower)
    assert _whales(as_bob, "sort=name") == by_address
    expected = sorted(
        four.values(),
        key=lambda w: "aardvark" if w == four["loser"] else w.address.lower(),
    )
    assert _whales(as_alice, "sort=name") == [w.address for w in expected]


def test_the_four_stat_cards(as_alice: Client, four: dict[str, Wallet]) -> None:
    cards = as_alice.get("/whales/").context["cards"]
    assert (cards.wallets, cards.active) == (4, 3)
    assert cards.win_rate == pytest.approx((0.9 + 1.0 + 0.0) / 3)
    assert cards.volume_lamports == 10 * SOL + 9 * 2 * SOL + SOL // 2 + 3 * SOL + SOL + SOL // 2


def test_a_search_is_a_name_and_not_a_pattern(as_alice: Client, four: dict[str, Wallet]) -> None:
    assert _whales(as_alice, "q=%25") == []
    assert _whales(as_alice, "q=_") == []


def _feed(client: Client, query: str = "") -> list[int]:
    page = client.get(f"/feed/?{query}")
    assert page.status_code == 200
    return [int(pk) for pk in re.findall(r'<tr id="trade-(\d+)"', page.content.decode())]


def test_the_feed_filters_by_side_size_and_follow(as_alice: Client, alice: User) -> None:
    mine, other = make_wallet("mine", curated=True), make_wallet("other", curated=True)
    follow_wallet(alice, address=mine.address)
    buy = make_trade(mine, "buy", lamports=SOL, slot=1).pk
    sell = make_trade(mine, "sell", lamports=3 * SOL, slot=2).pk
    big = make_trade(other, "buy", lamports=5 * SOL, slot=3).pk
    assert _feed(as_alice) == [big, sell, buy]
    assert _feed(as_alice, "side=buy") == [big, buy]
    assert _feed(as_alice, "min=3") == [big, sell]
    assert _feed(as_alice, "min=3.000000001") == [big]
    assert _feed(as_alice, "followed=1") == [sell, buy]
    assert _feed(as_alice, "followed=1&side=sell&min=2") == [sell]
    for nonsense in ("side=steal", "min=NaN", "min=-1", "min=1e99", "min=x", "before=x"):
        assert _feed(as_alice, nonsense) == [big, sell, buy], nonsense


def test_older_trades_follow_without_gap_or_repeat(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallets.views.feed.FEED_ROWS", 3)
    wallet = make_wallet(curated=True)
    for slot in range(8):
        make_trade(wallet, slot=slot + 1, fold=False)
    # the same slot, with places known and unknown
    Trade.objects.filter(slot__lte=6).update(slot=1)
    for place, trade in enumerate(Trade.objects.filter(slot=1).order_by("pk")):
        Trade.objects.filter(pk=trade.pk).update(tx_index=None if place % 2 else place)
    everything = list(
        Trade.objects.order_by("-slot", "-tx_index", "-id").values_list("pk", flat=True)
    )
    seen: list[int] = []
    query = ""
    for _ in range(3):
        rows = _feed(as_alice, query)
        seen += rows
        query = f"before={rows[-1]}"
    assert seen == everything
    assert _feed(as_alice, query) == []


@pytest.mark.parametrize("page", ["/", "/whales/", "/feed/", "wallet"])
def test_more_rows_cost_no_more_queries(
    as_alice: Client, alice: User, page: str, django_assert_num_queries: Any
) -> None:
    wallets = [make_wallet(f"w{n}", curated=True) for n in range(3)]
    url = wallets[0].get_absolute_url() if page == "wallet" else page
    limit = {"/": 11, "/whales/": 8, "/feed/": 5, "wallet": 26}[page]
    make_trade(wallets[0], slot=1)
    make_trade(wallets[0], "sell", raw=500_000, slot=2)
    make_trade(wallets[0], token=make_token("HELD"), slot=3)
    as_alice.get(url)
    with django_assert_num_queries(limit):
        as_alice.get(url)
    for number, wallet in enumerate(wallets):
        follow_wallet(alice, address=wallet.address, nickname=f"n{number}")
        for trade in range(3):
            token = make_token(f"T{number}{trade}")
            make_trade(wallet, token=token, slot=100 * number + 2 * trade + 12)
            make_trade(wallet, "sell", token=token, slot=100 * number + 2 * trade + 13)
    with django_assert_num_queries(limit):
        as_alice.get(url)
