"""The Signals page: what is open and in which order, filters, what closed, what the scan said."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signals.models import Scan, Signal
from signals.queries import pages
from tests.signal_rows import (
    NOW,
    add_part,
    close,
    make_call,
    make_run,
    make_scan,
    make_state,
    settle,
)
from tests.signals import scenes
from tests.trips import text_of

pytestmark = pytest.mark.django_db


def _shown(client: Client, query: str = "") -> tuple[list[int], list[int]]:
    page = client.get(f"/signals/?{query}")
    assert page.status_code == 200
    return (
        [card.signal.pk for card in page.context["open"].cards],
        [card.signal.pk for card in page.context["closed"]],
    )


def _card(html: str, signal: Signal, kind: str = "signal") -> str:
    start = html.index(f'id="{kind}-{signal.pk}"')
    return text_of(html[html.rindex("<li", 0, start) : html.index("</li>\n", start)])


def test_without_login_the_pages_lead_to_login() -> None:
    signal = make_call()
    for path in ("/signals/", f"/signals/{signal.pk}/", "/screener/", "/scoreboard/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


def test_before_the_first_scan_the_page_says_so(as_bob: Client) -> None:
    html = text_of(as_bob.get("/signals/").content.decode())
    assert "No scan yet." in html
    assert "No signal now." in html
    assert "Signals appear here by themselves once the scanner has looked" in html
    assert "None closed yet." in html


def test_no_signal_now_is_told_with_what_the_scan_looked_at(as_bob: Client) -> None:
    make_scan({"A": scenes.window(), "B": scenes.window(liquidity_usd=5_000.0)})
    html = text_of(as_bob.get("/signals/").content.decode())
    assert "The latest scan looked at 2 tokens: 1 did not pass the gates" in html
    assert "Latest scan 30 s ago : 2 tokens, 1 passed every gate, 1 refused." in html


def test_a_card_tells_everything_about_a_call(as_bob: Client) -> None:
    signal = make_call("WIF", "high_volume", at=NOW - timedelta(minutes=5))
    make_state("WIF", price_usd=Decimal("0.0125"))
    html = as_bob.get("/signals/").content.decode()
    card = _card(html, signal)
    assert f"{signal.score:.0f}" in card.split()[0]
    assert f"tier {signal.tier} WIF" in card
    # ten minutes of half-life, five of them gone: 0.5 ** 0.5
    assert "High volume 71 % left" in card
    # the window's price was 0.01
    assert "Since call ▲ +25.0%" in card
    assert "Liquidity $82,000" in card
    assert "Risk low" in card
    assert "Called 4 min ago" in card
    assert f'href="/signals/{signal.pk}/"' in html
    assert f'href="/tokens/{signal.mint}/"' in html
    assert f'data-fades="{int((NOW - timedelta(minutes=5)).timestamp())}:600"' in html


def test_what_is_not_known_is_told_as_that(as_bob: Client) -> None:
    bare = scenes.high_volume(danger=scenes.Danger(), is_verified=False)
    signal = make_call(
        "BARE", window=bare, risk=None, tier=None, quality=None, window_note="not kept"
    )
    Signal.objects.filter(pk=signal.pk).update(window=b"", window_hash="gone")
    card = _card(as_bob.get("/signals/").content.decode(), signal)
    assert "no tier" in card
    assert "unverified price" in card
    assert "unverified safety: mint authority" in card
    assert "Since call —" in card
    assert "Risk not known" in card
    assert "Liquidity —" in card


def test_the_strongest_stands_first_by_what_is_left(as_bob: Client) -> None:
    fresh = make_call("A", "deep_liquidity", at=NOW, strength=40.0)
    faded = make_call("B", "high_volume", at=NOW - timedelta(minutes=20), strength=90.0)
    kept = make_call("C", "high_volume", at=NOW - timedelta(minutes=20), strength=41.0)
    add_part(kept, "micro_caps", NOW)
    assert _shown(as_bob)[0] == [kept.pk, fresh.pk, faded.pk]


def test_a_void_part_counts_for_nothing(as_bob: Client) -> None:
    signal = make_call("A", "price_momentum", at=NOW)
    signal.components.update(is_void=True)
    html = as_bob.get("/signals/").content.decode()
    assert "Price momentum void" in _card(html, signal)
    assert "0 % left" in _card(html, signal)
    assert 'data-fades=""' in html


def test_shadows_and_other_worlds_are_nobodys(as_bob: Client) -> None:
    shadow = make_call("A", lane="shadow")
    other = make_call("B", world="solana")
    ended = close(make_call("C", lane="shadow"), NOW)
    assert _shown(as_bob) == ([], [])
    for signal in (shadow, ended):
        assert as_bob.get(f"/signals/{signal.pk}/").status_code == 404
        assert f"/signals/{signal.pk}/" not in Client().get("/record/").content.decode()
    assert other.pk not in _shown(as_bob)[0]


@pytest.fixture
def four() -> dict[str, Signal]:
    ago = NOW - timedelta(hours=5)
    return {
        "alert": make_call("A", "high_volume", tier=1, lane="alert", is_watch=False),
        "watch": make_call(
            "B", "deep_liquidity", tier=3, lane="watch", liquidity_usd=Decimal(26_000)
        ),
        "exit": make_call("C", "micro_caps", tier=2, lane="alert", direction="exit"),
        "closed": close(make_call("D", "high_volume", at=ago, tier=1, lane="alert"), NOW),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"alert", "watch", "exit", "closed"}),
        ("strategy=high_volume", {"alert", "closed"}),
        ("strategy=dip_reversal", set()),
        ("tier=3", {"watch"}),
        ("kind=watch", {"watch"}),
        ("kind=alert&direction=long", {"alert", "closed"}),
        ("direction=exit", {"exit"}),
        ("least=26001", {"alert", "exit", "closed"}),
        ("least=26000", {"alert", "watch", "exit", "closed"}),
        ("strategy=high_volume&tier=2", set()),
        (
            "strategy=drop&tier=9&kind=x&direction=up&least=NaN",
            {"alert", "watch", "exit", "closed"},
        ),
        ("least=-5&tier=%00", {"alert", "watch", "exit", "closed"}),
    ],
)
def test_filters_are_in_the_url(
    as_bob: Client, four: dict[str, Signal], query: str, found: set[str]
) -> None:
    shown, closed = _shown(as_bob, query)
    assert set(shown) == {four[name].pk for name in found - {"closed"}}
    assert closed == ([four["closed"].pk] if "closed" in found else [])


def test_a_filter_that_finds_nothing_offers_to_be_cleared(
    as_bob: Client, four: dict[str, Signal]
) -> None:
    html = as_bob.get("/signals/?strategy=dip_reversal").content.decode()
    assert "No signal now that matches." in html
    assert '<a href="/signals/">Clear the filters</a>' in html
    assert 'data-signals="open" data-max="30" data-only-strategy="dip_reversal"' in html


def test_what_closed_tells_how_it_ended(as_bob: Client) -> None:
    graded = close(make_call("A", at=NOW - timedelta(days=2)), NOW - timedelta(days=1), "expired")
    settle(graded, "hit", "0.512345", mfe=Decimal("0.83"))
    waits = close(make_call("B", at=NOW - timedelta(hours=2)), NOW - timedelta(hours=1))
    lost = close(make_call("C", at=NOW - timedelta(days=2)), NOW - timedelta(days=2))
    settle(lost, "ungraded", None, reason="no pool state to enter at within 15 minutes")
    html = as_bob.get("/signals/").content.decode()
    assert _shown(as_bob)[1] == [waits.pk, graded.pk, lost.pk]
    card = _card(html, graded, "closed")
    assert "expired" in card
    assert "Outcome ✓ hit" in card
    assert "Return ▲ +51.2%" in card
    assert "Best ▲ +83.0%" in card
    assert "Outcome still open" in _card(html, waits, "closed")
    assert "Outcome ? ungraded Return —" in _card(html, lost, "closed")


def test_only_the_latest_closed_are_shown(as_bob: Client) -> None:
    made = [
        close(make_call(f"T{n}", recorded=False), NOW - timedelta(minutes=n)) for n in range(17)
    ]
    assert _shown(as_bob)[1] == [signal.pk for signal in made[:15]]


def test_the_strongest_thirty_are_shown_and_the_rest_on_demand(as_bob: Client) -> None:
    made = [make_call(f"T{n}", at=NOW, recorded=False, strength=90.0 - n) for n in range(32)]
    assert _shown(as_bob)[0] == [signal.pk for signal in made[:30]]
    html = as_bob.get("/signals/?kind=alert").content.decode()
    assert 'data-max="30"' in html
    assert 'href="/signals/?kind=alert&amp;all=1">Show the weaker ones too' in html
    assert ">32</span></h2>" in html
    assert _shown(as_bob, "all=1")[0] == [signal.pk for signal in made]
    assert "Show the weaker ones" not in as_bob.get("/signals/?all=1").content.decode()


def test_the_scan_tells_gates_sources_and_who_stood_down(as_bob: Client) -> None:
    bare = scenes.window(
        flows={"1h": scenes.Flow(buys=4, sells=9)}, own={}, organic={}, buckets=(), rank_1h=None
    )
    thin = scenes.window(liquidity_usd=5_000.0)
    minted = scenes.window(liquidity_usd=4_000.0, danger=scenes.replace(scenes.SAFE, can_mint=True))
    make_scan({"A": scenes.high_volume(), "B": thin, "C": minted}, missing=["birdeye", "rugcheck"])
    page = as_bob.get("/signals/")
    scanned = page.context["scanned"]
    assert scanned.gates == [
        ("tradable.liquidity", "too little liquidity", 2),
        ("safety.mint_authority", "mint authority", 1),
    ]
    html = text_of(page.content.decode())
    assert "3 tokens, 1 passed every gate, 2 refused." in html
    assert "Missing: birdeye, rugcheck told nothing or not all." in html
    assert "too little liquidity 2 mint authority 1" in html
    assert "High volume 1 fires" in html
    assert "Stood down: Whale confluence (not known: " not in html
    make_scan({"A": bare}, at=NOW)
    html = text_of(as_bob.get("/signals/").content.decode())
    assert "Stood down: High volume (not known: " in html
    assert " and " in html.split("Stood down: High volume")[1].split(")")[0]


def test_a_skipped_scan_is_told_with_its_reason(as_bob: Client) -> None:
    make_scan({"A": scenes.window()})
    Scan.objects.create(
        world="sandbox", at=NOW - timedelta(seconds=5), state="skipped", rules="x",
        reason="the scan before was still running",
    )  # fmt: skip
    html = text_of(as_bob.get("/signals/").content.decode())
    assert "The scan of 12:29:55 UTC was skipped: the scan before was still running." in html


def test_the_sandbox_is_named_and_solana_is_not(as_bob: Client, settings: LazySettings) -> None:
    make_call("A")
    assert "Sandbox market" in as_bob.get("/signals/").content.decode()
    settings.WORLD = "solana"
    make_call("B", world="solana")
    html = as_bob.get("/signals/").content.decode()
    assert "Sandbox market" not in html
    assert html.count('<li class="call"') == 1


def test_many_signals_cost_as_many_queries_as_one(as_bob: Client) -> None:
    make_scan({"A": scenes.window()})

    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert as_bob.get("/signals/").status_code == 200
        return len(caught)

    pages._prices.clear()
    for name in ("A", "B"):
        make_state(name, make_run())
        close(make_call(name, recorded=False), NOW)
        make_call(name, recorded=False)
    asked()
    few = asked()
    for n in range(20):
        close(make_call(f"T{n}", recorded=False), NOW)
        make_call(f"T{n}", recorded=False)
    # the windows of the new ones are unpacked once
    assert asked() == few + 1
    assert asked() == few
    assert few == 17


def test_names_of_tokens_cannot_break_out(as_bob: Client) -> None:
    signal = make_call("<b>x\u202e")
    html = as_bob.get("/signals/").content.decode()
    assert "<b>x" not in html
    assert "\u202e" not in html
    assert "&lt;b&gt;x" in html
    assert signal.mint in html


def test_the_overview_shows_the_strongest_now(as_bob: Client) -> None:
    assert "No signal now." in as_bob.get("/").content.decode()
    made = [make_call(f"T{n}", at=NOW, recorded=False, strength=90.0 - n) for n in range(7)]
    make_call("SHADE", at=NOW, lane="shadow", strength=99.0)
    page = as_bob.get("/")
    assert [card.signal.pk for card in page.context["signals"]] == [s.pk for s in made[:5]]
    html = page.content.decode()
    shown = text_of(html[html.index('id="signals-now"') : html.index('id="movers"')])
    assert f"T0 {made[0].mint[:4]}…{made[0].mint[-4:]} 90 High volume · 100 % left" in shown
    assert "signals" not in Client().get("/").context


def test_a_tokens_page_lists_its_signals_and_no_shadow(as_bob: Client) -> None:
    closed = close(make_call("WIF", at=NOW - timedelta(hours=3)), NOW - timedelta(hours=1), "void")
    opened = make_call("WIF", "micro_caps")
    make_call("OTHER")
    make_call("WIF", "deep_liquidity", lane="shadow")
    make_state("WIF", price_usd=Decimal("0.011"))
    page = as_bob.get(f"/tokens/{opened.mint}/")
    assert [card.signal.pk for card in page.context["signals"]] == [opened.pk, closed.pk]
    html = page.content.decode()
    table = text_of(html[html.index('aria-labelledby="signals-title"') :].split("</section>")[0])
    assert "Micro caps" in table
    assert "▲ +10.0%" in table
    assert "○ still open void" in table
