"""Bad input from its door to the pages: no wallet, no price, nothing bought, nothing seen."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from aura.core import clock, live
from aura.core.live import EVERYONE
from aura.models import User
from market.actions import record_sol_prices
from market.domain.prices import SolQuote
from tests.make import make_token, make_wallet
from tests.payloads.chain import SPL, SYSTEM, WSOL, vault, wallet
from tests.wallets.strange import YENNI, arrive, swapped
from wallets.actions import curate_wallet, follow_wallet, mark_swept, price_trades, track_wallet
from wallets.domain.programs import JUPITER, PUMP, RAYDIUM_V4, USDC
from wallets.models import Follow, Position, Trade, Wallet, WalletStats

pytestmark = pytest.mark.django_db
AT = 1_793_534_400
SOL = 10**9
NOW = datetime.fromtimestamp(AT + 1_800, UTC)


@pytest.fixture(autouse=True)
def _standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def page(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def yenni(page: Client) -> Wallet:
    """A wallet on the list, recorded from now on."""
    found, _ = track_wallet(YENNI, sweep=False)
    curate_wallet(found)
    return found


def _html(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (SYSTEM, "the System program"),
        (SPL, "the SPL Token program"),
        (PUMP, "the pump.fun program"),
        (JUPITER, "the Jupiter v6 program"),
        ("Stake11111111111111111111111111111111111111", "an address Solana reserves for itself"),
        ("SysvarC1ock11111111111111111111111111111111", "an address Solana reserves for itself"),
        ("1nc1nerator11111111111111111111111111111111", "an address Solana reserves for itself"),
        (WSOL, "a token"),
        (USDC, "a token"),
    ],
)
def test_what_is_known_to_be_nobodys_wallet_is_refused_in_words(
    page: Client, address: str, what: str
) -> None:
    answer = page.post("/whales/add/", {"address": address, "nickname": ""})
    assert answer.status_code == 422
    said = f"That is {what}, not a wallet: nobody trades with it."
    assert said in answer.content.decode()
    assert (Wallet.objects.count(), Follow.objects.count()) == (0, 0)


def test_a_mint_that_was_traded_is_no_wallet_before_that_it_may_be(page: Client) -> None:
    token = make_token("WIF")
    mint = token.mint
    answer = page.post("/whales/add/", {"address": mint, "nickname": ""})
    assert answer.status_code == 422
    assert "That is a token, not a wallet" in answer.content.decode()
    token.delete()
    assert page.post("/whales/add/", {"address": mint}).status_code == 302
    assert Follow.objects.get().wallet.address == mint


def test_a_program_followed_before_it_was_known_has_neither_trades_nor_books(page: Client) -> None:
    program = Wallet.objects.create(address=RAYDIUM_V4, curated=True)
    Wallet.objects.create(address=YENNI, curated=True)
    arrive(swapped(1, buy=True, raw=500, lamports=SOL, at=AT))
    assert Trade.objects.get().wallet.address == YENNI
    assert not program.activities.exists()
    html = _html(page, program.get_absolute_url())
    assert "No trade yet." in html
    assert "No position yet." in html


@pytest.mark.parametrize(
    ("address", "kind"),
    [(vault("squad"), Wallet.Kind.PROGRAM_OWNED), (wallet("somebody"), Wallet.Kind.WALLET)],
)
def test_a_vault_can_be_followed_for_several_signers_own_such(
    page: Client, address: str, kind: Wallet.Kind
) -> None:
    assert page.post("/whales/add/", {"address": address}).status_code == 302
    assert Wallet.objects.get(address=address).kind == kind


def test_while_the_price_of_sol_is_silent_dollars_are_unknown_and_never_zero(
    page: Client, yenni: Wallet
) -> None:
    """A price older than ten minutes is none; one that comes late fills what waited for it."""
    start = datetime.fromtimestamp(AT, UTC)
    record_sol_prices([SolQuote(start - timedelta(minutes=11), Decimal(140), "early")])
    arrive(swapped(1, buy=True, raw=500, lamports=2 * SOL, at=AT))
    arrive(swapped(2, buy=False, raw=500, lamports=3 * SOL, at=AT + 60, held=500))
    assert list(Trade.objects.values_list("value_usd", flat=True)) == [None, None]
    stats = WalletStats.objects.get()
    assert (stats.realised_usd, stats.volume_usd) == (None, None)
    assert (stats.realised_lamports, stats.wins) == (SOL - 10_000, 1)
    base = yenni.get_absolute_url()
    html = _html(page, base)
    assert "no dollar price known for every piece" in html
    assert "no dollar price known for every trade" in html
    assert html.count('title="no price known">—') == 2, "one a trade"
    assert "$0" not in html
    told = json.loads(_html(page, f"{base}why/realised_usd/?format=json"))
    assert (told["figure"]["value"], told["sums"]["unpriced"]) == (None, 1)
    assert told["figure"]["missing_reason"] == "1 of 1 pieces sold lack a price of SOL"
    assert "1 of 1 pieces sold lack a price of SOL" in html
    assert "no price" in _html(page, f"{base}why/win_rate/")
    assert price_trades() == 0, "the price of eleven minutes ago is none"

    record_sol_prices([SolQuote(start, Decimal(150), "late")])
    assert price_trades() == 2
    values = Trade.objects.order_by("slot").values_list("value_usd", flat=True)
    assert list(values) == [Decimal(300), Decimal(450)]
    assert WalletStats.objects.get().realised_usd == Decimal("149.9985")
    assert Position.objects.get().realised_usd == Decimal("149.9985")
    html = _html(page, base)
    assert "no dollar price known" not in html
    assert html.count('title="no price known">—') == 0
    told = json.loads(_html(page, f"{base}why/realised_usd/?format=json"))
    assert told["sums"]["unpriced"] == 0
    assert told["parts"][0]["trades"][0]["price"]["source"] == "late"
    assert told["adds_up"] is True


def test_a_sale_of_what_was_never_bought_is_no_profit_no_win_and_no_rank(
    page: Client, yenni: Wallet
) -> None:
    arrive(swapped(1, buy=True, raw=500, lamports=SOL, at=AT))
    arrive(swapped(2, buy=False, raw=500, lamports=2 * SOL, at=AT + 1, held=500))
    base = yenni.get_absolute_url()
    stats = WalletStats.objects.get()
    assert (stats.wins, stats.closed_positions, stats.coverage) == (1, 1, 1.0)
    realised = stats.realised_lamports
    assert f'id="rank-{yenni.pk}"' in _html(page, "/leaderboard/?window=all")

    arrive(swapped(3, buy=False, raw=900, lamports=2 * SOL, at=AT + 2, held=900, coin="gift"))
    stats = WalletStats.objects.get()
    assert (stats.wins, stats.closed_positions, stats.realised_lamports) == (1, 1, realised)
    assert stats.unknown_proceeds_lamports == 2 * SOL - 5_000
    assert stats.coverage == pytest.approx(0.5)
    gift = Position.objects.exclude(full_basis=True).get()
    assert (gift.realised_lamports, gift.is_open) == (0, False)
    html = _html(page, base)
    assert "sold at unknown cost" in html
    assert "part unknown" in html
    assert '<span class="num">50.0%</span></span>' in html, "the coverage card"
    position = _html(page, f"{base}positions/{gift.mint}/0/")
    assert "came from units of unknown cost" in position
    board = _html(page, "/leaderboard/?window=all")
    assert f'id="rank-{yenni.pk}"' not in board
    assert "1 wallet hidden" in board
    told = json.loads(_html(page, f"{base}why/coverage/?format=json"))
    assert told["sums"] == {
        "known_lamports": 2 * SOL - 5_000, "sold_lamports": 4 * SOL - 10_000, "sold": 2
    }  # fmt: skip
    assert told["adds_up"] is True
    told = json.loads(_html(page, f"{base}why/win_rate/?format=json"))
    assert (told["figure"]["value"], told["sums"]) == (1.0, {"wins": 1, "closed": 1})


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_curated_wallet_the_chain_never_saw_is_its_followers_alone(
    page: Client, alice: User, carol: User, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    told: list[Any] = []
    monkeypatch.setattr(live, "_send", lambda to, text: told.append(to) if text is None else None)
    yenni, _ = track_wallet(YENNI, sweep=False)
    other = make_wallet("seen", curated=True)
    curate_wallet(yenni)
    follow_wallet(alice, address=YENNI)
    stranger, path = _client(carol), yenni.get_absolute_url()
    with django_capture_on_commit_callbacks(execute=True):
        mark_swept(yenni, at=NOW, up_to_slot=None, is_partial=False, unseen=True)
    assert told == [EVERYONE], "open pages stop listening"
    assert set(Wallet.objects.visible_to(carol)) == {other}
    assert set(Wallet.objects.visible_to(alice)) == {yenni, other}
    assert stranger.get(path).status_code == 404
    assert "The chain shows no history for this address." in _html(page, path)
    for seen_by_all in ("/the-list/", "/whales/"):
        assert YENNI not in _html(stranger, seen_by_all)

    told.clear()
    with django_capture_on_commit_callbacks(execute=True):
        arrive(swapped(1, buy=True, raw=500, lamports=SOL, at=AT))
    assert told == [EVERYONE], "open pages listen from now on"
    assert set(Wallet.objects.visible_to(carol)) == {yenni, other}
    assert f'id="trade-{Trade.objects.get().pk}"' in _html(stranger, path)
    assert YENNI in _html(stranger, "/the-list/")
    told.clear()
    with django_capture_on_commit_callbacks(execute=True):
        arrive(swapped(2, buy=True, raw=500, lamports=SOL, at=AT + 1, held=500))
    assert told == [], "it is seen once"


def test_a_sweep_that_found_nothing_hides_nobody_who_traded_meanwhile(yenni: Wallet) -> None:
    arrive(swapped(1, buy=True, raw=500, lamports=SOL, at=AT))
    mark_swept(yenni, at=NOW, up_to_slot=None, is_partial=False, unseen=True)
    yenni.refresh_from_db()
    assert yenni.unseen is False
