"""Jupiter's tokens, prices, lists and names through the parsers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from aura.core.errors import Garbled
from market.domain.prices import TokenName
from market.domain.readings import Activity, SafetyReading, TokenReading
from market.providers.jupiter import parse_mints, parse_names, parse_prices, parse_tokens

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"
DEV = "9AhKqLR67hwapvG8SA2JFXaCshXc9nALJjpKaHZrsbkw"


def token(**fields: Any) -> dict[str, Any]:
    given = {
        "id": BONK,
        "name": "Bonk",
        "symbol": "BONK",
        "icon": "https://cdn.example/bonk.png",
        "decimals": 5,
        "totalSupply": Decimal("1000000000.5"),
        "dev": DEV,
        "launchpad": "pump.fun",
        "graduatedAt": "2026-11-20T10:00:00Z",
        "holderCount": 1234,
        "mcap": 250_000,
        "usdPrice": Decimal("0.00025"),
        "liquidity": 40_000,
        "stats5m": {
            "priceChange": Decimal("3.5"),
            "holderChange": Decimal("0.4"),
            "buyVolume": 600,
            "sellVolume": Decimal("400.5"),
            "buyOrganicVolume": 50,
            "sellOrganicVolume": 40,
            "numBuys": 30,
            "numSells": 20,
            "numTraders": 25,
            "numOrganicBuyers": 7,
            "numNetBuyers": 6,
        },
        "firstPool": {"id": DEV, "createdAt": "2026-11-20T09:00:00Z"},
        "audit": {
            "mintAuthorityDisabled": True,
            "freezeAuthorityDisabled": True,
            "topHoldersPercentage": Decimal("21.5"),
            "devBalancePercentage": Decimal("0.8"),
        },
    }
    return {name: value for name, value in (given | fields).items() if value != "absent"}


def read(**fields: Any) -> TokenReading:
    (told,) = parse_tokens("jupiter", [token(**fields)], NOW)
    return told


def test_a_token_is_read_whole() -> None:
    assert read() == TokenReading(
        source="jupiter",
        mint=BONK,
        read_at=NOW,
        price_usd=Decimal("0.00025"),
        liquidity_usd=Decimal(40_000),
        market_cap_usd=Decimal(250_000),
        supply=Decimal("1000000000.5"),
        decimals=5,
        holders=1234,
        opened_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        graduated_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        launchpad="pump.fun",
        activity={
            "5m": Activity(
                volume_usd=Decimal("1000.5"),
                buy_usd=Decimal(600),
                sell_usd=Decimal("400.5"),
                organic_buy_usd=Decimal(50),
                organic_sell_usd=Decimal(40),
                buys=30,
                sells=20,
                buyers=None,
                sellers=None,
                change=Decimal("0.035"),
                holder_change=Decimal("0.004"),
            )
        },
        safety=SafetyReading(
            source="jupiter",
            mint=BONK,
            read_at=NOW,
            can_mint=False,
            can_freeze=False,
            top10_share=Decimal("0.215"),
            dev_share=Decimal("0.008"),
            holders=1234,
            creator=DEV,
        ),
    )


HOSTILE: list[Any] = [
    "absent", None, "NaN", "Infinity", "", [], {}, True, -1, 10**40, "9" * 200, 1.5, 0,
]  # fmt: skip


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("usdPrice", "price_usd"),
        ("liquidity", "liquidity_usd"),
        ("mcap", "market_cap_usd"),
        ("totalSupply", "supply"),
        ("holderCount", "holders"),
        ("graduatedAt", "graduated_at"),
        ("firstPool", "opened_at"),
    ],
)
def test_a_bad_figure_is_not_known_and_the_rest_is(field: str, attribute: str, bad: Any) -> None:
    good, told = read(), read(**{field: bad})
    assert getattr(told, attribute) is None
    others = {name for name in TokenReading.__slots__ if name not in (attribute, "safety")}
    assert {n: getattr(told, n) for n in others} == {n: getattr(good, n) for n in others}


@pytest.mark.parametrize("bad", ["absent", None, [], "x", 5, {"numBuys": "NaN"}], ids=repr)
def test_without_statistics_there_is_no_activity(bad: Any) -> None:
    assert read(stats5m=bad).activity == {}


def test_volume_needs_both_sides() -> None:
    (activity,) = read(stats5m={"buyVolume": 5, "sellVolume": None}).activity.values()
    assert activity == Activity(buy_usd=Decimal(5))
    (activity,) = read(stats5m={"buyVolume": 5, "sellVolume": 0}).activity.values()
    assert activity.volume_usd == Decimal(5)


@pytest.mark.parametrize(
    ("fields", "can_mint"),
    [
        ({"audit": {"mintAuthorityDisabled": False}}, True),
        ({"audit": {"mintAuthorityDisabled": True}, "mintAuthority": DEV}, False),
        ({"audit": {}, "mintAuthority": DEV}, True),
        ({"audit": {}, "mintAuthority": None}, None),
        ({"audit": {"mintAuthorityDisabled": "true"}}, None),
        ({"audit": {"mintAuthorityDisabled": None}, "mintAuthority": "x"}, None),
    ],
)
def test_an_authority_stands_only_where_it_is_told(
    fields: dict[str, Any], can_mint: bool | None
) -> None:
    safety = read(**fields).safety
    assert safety is not None
    assert (safety.can_mint, safety.can_freeze) == (can_mint, None)


@pytest.mark.parametrize("bad", ["absent", None, [], {}, {"topHoldersPercentage": 101}], ids=repr)
def test_an_audit_that_says_nothing_is_no_judgement(bad: Any) -> None:
    assert read(audit=bad, dev=None).safety is None


def test_a_flag_is_told_in_words() -> None:
    safety = read(audit={"isSus": True}).safety
    assert safety is not None
    assert safety.risks == ("suspicious",)


def test_a_bad_token_costs_the_others_nothing() -> None:
    items = [None, "x", {}, token(id="bad"), token(), token(id=WIF)]
    told = parse_tokens("jupiter", items, NOW, of=[BONK])
    assert ([one.mint for one in told], told.odd) == ([BONK], 4)


@pytest.mark.parametrize(
    "answer", [{}, "x", 5, {"error": "no"}, [{"mint": BONK}], [None]], ids=repr
)
def test_tokens_of_another_shape_are_garbled(answer: Any) -> None:
    with pytest.raises(Garbled):
        parse_tokens("jupiter", answer, NOW)


def test_a_renamed_price_is_the_vendors_failure() -> None:
    renamed = [token(usdPrice="absent", priceUsd=1) for _ in range(5)]
    assert len(parse_tokens("jupiter", renamed[:4], NOW)) == 4
    with pytest.raises(Garbled, match="none of 5 tells its price"):
        parse_tokens("jupiter", renamed, NOW)


def test_no_tokens_are_no_fault() -> None:
    assert len(parse_tokens("jupiter", [], NOW)) == len(parse_tokens("jupiter", None, NOW)) == 0


def test_prices_by_mint_leave_out_what_has_none() -> None:
    answer = {
        BONK: {"usdPrice": Decimal("0.5"), "liquidity": 9, "priceChange24h": None},
        WIF: {"usdPrice": "NaN"},
        DEV: {"usdPrice": 1},
    }
    told = parse_prices("jupiter", answer, NOW, of=[BONK, WIF])
    expected = TokenReading("jupiter", BONK, NOW, Decimal("0.5"), Decimal(9))
    assert (list(told), told.odd) == ([expected], 1)
    assert len(parse_prices("jupiter", {}, NOW, of=[BONK])) == 0
    for bad in ([], None, {BONK: {"price": "1"}}, {BONK: 5}):
        with pytest.raises(Garbled):
            parse_prices("jupiter", bad, NOW, of=[BONK])


def test_lists_and_names() -> None:
    items = [token(id=WIF), None, token(), {"id": 5}]
    told = parse_mints("jupiter", items)
    assert (list(told), told.odd) == ([WIF, BONK], 2)
    nameless = token(id=WIF, name=None, symbol="\u200b")
    assert parse_names("jupiter", [token(), nameless, None], [BONK, WIF]) == [
        TokenName(BONK, "BONK", "Bonk", "https://cdn.example/bonk.png")
    ]
