"""A token's page: prices beside each other, dangers with who says so, empty and stale in words."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from aura.core import clock
from aura.models import User
from market.actions import (
    Outcome,
    begin_run,
    list_tokens,
    record_snapshots,
    record_trades_in_candles,
)
from market.domain.candles import TradePoint
from market.domain.combine import Combined, Readings, combined
from market.domain.readings import Activity, PoolReading, SafetyReading, TokenReading
from market.models import Listing
from tests.make import address, make_token, make_trade, make_wallet
from tests.market.stage import pool
from tests.signals.rows import make_signal
from wallets.actions import follow_wallet
from wallets.models import Wallet

D = Decimal
NOW = datetime.fromisoformat("2026-11-01T13:00:00+00:00")


@pytest.fixture
def member(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    client.force_login(alice)
    return client


def record(
    mint: str,
    *,
    usd: str | None = "0.0000123456",
    other: str | None = "0.0000124",
    at: datetime = NOW,
    safety: tuple[SafetyReading, ...] = (),
    **told: Any,
) -> None:
    activity = {"1h": Activity(volume_usd=D(7_000), buys=80, sells=60, change=D("-0.125"))}
    pools: list[PoolReading] = []
    if usd is not None:
        price = {"price_usd": D(usd), "price_quote": None}
        pools = [pool(mint, at, pool=address("pool"), activity=activity, **price, **told)]
    tokens = []
    if other is not None:
        tokens = [TokenReading("jupiter", mint, at, price_usd=D(other), holders=1234)]
    made = combined(mint, Readings(pools, tokens, safety), at=at, order=["dexscreener", "jupiter"])
    assert isinstance(made, Combined)
    record_snapshots(
        begin_run(at=at), [made], pools, safety, at=at, outcome=Outcome(1), quotes_usd={}
    )


def words(client: Client, mint: str, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/tokens/{mint}/{query}")
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


@pytest.mark.django_db
def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    answer = client.get(f"/tokens/{address('x')}/")
    assert (answer.status_code, answer.headers["location"][:16]) == (302, "/accounts/login/")


def test_a_token_nobody_told_of_is_not_found_in_words(member: Client) -> None:
    page = words(member, address("x"), status=404)
    assert "Nothing is known of this token." in page
    assert 'id="token-now"' not in page
    assert member.get("/tokens/nothing/").status_code == 404


def test_prices_stand_beside_each_other_with_their_ages(member: Client) -> None:
    token = make_token("WIF")
    record(token.mint, at=NOW - timedelta(seconds=30))
    page = words(member, token.mint)
    assert "<bdi>WIF</bdi>" in page
    assert '<data class="num" value="0.0000123456" title="$0.0000123456">$0.00001235</data>' in page
    assert "two sources agree" in page
    assert 'DexScreener <span class="badge">taken</span>' in page
    assert "+0.4 %" in page, "how far Jupiter's price is from the one taken"
    assert ">30 s ago</time>" in page
    assert "−12.5 %" in page
    assert "by Jupiter" in page
    assert "1,234" in page
    assert "Stale" not in page


def test_sources_that_disagree_or_stand_alone_are_unverified(member: Client) -> None:
    apart, alone = make_token("APART"), make_token("ALONE")
    record(apart.mint, usd="1", other="1.25")
    record(alone.mint, usd="1", other=None)
    assert 'unverified</span> sources are <span class="num">25.0 %</span> apart' in words(
        member, apart.mint
    )
    assert "No two sources are within 5 % of each other" in words(member, apart.mint)
    assert "unverified</span> one source only" in words(member, alone.mint)


def test_what_is_old_says_so(member: Client) -> None:
    token = make_token("OLD")
    record(token.mint, at=NOW - timedelta(seconds=181))
    assert "Stale: the figures below were last read" in words(member, token.mint)
    record(token.mint, at=NOW - timedelta(seconds=179))
    assert "Stale" not in words(member, token.mint)


def test_unknown_is_not_nothing(member: Client) -> None:
    token = make_token("BARE")
    page = words(member, token.mint)
    assert "No source tells a price of this token now. It is on no list" in page
    assert "No pool is known." in page
    assert "No source has told of its safety." in page
    assert "No candle of 5 minutes yet" in page
    list_tokens([token.mint], kind=Listing.Kind.TRADED, source="trades", at=NOW)
    assert "It is on a list and will be asked about" in words(member, token.mint)
    record(token.mint, liquidity_usd=None, base=None)
    page = words(member, token.mint)
    assert "not known, which is not none" in page
    assert "no source tells its reserves" in page
    assert page.count('<span class="none">not known</span>') == 10, "every question is unanswered"


def test_dangers_are_answered_by_whom_we_trust_and_their_history_is_kept(member: Client) -> None:
    token = make_token("RISKY")
    first = SafetyReading("rugcheck", token.mint, NOW, can_mint=True, top10_share=D("0.62"),
                          score=D(77), risks=("Mutable <b>metadata</b>",))  # fmt: skip
    chain = SafetyReading("chain", token.mint, NOW, can_mint=False, can_freeze=False)
    record(token.mint, safety=(first, chain))
    page = words(member, token.mint)
    assert (
        "Can more be minted?</dt> <dd><strong>no</strong>"
        ' <span class="badge live">fine</span><small class="under">says the chain</small>'
    ) in page
    assert '<strong><span class="num">62.0 %</span></strong> <span class="badge danger">' in page
    assert "Mutable &lt;b&gt;metadata&lt;/b&gt;" in page
    assert "<small>of 100</small>" in page
    later = SafetyReading("rugcheck", token.mint, NOW + timedelta(hours=1), can_mint=False)
    record(token.mint, safety=(later,), at=NOW + timedelta(hours=1))
    assert 'RugCheck <span class="badge">before</span>' in words(member, token.mint)


def test_wallets_the_user_may_see_are_shown_with_what_they_did(member: Client, alice: User) -> None:
    token, yenni, hidden = make_token("WIF"), make_wallet(curated=True), make_wallet("hidden")
    make_trade(yenni, "buy", token=token, raw=5_000_000, slot=1_100, value_usd=D(200))
    make_trade(yenni, "buy", token=token, raw=5_000_000, slot=1_200, value_usd=None)
    make_trade(yenni, "sell", token=token, raw=4_000_000, slot=1_300, value_usd=D(90))
    make_trade(hidden, "buy", token=token, slot=1_400, value_usd=D(777))
    assert list(Wallet.objects.visible_to(alice)) == [yenni]
    page = words(member, token.mint)
    traders = page[page.index("traders-title") : page.index("trades-title")]
    assert traders.count("<tr>") == 2, "the head, and one wallet"
    assert "in 2" in traders
    assert "no price known" in traders, "a purchase of unknown worth makes no sum"
    assert "$90.00" in traders
    assert '<data class="num" value="6000000" title="6.000000">6</data>' in traders
    assert page.count('<tr id="trade-') == 3
    assert "777" not in page


def test_a_chart_is_drawn_of_the_span_asked_for_with_the_followed_wallets_trades(
    member: Client, alice: User
) -> None:
    token, yenni = make_token("WIF"), make_wallet(curated=True)
    follow_wallet(alice, address=yenni.address)
    trade = make_trade(yenni, "sell", token=token, slot=1_600)
    minute = trade.at.replace(second=0)
    point = TradePoint(token.mint, trade.at, (0,), D("0.5"), D(10))
    record_trades_in_candles([point], {(token.mint, minute)}, at=NOW)
    record(token.mint, usd="0.25", other=None)
    answer = member.get(f"/tokens/{token.mint}/?span=1m")
    chart = answer.context["chart"]
    assert chart["kind"] == "candles"
    assert chart["bars"] == [
        [int(minute.timestamp()), 0.5, 0.5, 0.5, 0.5, 10.0],
        [int(NOW.timestamp()), 0.25, 0.25, 0.25, 0.25, None],
    ]
    assert chart["marks"] == [[int(trade.at.timestamp()), "", "sell"]]
    page = words(member, token.mint, "?span=1m")
    assert 'href="?span=1m#chart-title" aria-current="true"' in page
    assert "trades of recorded wallets" in page
    assert member.get(f"/tokens/{token.mint}/?span=9z").context["span"] == "5m"


def test_hostile_names_and_numbers_do_no_harm(member: Client) -> None:
    token = make_token("<script>alert(1)</script>")
    record(token.mint, usd="9999999999", other="0.000000000000000001", liquidity_usd=D("1e14"))
    page = words(member, token.mint)
    assert "<script>alert" not in page
    assert "$9,999,999,999.00" in page
    assert "$0.000000000000000001<" in page


def test_a_page_takes_as_many_queries_with_many_rows_as_with_few(member: Client) -> None:
    def queries(n: int) -> int:
        token = make_token(f"T{n}")
        for i in range(n):
            wallet = make_wallet(f"w{n} {i}", curated=True)
            make_trade(wallet, token=token, slot=10_000 * n + i)
            at = NOW - timedelta(minutes=i)
            said = SafetyReading("chain", token.mint, at, can_mint=bool(i % 2))
            record(token.mint, at=at, safety=(said,))
        with CaptureQueriesContext(connection) as asked:
            assert member.get(f"/tokens/{token.mint}/").status_code == 200
        return len(asked)

    queries(1)
    assert queries(2) == queries(12)


def test_token_names_lead_to_their_page(member: Client) -> None:
    token, yenni = make_token("WIF"), make_wallet(curated=True)
    make_trade(yenni, token=token)
    for url in ("/feed/", yenni.get_absolute_url()):
        assert f'<a href="/tokens/{token.mint}/">' in member.get(url).content.decode()


def test_its_signals_are_shown_the_open_ones_first(member: Client, settings: Settings) -> None:
    settings.WORLD = "sandbox"
    token = make_token("WIF")
    assert "signals-title" not in words(member, token.mint)
    closed = make_signal("WIF", published_at=NOW - timedelta(hours=2), closed_at=NOW)
    opened = make_signal("WIF", published_at=NOW - timedelta(hours=3))
    other = make_signal("OTHER", published_at=NOW)
    page = words(member, token.mint)
    shown = page[page.index("signals-title") :]
    places = [f'href="/signals/{signal.pk}/"' for signal in (opened, closed, other)]
    assert -1 < shown.find(places[0]) < shown.find(places[1])
    assert places[2] not in page
