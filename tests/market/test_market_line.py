"""From the vendor's answer to the row and back: names, prices, and vendors that are down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from aura.core import clock, http
from aura.core.solana import USDC, WSOL
from market.actions import name_tokens, note_mints, record_sol_prices
from market.domain.prices import SolQuote, TokenName
from market.models import SolPrice, Token
from market.queries import latest_sol_price, names_wanted, sol_price_at
from market.tasks import fill_sol_history, name_new_tokens, poll_sol_price
from tests.vendor import Asked, Vendor, serving

NOW = datetime(2026, 11, 22, 9, 30, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    settings.QUOTAS = {"dexscreener": (10**9, 1e6), "birdeye": (10**9, 1e6)}
    settings.BIRDEYE_API_KEY = "birdeye-key-0123"
    settings.PROVIDERS = {
        "market": "market.providers.dexscreener.DexScreener",
        "sol_price_history": "market.providers.birdeye.Birdeye",
    }
    monkeypatch.setattr(http, "sleep", lambda _: None)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with serving() as vendor:
        settings.DEXSCREENER_URL = f"{vendor.url}/dexscreener"
        settings.BIRDEYE_URL = f"{vendor.url}/birdeye"
        yield vendor


def quote(minute: int, usd: str, source: str = "a") -> SolQuote:
    return SolQuote(NOW.replace(minute=minute, second=7), Decimal(usd), source)


def test_mints_are_noted_once() -> None:
    note_mints({"M2": 9, "M1": 6})
    note_mints({"M1": 5, "M3": 0, "M4": 256, "M5": -1})
    assert dict(Token.objects.values_list("mint", "decimals")) == {"M1": 6, "M2": 9, "M3": 0}


def test_names_are_kept_and_silence_is_remembered_for_a_day() -> None:
    note_mints({"M1": 6, "M2": 6, "M3": 6})
    assert sorted(names_wanted(NOW, limit=9)) == ["M1", "M2", "M3"]
    given = [TokenName("M1", "ONE", "One", "https://x.example/1.png"), TokenName("M9", "X", "", "")]
    assert name_tokens(given, ["M1", "M2", "M8"], at=NOW) == 1
    one = Token.objects.get(pk="M1")
    assert (one.symbol, one.name, one.image_url) == ("ONE", "One", "https://x.example/1.png")
    assert names_wanted(NOW, limit=9) == ["M3"]
    assert names_wanted(NOW + timedelta(hours=25), limit=9) == ["M3", "M2"]
    assert names_wanted(NOW + timedelta(hours=25), limit=1) == ["M3"]
    assert names_wanted(NOW + timedelta(days=31), limit=9) == ["M3"]
    name_tokens([], ["M1"], at=NOW)
    assert Token.objects.get(pk="M1").symbol == "ONE", "silence takes no name back"


def test_tokens_are_named_thirty_at_a_time(vendor: Vendor) -> None:
    note_mints({f"M{i:02}": 6 for i in range(40)})
    vendor.answer = lambda asked: [
        {"baseToken": {"address": mint, "symbol": mint.lower(), "name": "n"}}
        for mint in asked.path.rsplit("/", 1)[1].split(",")
        if mint != "M07"
    ]
    assert name_new_tokens() == 39
    asked = [a.path.rsplit("/", 1)[1].split(",") for a in vendor.asked]
    assert [len(mints) for mints in asked] == [30, 10]
    assert vendor.asked[0].path.startswith("/dexscreener/tokens/v1/solana/M")
    assert Token.objects.get(pk="M39").symbol == "m39"
    assert name_new_tokens() == 0
    assert len(vendor.asked) == 2


def test_the_first_source_of_a_minute_wins() -> None:
    record_sol_prices([quote(1, "100"), quote(1, "101", "b")])
    record_sol_prices([quote(1, "102", "c"), quote(2, "103", "c")])
    record_sol_prices([])
    rows = SolPrice.objects.order_by("minute").values_list("minute", "usd", "source")
    assert list(rows) == [
        (NOW.replace(minute=1, second=0), Decimal(100), "a"),
        (NOW.replace(minute=2, second=0), Decimal(103), "c"),
    ]


def test_a_price_is_of_the_nearest_minute_before_and_holds_ten() -> None:
    record_sol_prices([quote(10, "100"), quote(12, "102"), quote(40, "140")])
    at = NOW.replace(minute=0, second=0)
    expected = {
        at + 9 * MINUTE: None,
        at + 10 * MINUTE: Decimal(100),
        at + 12 * MINUTE - timedelta(microseconds=1): Decimal(100),
        at + 12 * MINUTE: Decimal(102),
        at + 22 * MINUTE: Decimal(102),
        at + 22 * MINUTE + timedelta(microseconds=1): None,
        at + 45 * MINUTE: Decimal(140),
    }
    with CaptureQueriesContext(connection) as queries:
        assert sol_price_at([*expected, *expected]) == expected
    assert len(queries) == 1
    assert sol_price_at([]) == {}


def test_the_newest_price_is_known() -> None:
    assert latest_sol_price() is None
    record_sol_prices([quote(10, "100"), quote(12, "102", "b")])
    assert latest_sol_price() == SolQuote(NOW.replace(minute=12, second=0), Decimal(102), "b")


def test_the_present_price_is_polled_once_a_minute(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.answer = lambda asked: [
        {
            "baseToken": {"address": WSOL},
            "quoteToken": {"address": USDC},
            "priceUsd": "186.10",
            "liquidity": {"usd": 5.5},
        }
    ]
    assert poll_sol_price() is True
    assert vendor.asked[0].path == f"/dexscreener/token-pairs/v1/solana/{WSOL}"
    assert latest_sol_price() == SolQuote(NOW.replace(second=0), Decimal("186.1"), "dexscreener")
    vendor.answer = lambda asked: []
    assert poll_sol_price() is True
    assert len(vendor.asked) == 1
    monkeypatch.setattr(clock, "now", lambda: NOW + MINUTE)
    assert poll_sol_price() is False
    assert len(vendor.asked) == 2


def birdeye(asked: Asked) -> Any:
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
    minutes = range(int(query["time_from"]), int(query["time_to"]) + 1, 60)
    return {"success": True, "data": {"items": [{"unixTime": t, "value": 180.5} for t in minutes]}}


def test_missing_minutes_are_filled_from_the_newest(vendor: Vendor) -> None:
    vendor.answer = birdeye
    record_sol_prices([quote(30, "186", "dexscreener")])
    assert fill_sol_history(hours=20) == 1200
    assert SolPrice.objects.count() == 1201
    spans = [parse_qs(urlsplit(a.path).query) for a in vendor.asked]
    assert [int(s["time_to"][0]) - int(s["time_from"][0]) for s in spans] == [999 * 60, 199 * 60]
    assert vendor.asked[0].headers["x-api-key"] == "birdeye-key-0123"
    assert vendor.asked[0].headers["x-chain"] == "solana"
    assert SolPrice.objects.get(minute=NOW.replace(second=0)).source == "dexscreener"
    assert fill_sol_history(hours=20) == 0
    assert len(vendor.asked) == 2, "nothing is missing, nothing is asked"


@pytest.mark.parametrize("status", [500, 401, 429, 200])
def test_a_vendor_in_trouble_costs_one_line_each(
    vendor: Vendor, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level("WARNING")
    vendor.replies = [(status, b"<html>")]
    note_mints({"M1": 6})
    assert (name_new_tokens(), poll_sol_price(), fill_sol_history(hours=1)) == (0, False, 0)
    assert [r.getMessage().split(":")[0] for r in caplog.records] == [
        "tokens not named",
        "price of SOL not known",
        "past prices of SOL not known",
    ]
    assert SolPrice.objects.count() == 0
    assert names_wanted(NOW, limit=9) == ["M1"]


def test_without_a_vendor_nothing_is_asked(settings: Settings) -> None:
    settings.PROVIDERS = {"market": "", "sol_price_history": ""}
    assert (name_new_tokens(), poll_sol_price(), fill_sol_history(hours=1)) == (0, False, 0)
