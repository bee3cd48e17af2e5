"""The wallet's page and the page of one position, which shows what its result is made of."""

import pytest
from django.test import Client

from aura.models import User
from tests.make import SOL, START, make_token, make_trade, make_wallet
from wallets.actions import follow_wallet
from wallets.models import Disposal, Lot, Position

pytestmark = pytest.mark.django_db


def test_a_position_opens_to_lots_and_pieces_that_add_up(as_alice: Client) -> None:
    wallet = make_wallet(curated=True)
    make_trade(wallet, "buy", raw=700, lamports=SOL, slot=1)
    make_trade(wallet, "buy", raw=300, lamports=SOL, slot=2)
    make_trade(wallet, "sell", raw=900, lamports=3 * SOL, slot=3)
    position = Position.objects.get()
    page = as_alice.get(f"/whales/{wallet.address}/positions/{position.mint}/{position.no}/")
    story = page.context["story"]
    assert (len(story.lots), len(story.pieces)) == (Lot.objects.count(), Disposal.objects.count())
    assert (len(story.lots), len(story.pieces)) == (2, 2)
    assert story.adds_up
    assert story.proceeds_lamports - story.cost_lamports == position.realised_lamports
    assert "Adds up to the lamport" in page.content.decode()


def test_a_position_that_does_not_add_up_says_so(as_alice: Client) -> None:
    wallet = make_wallet(curated=True)
    make_trade(wallet, "buy", slot=1)
    make_trade(wallet, "sell", lamports=2 * SOL, slot=2)
    Position.objects.update(realised_lamports=7)
    position = Position.objects.get()
    page = as_alice.get(f"/whales/{wallet.address}/positions/{position.mint}/0/").content.decode()
    assert "This is a fault of ours." in page
    assert "Adds up" not in page


@pytest.mark.parametrize("tail", ["", "?before=999999999999", "?before=x", "?positions=99"])
def test_a_wallet_without_trades_teaches_and_never_fails(
    as_alice: Client, alice: User, tail: str
) -> None:
    wallet = make_wallet(curated=True, unseen=True)
    follow_wallet(alice, address=wallet.address)
    page = as_alice.get(wallet.get_absolute_url() + tail)
    assert page.status_code == 200
    assert "No position yet." in page.content.decode()
    assert "No trade yet." in page.content.decode()


@pytest.mark.parametrize("whole", [True, False])
def test_card_and_record_agree_on_how_far_back_it_is_complete(
    as_alice: Client, whole: bool
) -> None:
    wallet = make_wallet(curated=True, whole_history=whole, complete_since=START)
    page = as_alice.get(wallet.get_absolute_url()).content.decode()
    since = '<time datetime="2026-11-01T12:00:00+00:00">1 Nov 2026 12:00</time>'
    ends = "the first transaction" if whole else since
    assert f"<dd>since {ends}</dd>" in page
    assert f'<p class="under">Complete since {ends}</p>' in page


def test_links_lead_to_the_explorers(as_alice: Client) -> None:
    wallet = make_wallet(curated=True)
    page = as_alice.get(wallet.get_absolute_url()).content.decode()
    assert f'href="https://solscan.io/account/{wallet.address}"' in page
    assert f'href="https://axiom.trade/@{wallet.address}"' in page


def test_an_unknown_token_is_shown_by_mint_and_raw_units(as_alice: Client) -> None:
    wallet, token = make_wallet(curated=True), make_token("GONE")
    mint = token.mint
    make_trade(wallet, token=token, raw=1_234_567)
    token.delete()
    page = as_alice.get("/feed/").content.decode()
    assert f'title="{mint}">{mint[:4]}…{mint[-4:]}</bdi>' in page
    assert "1,234,567 <small>raw</small>" in page


@pytest.mark.parametrize("path", ["/whales/nonsense/", "/whales/%00/", "/nowhere", "/feed/x/"])
def test_a_wrong_address_is_a_page_of_ours(as_alice: Client, path: str) -> None:
    page = as_alice.get(path)
    assert page.status_code == 404
    assert "There is nothing at this address" in page.content.decode()
