"""Micro caps: fires, fails for each single reason, stands down."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import micro_caps, with_buckets, with_flow

NAME = "micro_caps"
BASE = micro_caps()


def test_a_small_token_gaining_holders_fires() -> None:
    # 6 % lies a quarter of the way from 3 to 15
    verdict = fires(NAME, BASE, 0.625)
    assert "1h growth of holders 6 % is at least 3 %" in verdict.reasons


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (replace(BASE, market_cap_usd=19_000.0), "market cap $19,000 is under $20,000"),
        (
            replace(BASE, market_cap_usd=1_100_000.0, liquidity_usd=200_000.0),
            "market cap $1,100,000 is over $1,000,000",
        ),
        (replace(BASE, liquidity_usd=28_000.0), "liquidity to market cap 7 % is under 8 %"),
        (replace(BASE, holders=1_020), "1h growth of holders 2 % is under 3 %"),
        (
            with_flow(BASE, "1h", "own", sellers=112),
            "1h buyers to sellers 1.25× is under 1.3×",
        ),
        (
            with_flow(BASE, "1h", "organic", volume_usd=7_080.0),
            "organic share of 1h volume 59 % is under 60 %",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, market_cap_usd=None), ("market_cap", "liquidity_to_cap")),
        (replace(BASE, liquidity_usd=None), ("liquidity_to_cap",)),
        (replace(BASE, liquidity_usd=0.0), ("liquidity_to_cap",)),
        (with_buckets(BASE, lambda *_: {"holders": None}), ("holder_growth_1h",)),
        (replace(BASE, organic={}), ("organic_share_1h",)),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)


def test_a_source_that_tells_organic_volume_and_holders_is_enough() -> None:
    told = with_flow(
        replace(BASE, organic={}, own={}, buckets=()),
        "1h",
        organic_buy_usd=6_000.0,
        organic_sell_usd=3_000.0,
        holder_change=0.05,
        buys=140,
        sells=100,
    )
    verdict = judged(NAME, told)
    assert verdict.state == "fires"
    assert verdict.figures["organic_share_1h"] == 0.75
    assert verdict.used == ("1h buys and sells for buyers and sellers",)
