"""DexScreener's pairs and lists through the parser: recorded ones, and hostile ones."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aura.core import exact
from aura.core.errors import Garbled
from aura.core.solana import USDC, WSOL
from market.domain.readings import Activity, PoolReading
from market.domain.venues import kind_of
from market.providers.dexscreener import parse_list, parse_pools

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
POOL = "7hZQ3QmsocJJLuHrw39R9XqZNzt4BmBBNVNSnvJExtqA"
USD1 = "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB"


def pair(**fields: Any) -> dict[str, Any]:
    given = {
        "chainId": "solana",
        "dexId": "pumpswap",
        "pairAddress": POOL,
        "baseToken": {"address": BONK, "name": "Bonk", "symbol": "BONK"},
        "quoteToken": {"address": WSOL, "name": "Wrapped SOL", "symbol": "SOL"},
        "priceNative": "0.0001234",
        "priceUsd": "0.0234",
        "txns": {"m5": {"buys": 3, "sells": 0}, "h1": {"buys": 94, "sells": 28}},
        "volume": {"h1": Decimal("120.5"), "m5": 0},
        "priceChange": {"h1": Decimal("-12.5")},
        "liquidity": {"usd": Decimal("7234.92"), "base": 6002, "quote": Decimal("12.5")},
        "fdv": 157855605,
        "marketCap": 150000000,
        "pairCreatedAt": 1756574814000,
    }
    return {name: value for name, value in (given | fields).items() if value != "absent"}


def read(*pairs: Any, of: list[str] | None = None) -> list[PoolReading]:
    return list(parse_pools("dexscreener", pairs, NOW, of=of))


def test_a_pair_is_read_whole() -> None:
    assert read(pair(), of=[BONK]) == [
        PoolReading(
            source="dexscreener",
            mint=BONK,
            read_at=NOW,
            pool=POOL,
            venue="PumpSwap",
            quote_mint=WSOL,
            price_usd=Decimal("0.0234"),
            price_quote=Decimal("0.0001234"),
            liquidity_usd=Decimal("7234.92"),
            base=Decimal(6002),
            quote=Decimal("12.5"),
            market_cap_usd=Decimal(150000000),
            fdv_usd=Decimal(157855605),
            opened_at=datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC),
            activity={
                "5m": Activity(volume_usd=Decimal(0), buys=3, sells=0),
                "1h": Activity(
                    volume_usd=Decimal("120.5"), buys=94, sells=28, change=Decimal("-0.125")
                ),
            },
        )
    ]


def test_no_wallets_are_counted_for_this_vendor_counts_none() -> None:
    for activity in read(pair())[0].activity.values():
        assert (activity.buyers, activity.sellers, activity.buy_usd) == (None, None, None)


HOSTILE: list[Any] = [
    "absent", None, "NaN", "Infinity", "", "soon", [], {}, True, -1, "-1", 10**40, "9" * 200, 1.5,
]  # fmt: skip


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("priceUsd", "price_usd"),
        ("priceNative", "price_quote"),
        ("fdv", "fdv_usd"),
        ("marketCap", "market_cap_usd"),
        ("pairCreatedAt", "opened_at"),
    ],
)
def test_a_bad_figure_is_not_known_and_the_rest_is(field: str, attribute: str, bad: Any) -> None:
    (good,), (told,) = read(pair()), read(pair(**{field: bad}))
    assert getattr(told, attribute) is None
    others = {name for name in PoolReading.__slots__ if name != attribute}
    assert {n: getattr(told, n) for n in others} == {n: getattr(good, n) for n in others}


@pytest.mark.parametrize("bad", [*HOSTILE, {"usd": 0, "base": 0, "quote": 0}], ids=repr)
def test_no_liquidity_and_zero_liquidity_are_both_not_known(bad: Any) -> None:
    (told,) = read(pair(liquidity=bad))
    assert (told.liquidity_usd, told.base, told.quote) == (None, None, None)
    assert told.price_usd == Decimal("0.0234")


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
def test_bad_activity_leaves_the_spans_others_tell(bad: Any) -> None:
    (told,) = read(pair(txns=bad, volume={"h24": 5, "m5": bad}, priceChange={"m5": "NaN"}))
    assert told.activity == {"24h": Activity(volume_usd=Decimal(5))}


@pytest.mark.parametrize("labels", ["CLMM", None, 5, {}, [None, 5]], ids=repr)
def test_labels_of_another_shape_are_none(labels: Any) -> None:
    assert read(pair(dexId="raydium", labels=labels))[0].venue == "Raydium AMM v4"


ODD: list[Any] = [
    None, "pair", 5, [], {},
    pair(pairAddress="absent"), pair(pairAddress="0xaF2E4F3E10B8d06ecEcABBB7F8A7022c6EAb7B07"),
    pair(baseToken=None), pair(baseToken={"address": POOL[:-1].lower()}), pair(quoteToken="SOL"),
    pair(quoteToken={"mint": WSOL}), pair(dexId=None), pair(dexId=["raydium"]),
]  # fmt: skip


@pytest.mark.parametrize("bad", ODD, ids=lambda bad: repr(bad)[:40])
def test_a_bad_pair_is_counted_and_costs_the_others_nothing(bad: Any) -> None:
    told = parse_pools("dexscreener", [bad, pair(), bad], NOW)
    assert (len(told), told.odd) == (1, 2)
    assert told[0].mint == BONK
    with pytest.raises(Garbled, match="none of 1 is readable"):
        parse_pools("dexscreener", [bad], NOW)


def test_other_chains_and_other_sides_are_no_fault() -> None:
    as_quote = pair(baseToken={"address": USD1}, quoteToken={"address": BONK})
    told = parse_pools("dexscreener", [pair(chainId="base"), as_quote, pair()], NOW, of=[BONK])
    assert ([one.mint for one in told], told.odd) == ([BONK], 0)
    assert len(parse_pools("dexscreener", [as_quote], NOW, of=[BONK])) == 0


def test_a_renamed_price_is_the_vendors_failure_not_five_tokens_without_one() -> None:
    renamed = [pair(priceUsd="absent", price_usd="0.02") for _ in range(5)]
    assert len(parse_pools("dexscreener", renamed[:4], NOW)) == 4
    with pytest.raises(Garbled, match="none of 5 tells its price"):
        parse_pools("dexscreener", renamed, NOW)


@pytest.mark.parametrize(
    ("answer", "mints", "odd"),
    [
        (None, [], 0),
        ([], [], 0),
        ({"chainId": "solana", "tokenAddress": BONK}, [BONK], 0),
        ([{"chainId": "solana", "tokenAddress": BONK}, {"chainId": "base"}], [BONK], 0),
        ([{"chainId": "solana", "tokenAddress": BONK}, None, {}, {"chainId": "solana"}], [BONK], 3),
    ],
)
def test_lists_name_mints_of_solana(answer: Any, mints: list[str], odd: int) -> None:
    told = parse_list("dexscreener", answer)
    assert (list(told), told.odd) == (mints, odd)


@pytest.mark.parametrize("answer", ["x", 5, [{"chain": "solana", "token": BONK}]], ids=repr)
def test_lists_of_another_shape_are_garbled(answer: Any) -> None:
    with pytest.raises(Garbled):
        parse_list("dexscreener", answer)


@pytest.fixture
def pairs(recorded: Path) -> list[Any]:
    """The recorded pairs: 121 whole ones and the summary's, which is of another shape."""
    folder = recorded / "vendors" / "dexscreener"
    one = exact.loads((folder / "pairs_92_profiles_boosts.json").read_bytes())
    two = exact.loads((folder / "pairs_30.json").read_bytes())
    return [
        *one["raw"]["pairs"], *one["pools"], *one["tokensBatch"], *one["search"]["pairs"],
        one["summary"]["primaryPair"], *two["pairs"],
    ]  # fmt: skip


