"""The screener: every token of the latest reading, filters, reasons, presets, kept screens."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aura.models import User
from market.models import MarketRun
from signals.actions import save_screen
from signals.models import Screen
from signals.queries.pages_screener import PRESETS
from tests.make import make_token
from tests.signal_rows import NOW, make_run, make_scan, make_state
from tests.signals import scenes
from tests.trips import text_of

pytestmark = pytest.mark.django_db


def _names(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/screener/?{query}")
    assert page.status_code == 200
    return [row.token.symbol for row in page.context["screened"].rows]


@pytest.fixture
def run() -> MarketRun:
    """Four tokens: hot fires high volume, thin has little liquidity, minted is unsafe, new."""
    old = make_run(NOW - timedelta(minutes=3))
    make_state("old", old)
    run = make_run(tokens=4)
    make_state("hot", run, volume_1h_usd=400, change_1h=Decimal("0.30"), liquidity_usd=60_000)
    make_state(
        "thin", run, volume_1h_usd=300, liquidity_usd=Decimal("5000.5"), holders=90,
        opened_at=NOW - timedelta(hours=50), change_5m=Decimal("0.01"),
    )  # fmt: skip
    make_state(
        "minted", run, volume_1h_usd=200, liquidity_usd=90_000, market_cap_usd=None,
        venue="pump.fun", change_5m=Decimal("-0.02"), opened_at=None,
    )  # fmt: skip
    make_state(
        "new", run, volume_1h_usd=None, opened_at=NOW - timedelta(minutes=20), is_verified=False,
        change_5m=None, market_cap_usd=90_000,
    )  # fmt: skip
    make_scan(
        {
            "hot": scenes.high_volume(),
            "thin": scenes.window(
                liquidity_usd=5_000.5, danger=replace(scenes.SAFE, lp_locked_share=0.0)
            ),
            "minted": scenes.window(
                liquidity_usd=9_000.0,
                danger=replace(scenes.SAFE, can_mint=True, top10_share=0.9, dev_share=0.3),
            ),
        }
    )
    return run


def test_before_the_first_reading_the_page_says_so(as_bob: Client) -> None:
    html = text_of(as_bob.get("/screener/").content.decode())
    assert "The market has not been read yet." in html
    assert "Tokens appear with the first reading of the market" in html


def test_without_a_scan_tokens_are_shown_as_not_scanned(as_bob: Client) -> None:
    make_state("A", make_run())
    html = text_of(as_bob.get("/screener/").content.decode())
    assert "1 of 1 tokens, read 40 s ago , not scanned yet." in html
    assert "not scanned" in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["hot", "thin", "minted", "new"]),
        ("sort=volume_1h", ["minted", "thin", "hot", "new"]),
        ("liquidity_min=5001", ["hot", "minted", "new"]),
        ("liquidity_min=5000.5&liquidity_max=60000", ["hot", "thin"]),
        ("cap_max=100000", ["new"]),
        ("change_1h_min=30", ["hot"]),
        ("change_5m_max=-2", ["minted"]),
        ("holders_max=90", ["thin"]),
        ("age_max=20", ["new"]),
        ("age_max=19", []),
        ("age_min=21", ["hot", "thin"]),
        ("age_min=999999999999", []),
        ("age_max=999999999999", ["hot", "thin", "new"]),
        ("sort=age", ["new", "hot", "thin", "minted"]),
        ("verified=1", ["hot", "thin", "minted"]),
        ("venue=pump.fun", ["minted"]),
        ("gate=passes", ["hot"]),
        ("gate=refused", ["thin", "minted"]),
        ("gate=tradable.liquidity", ["thin", "minted"]),
        ("gate=safety.mint_authority", ["minted"]),
        ("strategy=high_volume&state=fires", ["hot"]),
        ("strategy=micro_caps&state=quiet", ["hot"]),
        ("strategy=whale_confluence&state=idle", []),
        ("strategy=high_volume&gate=refused", []),
        ("risk_min=60", ["minted"]),
        ("risk_max=59", ["hot", "thin"]),
        ("score_min=50", ["hot"]),
        ("score_max=49", []),
        ("sort=-risk", ["minted", "thin", "hot", "new"]),
        ("sort=-score", ["hot", "thin", "minted", "new"]),
        ("liquidity_min=5001&gate=refused&venue=pump.fun", ["minted"]),
        ("liquidity_min=NaN&age_max=1e999&sort=drop&gate=%00&state=x&page=99", ["hot", "thin",
         "minted", "new"]),
        ("venue=nowhere", []),
    ],
)  # fmt: skip
def test_filters_and_order_are_in_the_url(
    as_bob: Client, run: MarketRun, query: str, names: list[str]
) -> None:
    assert _names(as_bob, query) == names


def test_each_refused_token_says_why(as_bob: Client, run: MarketRun) -> None:
    html = as_bob.get("/screener/").content.decode()

    def row(name: str) -> str:
        start = html.index(f'id="screen-{make_token(name).mint}"')
        return text_of(html[start : html.index("</tr>", start)])

    assert "✓ passes score 77" in row("hot")
    assert "fires: High volume" in row("hot")
    assert "✗ refused" in row("thin")
    assert "liquidity $5,000 is under $25,000" in row("thin").replace("$5,001", "$5,000")
    minted = row("minted")
    assert "somebody may still mint more; the ten largest holders have 90 %" in minted
    assert "high risk" in minted
    assert "not scanned" in row("new")
    assert "unverified" in row("new")
    assert "refused: mint authority" in html
    assert "4 of 4 tokens" in text_of(html)


def test_nothing_that_fits_offers_to_clear(as_bob: Client, run: MarketRun) -> None:
    html = text_of(as_bob.get("/screener/?holders_min=5000").content.decode())
    assert "No token fits." in html
    assert "0 of 4 tokens" in html


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("high_volume", ["new", "minted", "thin", "hot"]),
        ("top_gainers", ["hot", "minted", "new", "thin"]),
        ("deep_liquidity", ["minted", "new", "hot", "thin"]),
        ("micro_caps", ["new"]),
        ("recent_listings", ["new"]),
        ("price_momentum", ["hot", "thin"]),
    ],
)
def test_the_six_lists_of_old_are_presets(
    as_bob: Client, run: MarketRun, name: str, names: list[str]
) -> None:
    volumes = {"hot": 1, "thin": 2, "minted": 3, "new": 4}
    for symbol, volume in volumes.items():
        run.tokenstate_set.filter(mint=make_token(symbol).mint).update(volume_5m_usd=volume)
    page = as_bob.get("/screener/")
    address = next(
        address for title, _, address, _ in page.context["presets"]
        if title.lower().replace(" ", "_") == name
    )  # fmt: skip
    assert len(page.context["presets"]) == len(PRESETS) == 6
    found = as_bob.get(address)
    rows = [row.token.symbol for row in found.context["screened"].rows]
    # three rose alike
    same = sorted(rows) if name == "top_gainers" else rows
    assert (rows[0], same) == (names[0], names)
    assert [p[0] for p in found.context["presets"] if p[3]] == [name.replace("_", " ").capitalize()]


def test_many_tokens_come_in_pages_and_cost_the_same(as_bob: Client, run: MarketRun) -> None:
    def asked(query: str = "") -> int:
        as_bob.get(f"/screener/?{query}")
        with CaptureQueriesContext(connection) as caught:
            as_bob.get(f"/screener/?{query}")
        return len(caught)

    few = asked()
    for n in range(60):
        make_state(f"T{n}", run, volume_1h_usd=10_000 - n)
    assert asked() == asked("gate=passes&sort=-score") == few == 10
    assert _names(as_bob)[:2] == ["T0", "T1"]
    assert len(_names(as_bob)) == 50
    assert _names(as_bob, "page=2")[-4:] == ["hot", "thin", "minted", "new"]
    html = as_bob.get("/screener/?cap_min=1&page=2").content.decode()
    assert 'rel="prev" href="/screener/?cap_min=1&amp;page=1"' in html


# ---- kept screens


def _save(client: Client, name: str, **sent: str) -> Any:
    return client.post("/screener/save/", {"name": name, **sent})


def test_a_screen_is_kept_opened_and_deleted(
    as_bob: Client, as_alice: Client, bob: User, run: MarketRun
) -> None:
    sent = {
        "liquidity_min": "5001",
        "sort": "-score",
        "gate": "refused",
        "odd": "x",
        "risk_max": "",
    }
    answer = _save(as_bob, "  My   screen ", **sent)
    assert (answer.status_code, answer["Location"]) == (
        302, "/screener/?gate=refused&liquidity_min=5001&sort=-score"
    )  # fmt: skip
    kept = Screen.objects.get()
    assert (kept.user, kept.name) == (bob, "My screen")
    assert kept.filters == {"gate": "refused", "liquidity_min": "5001", "sort": "-score"}
    assert _names(as_bob, answer["Location"].partition("?")[2]) == ["minted"]
    shown = as_bob.get(answer["Location"]).context["screens"]
    assert [(screen.name, is_shown) for screen, _, is_shown in shown] == [("My screen", True)]
    assert as_alice.get("/screener/").context["screens"] == []
    assert as_alice.post(f"/screener/{kept.pk}/delete/").status_code == 404
    assert Screen.objects.count() == 1
    assert as_bob.post(f"/screener/{kept.pk}/delete/")["Location"] == "/screener/"
    assert Screen.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "A name has 1 to 40 characters."),
        ("\x00  ", "A name has 1 to 40 characters."),
        ("x" * 41, "A name has 1 to 40 characters."),
        ("MINE", "You have a screen named “MINE” already."),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_the_filters_stay(
    as_bob: Client, bob: User, run: MarketRun, name: str, why: str
) -> None:
    save_screen(bob, name="Mine", filters={})
    answer = _save(as_bob, name, gate="passes")
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert answer.context["choice"].gate == "passes"
    assert Screen.objects.count() == 1


def test_twenty_screens_are_the_most(as_bob: Client, as_alice: Client, bob: User) -> None:
    for n in range(20):
        save_screen(bob, name=f"S{n}", filters={})
    answer = _save(as_bob, "one more")
    assert answer.status_code == 422
    assert "You have 20 screens, as many as there can be." in answer.content.decode()
    assert Screen.objects.count() == 20
    assert _save(as_alice, "one more").status_code == 302


def test_screens_are_for_who_is_logged_in_and_by_post(as_bob: Client, bob: User) -> None:
    kept = save_screen(bob, name="Mine", filters={})
    for path in ("/screener/save/", f"/screener/{kept.pk}/delete/"):
        assert as_bob.get(path).status_code == 405
        assert Client().post(path)["Location"] == f"/accounts/login/?next={path}"
    assert Screen.objects.count() == 1


def test_a_screens_name_cannot_break_out(as_bob: Client, bob: User) -> None:
    save_screen(bob, name="<script>x", filters={"venue": '"><script>'})
    html = as_bob.get("/screener/").content.decode()
    assert "<script>x" not in html
    assert '"><script>' not in html
    assert "&lt;script&gt;x" in html
