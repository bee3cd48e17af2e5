"""What is pushed is what a freshly fetched page shows, and holds nothing private."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from aura.core.events import announce
from aura.models import User
from tests.make import SOL, make_token, make_trade, make_wallet
from wallets.actions import curate_wallet, follow_wallet
from wallets.events import BooksChanged, TradesRecorded
from wallets.models import Trade, Wallet
from wallets.subscribers import push_news

pytestmark = pytest.mark.django_db


def _announce(*facts: Any) -> None:
    with transaction.atomic():
        announce(*facts)


@pytest.fixture(autouse=True)
def reader_at_the_end() -> None:
    assert push_news() is False


def _element(html: str, opening: str) -> str:
    """The element that starts with `opening`, up to its closing tag (none is nested in itself)."""
    tag = opening[1:].split()[0]
    start = html.index(opening)
    return html[start : html.index(f"</{tag}>", start) + len(tag) + 3]


def _two_trades(wallet: Wallet) -> list[Trade]:
    return [make_trade(wallet, "buy", slot=1), make_trade(wallet, "sell", lamports=2 * SOL, slot=2)]


@pytest.mark.parametrize("page", ["/", "/feed/", "wallet"])
def test_a_pushed_trade_is_the_row_of_the_page(
    as_bob: Client, sent: list[dict[str, Any]], page: str
) -> None:
    wallet = make_wallet(curated=True)
    trades = _two_trades(wallet)
    _announce(TradesRecorded([t.pk for t in trades], [wallet.pk]))
    assert push_news() is True
    frame = sent[0]
    assert frame["to"] == f"wallet:{wallet.pk}"
    assert frame["swap"] == "afterbegin"
    assert frame["target"] == f'[data-trades="all"],[data-trades="{wallet.address}"]'
    url = wallet.get_absolute_url() if page == "wallet" else page
    html = as_bob.get(url).content.decode()
    assert re.findall(r'<tr id="trade-(\d+)"', frame["content"]) == [
        str(trades[1].pk), str(trades[0].pk)
    ]  # fmt: skip
    for trade in trades:
        opening = f'<tr id="trade-{trade.pk}"'
        assert _element(frame["content"], opening) == _element(html, opening)
    of = wallet.address if page == "wallet" else "all"
    assert f'data-trades="{of}"' in html


def test_pushed_figures_are_those_of_the_pages(as_bob: Client, sent: list[dict[str, Any]]) -> None:
    wallet = make_wallet(curated=True)
    _two_trades(wallet)
    _announce(BooksChanged([wallet.pk]), BooksChanged([wallet.pk]))
    assert push_news() is True
    assert [(f["to"], f["target"], f["swap"]) for f in sent] == [
        (f"wallet:{wallet.pk}", f"#whale-{wallet.pk}", "outerMorph"),
        (f"wallet:{wallet.pk}", f"#stats-{wallet.pk}", "outerMorph"),
    ]
    row = f'<tr id="whale-{wallet.pk}"'
    page = as_bob.get("/whales/").content.decode()
    assert _element(sent[0]["content"], row) == _element(page, row)
    cards = f'<section class="cards" id="stats-{wallet.pk}"'
    page = as_bob.get(wallet.get_absolute_url()).content.decode()
    assert _element(sent[1]["content"], cards) == _element(page, cards)


def test_a_pushed_fragment_holds_no_nickname_and_no_form(
    alice: User, sent: list[dict[str, Any]]
) -> None:
    wallet = make_wallet()
    trades = _two_trades(wallet)
    follow_wallet(alice, address=wallet.address, nickname="Secret name")
    sent.clear()
    _announce(TradesRecorded([t.pk for t in trades], [wallet.pk]))
    push_news()
    everything = "".join(f["content"] for f in sent)
    assert len(sent) == 3
    assert "Secret name" not in everything
    assert "csrf" not in everything
    assert "Following" not in everything
    assert f'<bdi class="who" data-wallet="{wallet.address}">{wallet.short}</bdi>' in everything


def test_news_is_pushed_to_the_wallets_it_is_about_and_once(sent: list[dict[str, Any]]) -> None:
    one, two = make_wallet("one"), make_wallet("two")
    first, second = make_trade(one, slot=1), make_trade(two, slot=2)
    _announce(TradesRecorded([first.pk], [one.pk]), TradesRecorded([second.pk], [two.pk]))
    push_news()
    rows = {f["to"]: f["content"] for f in sent if "data-trades" in f["target"]}
    assert set(rows) == {f"wallet:{one.pk}", f"wallet:{two.pk}"}
    assert f'id="trade-{first.pk}"' in rows[f"wallet:{one.pk}"]
    assert f'id="trade-{second.pk}"' not in rows[f"wallet:{one.pk}"]
    assert len(sent) == 6
    sent.clear()
    assert push_news() is False
    assert sent == []


def test_a_trade_gone_before_its_news_is_read_is_no_trouble(sent: list[dict[str, Any]]) -> None:
    _announce(TradesRecorded([10**9], [10**9]))
    assert push_news() is True
    assert sent == []


def test_a_flood_goes_in_pieces_of_what_a_page_shows(sent: list[dict[str, Any]]) -> None:
    """None is missing on the page, whatever a batch holds; only a history read is cut."""
    wallet = make_wallet(curated=True)
    trades = [make_trade(wallet, slot=n, fold=False) for n in range(1, 222)]
    _announce(TradesRecorded([t.pk for t in trades[:60]], [wallet.pk]))
    push_news()
    rows = [
        re.findall(r'<tr id="trade-(\d+)"', f["content"]) for f in sent if "trade-" in f["content"]
    ]
    newest = [str(t.pk) for t in reversed(trades[:60])]
    assert rows[:2] == [newest[50:], newest[:50]], "the oldest piece first"
    sent.clear()
    _announce(TradesRecorded([t.pk for t in trades], [wallet.pk]))
    push_news()
    rows = [
        re.findall(r'<tr id="trade-(\d+)"', f["content"]) for f in sent if "trade-" in f["content"]
    ]
    assert [len(piece) for piece in rows[:4]] == [50, 50, 50, 50]
    assert rows[3][0] == str(trades[-1].pk)


def test_names_of_tokens_cannot_break_out(sent: list[dict[str, Any]]) -> None:
    wallet, token = make_wallet(), make_token("x")
    token.symbol, token.name = "<img src=x onerror=1>\u202e\u200b", "'\"><script>"
    token.save()
    trade = make_trade(wallet, token=token)
    _announce(TradesRecorded([trade.pk], [wallet.pk]))
    push_news()
    row = sent[0]["content"]
    assert "<bdi>&lt;img src=x…</bdi>" in row
    assert "\u202e" not in row
    assert "<img" not in row


def test_a_fragment_that_cannot_be_rendered_stops_no_other(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = make_wallet("broken", curated=True), make_wallet("fine", curated=True)
    from wallets import subscribers

    whole = subscribers.stats_of

    def breaks(wallet: Wallet) -> Any:
        if wallet == broken:
            raise ValueError("on purpose")
        return whole(wallet)

    monkeypatch.setattr(subscribers, "stats_of", breaks)
    _announce(BooksChanged([broken.pk, fine.pk]))
    assert push_news() is True
    assert {frame["to"] for frame in sent} == {f"wallet:{fine.pk}"}
    assert push_news() is False, "the reader goes on"


@pytest.mark.django_db(transaction=True)
def test_a_wallet_put_on_the_list_makes_open_pages_listen(sent: list[dict[str, Any]]) -> None:
    curate_wallet(make_wallet())
    assert [frame["to"] for frame in sent] == ["everyone"]
