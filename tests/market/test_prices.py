"""Text from strangers becomes names and prices, or nothing."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aura.core import exact
from aura.core.errors import Garbled
from aura.core.solana import USDC, WSOL
from market.domain.prices import SolQuote, https_url, plain, price
from market.providers.birdeye import parse_history
from market.providers.dexscreener import parse_names, parse_pairs, parse_sol_price


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("BONK", "BONK"),
        ("  two \n\t words ", "two words"),
        ("a\u202eb\u200bc\ufeffd\x00e", "abcde"),
        ("\u2066hidden\u2069", "hidden"),
        ("line\u2028break", "line break"),
        ("\u3164\u2800", ""),
        ("Z" + "\u0301" * 50, "\u0179" + "\u0301" * 3),
        ("x" * 99, "x" * 32),
        ("\U0001f40b whale", "\U0001f40b whale"),
        ("<b>", "<b>"),
        (None, ""),
        (5, ""),
    ],
)
def test_text_is_made_plain(given: object, expected: str) -> None:
    assert plain(given, 32) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("186.42", Decimal("186.42")),
        (Decimal("0.123456785"), Decimal("0.12345678")),
        (186, Decimal(186)),
        (None, None),
        ("", None),
        ("0", None),
        ("-1", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e400", None),
        ("9" * 11, None),
        ("0.000000001", None),
        ("1" * 81, None),
        ("abc", None),
        (Decimal("sNaN"), None),
        (True, None),
        (0.5, None),
        ([], None),
    ],
)
def test_only_a_positive_number_is_a_price(given: object, expected: Decimal | None) -> None:
    assert price(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://cdn.example/a.png?x=1", "https://cdn.example/a.png?x=1"),
        *[
            (x, "")
            for x in (
                "http://cdn.example/a.png",
                "javascript:alert(1)",
                "//cdn.example/a.png",
                'https://cdn.example/"onerror=',
                "https://cdn.example/a b",
                "https://nowhere",
                "https://x/" + "a" * 500,
                None,
                7,
            )
        ],
    ],
)
def test_only_https_addresses_are_kept(given: object, expected: str) -> None:
    assert https_url(given) == expected


def pair(base: str, quote: str = USDC, **fields: Any) -> dict[str, Any]:
    return {
        "baseToken": {"address": base, "symbol": f"S{base}", "name": f"N{base}"},
        "quoteToken": {"address": quote, "symbol": f"S{quote}", "name": f"N{quote}"},
        **fields,
    }


def test_a_mint_is_named_by_its_own_pair_first() -> None:
    pairs = [
        pair("other", "M1", info={"imageUrl": "https://x.example/other.png"}),
        pair("M1", info={"imageUrl": "https://x.example/1.png"}),
        pair("M1", info={"imageUrl": "https://x.example/later.png"}),
        pair("unasked"),
        pair("x", "M2"),
        {"baseToken": None},
        None,
        "text",
    ]
    names = {n.mint: n for n in parse_names(pairs, ["M1", "M2", "m1"])}
    assert sorted(names) == ["M1", "M2"]
    assert (names["M1"].symbol, names["M1"].image_url) == ("SM1", "https://x.example/1.png")
    assert (names["M2"].symbol, names["M2"].image_url) == ("SM2", "")


def test_a_nameless_token_has_no_name() -> None:
    nameless = {"baseToken": {"address": "M1", "symbol": "\u200b", "name": None}}
    assert parse_names([nameless], ["M1"]) == []


def test_the_deepest_sol_usdc_pair_has_the_price() -> None:
    pairs = [
        pair(WSOL, priceUsd="1", liquidity={"usd": Decimal(10)}),
        pair(WSOL, priceUsd="186.5", liquidity={"usd": Decimal("9000.5")}),
        pair(WSOL, priceUsd="187", liquidity={"usd": 8000}),
        pair(WSOL, priceUsd="2"),
        pair(WSOL, priceUsd="3", liquidity=None),
        pair(WSOL, priceUsd="NaN", liquidity={"usd": 99999}),
        pair(WSOL, "USDT", priceUsd="4", liquidity={"usd": 99999}),
        pair(USDC, WSOL, priceUsd="5", liquidity={"usd": 99999}),
    ]
    assert parse_sol_price(pairs) == Decimal("186.5")
    assert parse_sol_price([]) is None


@pytest.mark.parametrize(
    ("answer", "count"), [(None, 0), ([], 0), ({"pairs": None}, 0), ({"pairs": [{}]}, 1), ([{}], 1)]
)
def test_nothing_found_comes_in_many_ways(answer: Any, count: int) -> None:
    assert len(parse_pairs("dexscreener", answer)) == count


@pytest.mark.parametrize("answer", [{}, 5, "x", {"pairs": {}}])
def test_anything_else_is_garbled(answer: Any) -> None:
    with pytest.raises(Garbled):
        parse_pairs("dexscreener", answer)


@pytest.mark.recorded
def test_recorded_pairs_name_every_base_token(recorded: Path) -> None:
    folder = recorded / "vendors" / "dexscreener"
    pairs = exact.loads((folder / "pairs_30.json").read_bytes())["pairs"]
    asked = {p["baseToken"]["address"] for p in pairs}
    names = parse_names(pairs, asked)
    assert {n.mint for n in names} == asked
    told = {p["baseToken"]["address"]: p["baseToken"] for p in reversed(pairs)}
    assert {n.mint: n.symbol for n in names} == {m: t["symbol"] for m, t in told.items()}


def history(*items: Any) -> dict[str, Any]:
    return {"success": True, "data": {"items": list(items)}}


def test_history_is_ordered_by_the_minute_without_holes_filled() -> None:
    answer = history(
        {"unixTime": 1_800_000_060, "value": Decimal("2")},
        {"unixTime": 1_800_000_000, "value": Decimal("1.123456789")},
        {"unixTime": 1_800_000_030, "value": 3},
        {"unixTime": 1_800_000_120, "value": None},
        {"unixTime": None, "value": 4},
        {"unixTime": 10**12, "value": 4},
        None,
    )
    first, second = (datetime.fromtimestamp(1_800_000_000 + s, UTC) for s in (0, 60))
    assert parse_history("birdeye", answer) == [
        SolQuote(first, Decimal("1.12345679"), "birdeye"),
        SolQuote(second, Decimal(2), "birdeye"),
    ]


def test_an_empty_history_is_no_error() -> None:
    assert parse_history("birdeye", {"success": True, "data": None}) == []


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"success": False, "message": "no units left"}, {"success": True, "data": {}}],
)
def test_a_failed_history_is_garbled(answer: Any) -> None:
    with pytest.raises(Garbled) as caught:
        parse_history("birdeye", answer)
    assert ("no units left" in str(caught.value)) == ("no units left" in json.dumps(answer))
