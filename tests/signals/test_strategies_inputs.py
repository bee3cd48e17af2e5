"""Which strategies run on what a set of providers tells; and that the docs say the same."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signals.domain.exits import COMPANIONS
from signals.domain.features import FEATURES, Figures
from signals.domain.strategies import STRATEGIES
from signals.domain.windows import Bucket, Danger, Flow, TokenWindow
from tests.signals import scenes

DOCS = Path(__file__).resolve().parents[2] / "docs" / "strategies.md"

# What each set of sources tells of a token watched for a day, beside what the one before it does.
COUNTS = ("volume_usd", "buys", "sells", "change")
PRICES = ("at", "open_usd", "high_usd", "low_usd", "close_usd", "liquidity_usd", "units")


def _flow(*told: str) -> Flow:
    whole = Flow(9e3, 5e3, 4e3, 4e3, 3e3, 90, 60, 40, 20, 0.05, 0.04)
    return Flow(**{name: getattr(whole, name) for name in told})


def _row(row: Bucket, *told: str) -> Bucket:
    return Bucket(**{name: getattr(row, name) for name in (*PRICES, *told)})


def keyless() -> TokenWindow:
    """DexScreener, RugCheck and the chain: no wallets, no sides of volume."""
    told = ("volume_usd", "buys", "sells", "holders")
    return scenes.window(
        is_verified=False,
        flows={span: _flow(*COUNTS) for span in ("5m", "1h", "6h", "24h")},
        own={},
        organic={},
        buckets=tuple(_row(row, *told) for row in scenes.day()),
        biggest_buyer_usd=None,
        danger=replace(scenes.SAFE, wash_share=None, bundled_share=None),
        sources={},
    )


def with_jupiter() -> TokenWindow:
    """And Jupiter's free key: volume by side, organic volume, growth of holders, a second price."""
    sides = ("buy_usd", "sell_usd", "organic_buy_usd", "organic_sell_usd", "holder_change")
    told = ("volume_usd", "buys", "sells", "holders", "buy_usd", "sell_usd")
    return replace(
        keyless(),
        is_verified=True,
        flows={span: _flow(*COUNTS, *sides) for span in ("5m", "1h", "6h", "24h")},
        buckets=tuple(_row(row, *told) for row in scenes.day()),
    )


def with_trades() -> TokenWindow:
    """And recorded trades through Helius: buyers, sellers, wash, qualified wallets."""
    counted = {span: Flow(buyers=40, sellers=20) for span in ("5m", "15m", "1h")}
    return replace(
        with_jupiter(),
        own=counted,
        organic={span: Flow(volume_usd=8e3) for span in counted},
        buckets=scenes.day(),
        biggest_buyer_usd=900.0,
        danger=scenes.SAFE,
        sources={"whales": "trades"},
    )


def with_birdeye() -> TokenWindow:
    """And Birdeye: a third price and the same figures again, none of which may be kept."""
    seen = with_trades()
    return replace(seen, prices=dict(seen.prices) | {"birdeye": 0.01})


SETS = {
    "keyless": keyless,
    "+ Jupiter": with_jupiter,
    "+ Helius": with_trades,
    "+ Birdeye": with_birdeye,
}
KEYLESS = {
    "high_volume",
    "top_gainers",
    "deep_liquidity",
    "recent_listings",
    "price_momentum",
    "dip_reversal",
}
RUNS = {
    "keyless": KEYLESS,
    "+ Jupiter": KEYLESS | {"micro_caps"},
    "+ Helius": set(STRATEGIES),
    "+ Birdeye": set(STRATEGIES),
}
EXITS = {
    "keyless": {"liquidity_drain", "dev_sell", "safety_regression"},
    "+ Jupiter": {"liquidity_drain", "dev_sell", "safety_regression"},
    "+ Helius": set(COMPANIONS),
    "+ Birdeye": set(COMPANIONS),
}


@pytest.mark.parametrize("name", SETS)
def test_which_strategies_run_on_which_sources(name: str) -> None:
    figures = Figures(SETS[name]())
    runs = {key for key, one in STRATEGIES.items() if one.judge(figures).state != "idle"}
    assert runs == RUNS[name]
    assert {key for key, one in COMPANIONS.items() if one(figures).state != "idle"} == EXITS[name]


def test_at_least_four_run_without_a_key() -> None:
    assert len(RUNS["keyless"]) == 6


@pytest.mark.parametrize("name", SETS)
def test_what_stood_in_is_said(name: str) -> None:
    figures = Figures(SETS[name]())
    used = {words for one in STRATEGIES.values() for words in one.judge(figures).used}
    trades = {
        "5m buys for buyers",
        "1h buys for buyers",
        "5m buys and sells for buyers and sellers",
        "15m buys and sells for buyers and sellers",
        "1h buys and sells for buyers and sellers",
        "buys of two 5m buckets for 10m buyers",
    }
    organic = {"5m volume for organic volume"}
    assert (
        used
        >= {
            "keyless": trades | organic,
            "+ Jupiter": trades,
            "+ Helius": set(),
            "+ Birdeye": set(),
        }[name]
    )
    if name != "keyless":
        assert not used & organic
    if name in ("+ Helius", "+ Birdeye"):
        assert not used & trades


BARE: dict[str, Any] = {
    "danger": Danger(),
    "danger_before": None,
    "flows": {},
    "own": {},
    "organic": {},
    "buckets": (),
    "sources": {},
    "liquidity_usd": None,
    "units": None,
    "opened_at": None,
    "rank_1h": None,
}


def test_knowing_nothing_everything_stands_down() -> None:
    figures = Figures(scenes.window(**BARE))
    states = {one.judge(figures).state for one in STRATEGIES.values()}
    assert states | {one(figures).state for one in COMPANIONS.values()} == {"idle"}


def test_every_declared_input_is_a_feature_and_is_looked_at() -> None:
    for strategy in STRATEGIES.values():
        assert set(strategy.REQUIRED + strategy.OPTIONAL) <= set(FEATURES)
        assert not set(strategy.REQUIRED) & set(strategy.OPTIONAL)
        judged = strategy.judge(Figures(scenes.FIRING[strategy.NAME]()))
        stored = {"void_under", "void_s"}
        assert set(judged.figures) - stored <= set(strategy.REQUIRED + strategy.OPTIONAL)


def test_every_strategy_and_companion_is_told_of() -> None:
    page = DOCS.read_text()
    names = [*STRATEGIES, *COMPANIONS]
    assert [name for name in names if f"`{name}`" not in page] == []
    assert [one.TITLE for one in STRATEGIES.values() if f"**{one.TITLE}**" not in page] == []


def test_the_page_names_every_input() -> None:
    page = DOCS.read_text()
    inputs = {name for one in STRATEGIES.values() for name in one.REQUIRED + one.OPTIONAL}
    assert sorted(name for name in inputs if f"`{name}`" not in page) == []
