"""Odd amounts from the webhook to the pages: any decimals, the chain's limit, and beyond it."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from aura.core import clock, live
from tests.payloads.chain import Chain, pay, wallet
from tests.wallets.strange import U64, YENNI, arrive, mint, swapped
from wallets.actions import rebuild, track_wallet
from wallets.models import (
    Delivery,
    Holding,
    Position,
    QuarantinedPayload,
    RawTransaction,
    Trade,
    Wallet,
    WalletStats,
)
from wallets.subscribers import push_news

pytestmark = pytest.mark.django_db
AT = 1_793_534_400
SOL = 10**9


@pytest.fixture
def yenni(monkeypatch: pytest.MonkeyPatch, plans: None) -> Wallet:
    """A wallet on the list, watched by pages that have heard everything so far."""
    now = datetime.fromtimestamp(AT + 1_800, UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    wallet, _ = track_wallet(YENNI, sweep=False)
    Wallet.objects.update(curated=True)
    push_news()
    return wallet


@pytest.fixture
def page(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def _csv(client: Client, path: str) -> list[dict[str, str]]:
    body = b"".join(client.get(path).streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body.decode())))


def _rows(client: Client, path: str) -> list[dict[str, Any]]:
    body = b"".join(client.get(path).streaming_content)  # type: ignore[attr-defined]
    told: list[dict[str, Any]] = json.loads(body)["rows"]
    return told


def _amount(raw: int, exact: str, text: str) -> str:
    return f'<data class="num" value="{raw}" title="{exact}">{text}</data>'


@pytest.mark.parametrize(
    ("decimals", "raw", "exact", "text"),
    [
        (0, 3, "3", "3"),
        (0, U64, "18,446,744,073,709,551,615", "18,446,744.07T"),
        (18, 1, "0.000000000000000001", "0.0000000000000000010"),
        (18, 1_234_567_890_123_456_789, "1.234567890123456789", "1.23"),
        (18, U64, "18.446744073709551615", "18.45"),
        (6, U64, "18,446,744,073,709.551615", "18.45T"),
    ],
)
def test_amounts_of_any_decimals_are_shown_exactly_everywhere(
    yenni: Wallet, page: Client, monkeypatch: pytest.MonkeyPatch,
    decimals: int, raw: int, exact: str, text: str,
) -> None:  # fmt: skip
    frames: list[str] = []
    monkeypatch.setattr(live, "_send", lambda _to, sent: frames.append(sent or ""))
    arrive(swapped(1, buy=True, raw=raw, lamports=2 * SOL, at=AT, decimals=decimals))
    arrive(
        swapped(2, buy=False, raw=raw, lamports=3 * SOL, at=AT + 60, decimals=decimals, held=raw)
    )
    trade = Trade.objects.get(side="buy")
    assert (trade.raw_out, trade.value_lamports) == (raw, 2 * SOL)
    assert Position.objects.get().realised_lamports == SOL - 2 * 5_000
    shown = _amount(raw, exact, text)
    base = yenni.get_absolute_url()
    html = page.get(base).content.decode()
    assert html.count(shown) == 4, "two trades, and the position's bought and sold"
    assert page.get("/feed/").content.decode().count(shown) == 2
    assert shown in page.get(f"{base}why/win_rate/").content.decode()
    assert shown in page.get(f"{base}positions/{mint('coin')}/0/").content.decode()
    assert push_news()
    pushed = [json.loads(frame)["content"] for frame in frames if f"trade-{trade.pk}" in frame]
    assert [content.count(shown) for content in pushed] == [2]
    plain = exact.replace(",", "")
    for row in (*_csv(page, f"{base}export/trades.csv"), *_rows(page, f"{base}export/trades.json")):
        assert (row["token_raw"], row["token_tokens"]) == (str(raw), plain)
        assert int(row["token_decimals"]) == decimals
    lot = _csv(page, f"{base}export/lots.csv")[0]
    assert (lot["quantity_tokens"], lot["left_raw"]) == (plain, "0")


def test_several_purchases_at_the_limit_add_up_beyond_it(yenni: Wallet, page: Client) -> None:
    """Three times 2^64 − 1 bought of one token in one position, and sold in two pieces."""
    for no in range(3):
        arrive(swapped(no, buy=True, raw=U64, lamports=10**16 + no, at=AT + no, decimals=0))
    holding = Holding.objects.get()
    assert (holding.raw, holding.cost_lamports) == (3 * U64, 3 * 10**16 + 3 + 3 * 5_000)
    exact = f"{3 * U64:,}"
    html = page.get(yenni.get_absolute_url()).content.decode()
    assert html.count(_amount(3 * U64, exact, "55,340,232.22T")) == 2, "bought, and held"
    arrive(swapped(7, buy=False, raw=U64, lamports=2 * 10**16, at=AT + 7, held=U64, decimals=0))
    arrive(swapped(8, buy=False, raw=U64, lamports=2 * 10**16, at=AT + 8, held=U64, decimals=0))
    position = Position.objects.get()
    sold = 4 * 10**16 - 2 * 5_000
    assert position.realised_lamports == sold - (2 * 10**16 + 1 + 2 * 5_000)
    assert (position.bought_raw, position.sold_raw) == (3 * U64, 2 * U64)
    assert Holding.objects.get().raw == U64
    row = _rows(page, f"{yenni.get_absolute_url()}export/positions.json")[0]
    assert (row["bought_raw"], row["bought_tokens"]) == (str(3 * U64), str(3 * U64))
    assert WalletStats.objects.get().volume_lamports == 7 * 10**16 + 3
    assert rebuild().agrees


def _richer(payload: Any, place: str, amount: int) -> Any:
    payload["meta"][place] = amount if place == "fee" else [amount, *payload["meta"][place][1:]]
    return payload


@pytest.mark.parametrize(
    ("place", "amount", "reason"),
    [
        ("fee", 10**18 + 1, "it tells of more SOL than there is"),
        ("preBalances", 2**63, "it tells of more SOL than there is"),
        ("postBalances", U64, "it tells of more SOL than there is"),
        ("postBalances", 10**30, "postBalances holds something else than lamports"),
    ],
)
def test_more_lamports_than_exist_are_put_aside_with_the_reason(
    yenni: Wallet, page: Client, place: str, amount: int, reason: str
) -> None:
    good = swapped(1, buy=True, raw=5, lamports=SOL, at=AT)
    arrive(_richer(swapped(2, buy=True, raw=5, lamports=SOL, at=AT), place, amount), good)
    assert Delivery.objects.get().state == Delivery.State.RECORDED
    assert QuarantinedPayload.objects.get().reason == reason
    assert RawTransaction.objects.count() == Trade.objects.count() == 1
    assert page.get(yenni.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("amount", [10**18 + 1, U64])
def test_more_wrapped_sol_than_exists_is_put_aside_too(yenni: Wallet, amount: int) -> None:
    payload = swapped(1, buy=True, raw=5, lamports=SOL, at=AT)
    rows = payload["meta"]["preTokenBalances"]
    rows[0]["uiTokenAmount"]["amount"] = str(amount)
    arrive(payload)
    assert QuarantinedPayload.objects.get().reason == "it tells of more SOL than there is"
    assert RawTransaction.objects.count() == 0


def test_a_payment_of_more_than_there_is_is_put_aside(yenni: Wallet) -> None:
    """What an instruction claims is bounded as balances are: it would be a cost."""
    claims = Chain(
        signers=(YENNI,),
        calls=(pay(YENNI, wallet("somebody"), U64),),
        lamports={YENNI: (SOL, SOL - 5_000)},
    )
    arrive(claims.json())
    assert QuarantinedPayload.objects.get().reason == "it tells of more SOL than there is"
    assert RawTransaction.objects.count() == 0


def test_a_token_amount_above_64_bits_is_put_aside(yenni: Wallet) -> None:
    payload = swapped(1, buy=True, raw=5, lamports=SOL, at=AT)
    payload["meta"]["postTokenBalances"][2]["uiTokenAmount"]["amount"] = str(U64 + 1)
    arrive(payload)
    assert QuarantinedPayload.objects.get().reason == "a token amount exceeds 64 bits"
    assert Trade.objects.count() == 0


def test_ids_of_trades_stay_numbers_that_a_page_sorts_by(yenni: Wallet, page: Client) -> None:
    arrive(swapped(1, buy=True, raw=U64, lamports=SOL, at=AT))
    html = page.get(yenni.get_absolute_url()).content.decode()
    assert re.findall(r'data-order="(\d{12})\.(\d{6})\.\d{12}"', html) == [
        ("000454500001", "000000")
    ]