@pytest.mark.recorded
def test_recorded_pairs_are_read(pairs: list[Any]) -> None:
    assert len(pairs) == 122
    told = parse_pools("dexscreener", pairs, NOW)
    assert (len(told), told.odd) == (114, 1)
    assert len({one.pool for one in told}) == 54
    assert Counter(one.venue for one in told) == {
        "Raydium CPMM": 42,
        "Meteora DLMM": 21,
        "Raydium CLMM": 17,
        "Raydium LaunchLab": 15,
        "Orca Whirlpool": 8,
        "Meteora DBC": 4,
        "Raydium AMM v4": 4,
        "Meteora DAMM v2": 3,
    }
    assert Counter(kind_of(one.venue) for one in told) == {
        "concentrated": 49, "product": 46, "curve": 19,
    }  # fmt: skip
    assert all(one.price_usd and one.price_quote and one.opened_at for one in told)
    assert all(one.market_cap_usd and one.fdv_usd for one in told)
    without = [one for one in told if one.liquidity_usd is None]
    assert len(without) == 19
    assert {kind_of(one.venue) for one in without} == {"curve"}
    assert all(set(one.activity) == {"5m", "1h", "6h", "24h"} for one in told)
    assert sum(one.activity["5m"].change is None for one in told) == 71
    assert all(one.activity["24h"].buys is not None for one in told)


@pytest.mark.recorded
def test_recorded_pairs_of_a_mint_are_those_where_it_is_the_base(pairs: list[Any]) -> None:
    told = parse_pools("dexscreener", pairs, NOW, of=[USD1])
    assert (len(told), {one.mint for one in told}) == (40, {USD1})
    assert USDC in {one.quote_mint for one in told}


@pytest.mark.recorded
def test_recorded_lists_name_their_mints(recorded: Path) -> None:
    path = recorded / "vendors" / "dexscreener" / "pairs_92_profiles_boosts.json"
    given = exact.loads(path.read_bytes())
    profiles = parse_list("dexscreener", given["latestProfiles"])
    boosts = parse_list("dexscreener", given["latestBoosts"])
    assert (len(profiles), profiles.odd, len(boosts), boosts.odd) == (20, 0, 30, 0)
