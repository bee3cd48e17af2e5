"""Birdeye's lists, prices, overviews and security through the parsers."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aura.core import exact
from aura.core.errors import Garbled
from market.domain.readings import TERMS, Activity, SafetyReading, TokenReading
from market.providers.birdeye_tokens import (
    BirdeyeSecurity,
    BirdeyeTokens,
    parse_list,
    parse_overview,
    parse_prices,
    parse_security,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"


def success(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def test_its_terms_are_found_by_its_source() -> None:
    assert BirdeyeTokens.source == BirdeyeSecurity.source == "birdeye"
    assert not TERMS["birdeye"].may_store


@pytest.mark.recorded
def test_the_recorded_list_is_read(recorded: Path) -> None:
    path = recorded / "vendors" / "birdeye" / "tokenlist_2025-09-15.json"
    tokens = exact.loads(path.read_bytes())["tokens"]
    told = parse_list("birdeye", success({"tokens": tokens}), NOW)
    assert (len(told), told.odd, len({one.mint for one in told})) == (750, 0, 750)
    assert all(one.price_usd and one.liquidity_usd for one in told)
    assert [one.mint for one in told if one.market_cap_usd is None] == [
        token["address"] for token in tokens if token["mc"] is None
    ]
    assert sum(one.market_cap_usd is None for one in told) == 2
    assert min(one.price_usd or 0 for one in told) == Decimal("3.5668888357124583E-9")
    assert all(set(one.activity) == {"24h"} for one in told)
    # v24hChangePercent is of the volume, and no change of the price
    assert {one.activity["24h"].change for one in told} == {None}
    assert {one.holders for one in told} == {None}


def test_an_item_of_the_newest_list_is_read_whole() -> None:
    item = {
        "address": BONK, "decimals": 5, "price": Decimal("0.00002"), "liquidity": 5_000_000,
        "market_cap": 1_500_000_000, "total_supply": 88_000_000_000_000, "holder": 900_000,
        "volume_5m_usd": 10, "volume_1h_usd": 100, "volume_24h_usd": 2_000,
        "price_change_1h_percent": Decimal("-2.5"), "price_change_24h_percent": 10,
    }  # fmt: skip
    assert list(parse_list("birdeye", success({"items": [item]}), NOW)) == [
        TokenReading(
            source="birdeye",
            mint=BONK,
            read_at=NOW,
            price_usd=Decimal("0.00002"),
            liquidity_usd=Decimal(5_000_000),
            market_cap_usd=Decimal(1_500_000_000),
            supply=Decimal(88_000_000_000_000),
            decimals=5,
            holders=900_000,
            activity={
                "5m": Activity(volume_usd=Decimal(10)),
                "1h": Activity(volume_usd=Decimal(100), change=Decimal("-0.025")),
                "24h": Activity(volume_usd=Decimal(2_000), change=Decimal("0.1")),
            },
        )
    ]


HOSTILE: list[Any] = [None, "NaN", "", [], {}, True, -1, 10**40, "9" * 200, 1.5, 0]


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("price", "price_usd"),
        ("liquidity", "liquidity_usd"),
        ("mc", "market_cap_usd"),
        ("holder", "holders"),
        ("total_supply", "supply"),
    ],
)
def test_a_bad_figure_of_a_list_is_not_known(field: str, attribute: str, bad: Any) -> None:
    item = {"address": BONK, "price": 1, "liquidity": 2, "mc": 3, "holder": 4, "total_supply": 5}
    (told,) = parse_list("birdeye", success({"items": [item | {field: bad}]}), NOW)
    assert getattr(told, attribute) is None
    known = (told.price_usd, told.liquidity_usd, told.market_cap_usd, told.holders, told.supply)
    assert sum(one is not None for one in known) == 4


@pytest.mark.parametrize(
    "answer",
    [
        None, [], {}, "x", {"success": False, "message": "no units left"}, success(None),
        success([]), success({}), success({"items": None}), success({"list": []}),
        success({"items": [{"mint": BONK}]}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_list_of_another_shape_is_garbled(answer: Any) -> None:
    with pytest.raises(Garbled) as caught:
        parse_list("birdeye", answer, NOW)
    assert ("no units left" in str(caught.value)) == ("no units left" in repr(answer))


def test_a_bad_item_costs_the_others_nothing() -> None:
    items = [None, {"address": "x"}, {"address": WIF, "price": 2}, 5]
    told = parse_list("birdeye", success({"items": items}), NOW)
    assert ([one.mint for one in told], told.odd) == ([WIF], 3)


def test_prices_by_mint() -> None:
    data = {
        BONK: {"value": Decimal("0.00002"), "liquidity": 0, "priceChange24h": Decimal("-5")},
        WIF: {"value": None},
        "unasked": {"value": 1},
        "unknown": None,
    }
    told = parse_prices("birdeye", success(data), NOW, of=[BONK, WIF, "unknown"])
    expected = TokenReading(
        "birdeye",
        BONK,
        NOW,
        Decimal("0.00002"),
        activity={"24h": Activity(change=Decimal("-0.05"))},
    )
    assert (list(told), told.odd) == ([expected], 1)
    assert len(parse_prices("birdeye", success({}), NOW, of=[BONK])) == 0
    assert len(parse_prices("birdeye", success({BONK: None}), NOW, of=[BONK])) == 0


@pytest.mark.parametrize(
    "data", [None, [], {BONK: {"price": 1}}, {BONK: "1"}, {BONK: {"value": 0}}], ids=repr
)
def test_prices_of_another_shape_are_garbled(data: Any) -> None:
    with pytest.raises(Garbled):
        parse_prices("birdeye", success(data), NOW, of=[BONK])


def test_an_overview_counts_trades_and_no_wallets_by_side() -> None:
    data = {
        "address": BONK, "price": Decimal("0.5"), "liquidity": 10, "marketCap": 20, "holder": 30,
        "totalSupply": 40, "decimals": 5, "uniqueWallet1h": 77, "v1hUSD": 9, "vBuy1hUSD": 6,
        "vSell1hUSD": 3, "buy1h": 5, "sell1h": 4, "trade1h": 9, "priceChange1hPercent": 50,
        "v5mUSD": None, "buy24h": "NaN",
    }  # fmt: skip
    assert parse_overview("birdeye", success(data), BONK, NOW) == TokenReading(
        source="birdeye",
        mint=BONK,
        read_at=NOW,
        price_usd=Decimal("0.5"),
        liquidity_usd=Decimal(10),
        market_cap_usd=Decimal(20),
        supply=Decimal(40),
        decimals=5,
        holders=30,
        activity={
            "1h": Activity(
                volume_usd=Decimal(9),
                buy_usd=Decimal(6),
                sell_usd=Decimal(3),
                buys=5,
                sells=4,
                change=Decimal("0.5"),
            )
        },
    )


def test_an_unknown_token_has_no_overview_and_no_security() -> None:
    assert parse_overview("birdeye", success(None), BONK, NOW) is None
    assert parse_overview("birdeye", success({}), BONK, NOW) is None
    assert parse_security("birdeye", success(None), BONK, NOW) is None
    for data in ({"address": WIF}, [], {"price": 1}):
        with pytest.raises(Garbled):
            parse_overview("birdeye", success(data), BONK, NOW)


def security(**fields: Any) -> SafetyReading | None:
    data = {"creatorAddress": None, "freezeable": None, "top10UserPercent": None} | fields
    return parse_security("birdeye", success(data), BONK, NOW)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"top10UserPercent": Decimal("0.2")}, {"top10_share": Decimal("0.2")}),
        ({"top10UserPercent": 20}, None),
        ({"top10HolderPercent": Decimal("0.9")}, None),
        ({"creatorPercentage": "0.01"}, {"dev_share": Decimal("0.01")}),
        ({"creatorAddress": WIF}, {"creator": WIF}),
        ({"creatorAddress": "somebody"}, None),
        ({"freezeable": False}, {"can_freeze": False}),
        ({"freezeable": True}, {"can_freeze": True}),
        ({"freezeable": "true"}, None),
        ({"transferFeeEnable": False}, {"transfer_fee": Decimal(0)}),
        ({"transferFeeEnable": True}, None),
        (
            {
                "transferFeeEnable": True,
                "transferFeeData": {
                    "older_transfer_fee": {"transfer_fee_basis_points": 100},
                    "newer_transfer_fee": {"transfer_fee_basis_points": 700},
                },
            },
            {"transfer_fee": Decimal("0.07")},
        ),
        ({"fakeToken": True}, {"risks": ("fake token",)}),
        ({"fakeToken": None, "nonTransferable": False}, None),
    ],
)
def test_security_is_read_field_by_field(
    fields: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    wanted = None if expected is None else SafetyReading("birdeye", BONK, NOW, **expected)
    assert security(**fields) == wanted


@pytest.mark.parametrize("data", [[], "x", {}, {"top_10_user_percent": 1}], ids=repr)
def test_security_of_another_shape_is_garbled(data: Any) -> None:
    with pytest.raises(Garbled):
        parse_security("birdeye", success(data), BONK, NOW)
