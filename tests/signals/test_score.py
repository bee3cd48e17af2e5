"""The score worked out by hand, its penalties, the exit companions, the discovery lists."""

from dataclasses import replace

import pytest

from signals.domain.assess import assess, discover
from signals.domain.features import Figures
from signals.domain.rules import CURRENT
from signals.domain.score import parts, penalties, score
from signals.domain.squash import log_ramp, ramp
from signals.domain.strategies import STRATEGIES
from signals.domain.windows import Danger
from tests.signals import scenes
from tests.signals.scenes import SAFE, whale, window, with_flow


def test_squashing_by_hand() -> None:
    assert [ramp(x, (2.0, 6.0)) for x in (None, 1, 2, 3, 6, 9)] == [0, 0, 0, 0.25, 1, 1]
    assert log_ramp(50_000, (10_000.0, 250_000.0)) == pytest.approx(0.5)
    assert [log_ramp(x, (1.0, 10.0)) for x in (None, 0, -1, 1, 10, 99)] == [0, 0, 0, 0, 1, 1]


def test_parts_by_hand() -> None:
    seen = replace(
        with_flow(with_flow(scenes.window(), "5m", change=0.04), "1h", change=0.05),
        liquidity_usd=50_000.0,
        organic={"5m": scenes.Flow(volume_usd=1_435.0)},
        own={"5m": scenes.Flow(buyers=12, sellers=10), "1h": scenes.Flow(buyers=65, sellers=50)},
        whales=tuple(whale(name, 1_000.0) for name in "abc"),
    )
    assert parts(Figures(seen)) == {
        # median 1,000, MAD 50: z = 435 / (1.4826·50 + 50) = 3.50; 3.5052 / 7 of 25
        "volume": pytest.approx(12.52, abs=0.01),
        # 4 % of 10 in 5 m beats 5 % of 20 in 1 h
        "price": 8.0,
        # (1.2 − 1) / 0.6 and (1.3 − 1) / 0.6, their mean 5/12 of 15
        "pressure": 6.25,
        # 65 of 100 in 1 h beats 12 of 30 in 5 m
        "buyers": 9.75,
        # $50,000 is half way from 10,000 to 250,000 by factors
        "liquidity": 5.0,
        # 3 of 6 entities; $3,000 is half way from 500 to 18,000 by factors
        "smart": 7.5,
    }


def test_every_part_has_its_most() -> None:
    seen = replace(
        scenes.high_volume(),
        liquidity_usd=1e6,
        own={"5m": scenes.Flow(buyers=90, sellers=9), "1h": scenes.Flow(buyers=900, sellers=90)},
        whales=tuple(whale(name, 9_000.0) for name in "abcdef"),
    )
    seen = with_flow(seen, "5m", change=0.2)
    assert sum(parts(Figures(seen)).values()) == 100
    assert score(Figures(seen)).total == 100


def test_penalties_by_hand_and_all_of_them_are_forty() -> None:
    seen = window(danger=replace(SAFE, top10_share=0.35, bundled_share=0.2, wash_share=0.2))
    late = with_flow(with_flow(seen, "1h", change=0.6), "5m", change=0.26)
    assert penalties(Figures(late)) == {
        # top 10 a quarter, bundled a half of the way: the worse counts
        "concentration": 6.0,
        "wash": 3.0,
        # 0.1 of 0.5 in 1 h, 0.06 of 0.15 in 5 m: the worse counts
        "late": 3.2,
        "unverified": 0.0,
    }
    worst = replace(seen, is_verified=False, danger=Danger(top10_share=0.9, wash_share=0.9))
    taken = penalties(Figures(with_flow(worst, "1h", change=2.0)))
    assert taken == {"concentration": 12.0, "wash": 12.0, "late": 8.0, "unverified": 2.0 + 4.0}


def test_a_score_is_never_below_nothing() -> None:
    bad = window(danger=replace(SAFE, top10_share=0.5, wash_share=0.49), is_verified=False)
    assert score(Figures(replace(bad, own={}, flows={}))).total == 0.0


def test_the_tier_belongs_to_a_signal() -> None:
    assert assess(window()).tier is None
    fired = assess(scenes.high_volume())
    assert fired.score is not None
    assert fired.tier == 1


def _exits(seen: scenes.TokenWindow) -> dict[str, tuple[str, float]]:
    return {one.strategy: (one.state, one.strength) for one in assess(seen).exits}


def test_companions_are_quiet_on_an_ordinary_token() -> None:
    assert _exits(window()) == dict.fromkeys(
        ("distribution", "liquidity_drain", "dev_sell", "safety_regression"), ("quiet", 0.0)
    )


def test_each_companion_fires_on_its_own() -> None:
    sold = tuple(whale(name, 0.0, sold_share=0.5) for name in "ab")
    assert _exits(window(whales=sold))["distribution"] == ("fires", 0.5)
    assert _exits(window(whales=sold[:1]))["distribution"] == ("quiet", 0.0)
    # 40 % gone: a quarter of the way from 20 % to all of it
    assert _exits(window(units=600.0))["liquidity_drain"] == ("fires", 0.625)
    assert _exits(window(units=810.0))["liquidity_drain"] == ("quiet", 0.0)
    # half of 1 % sold: 0.3 of 0.8
    half = replace(SAFE, dev_share=0.005)
    assert _exits(window(danger=half))["dev_sell"] == ("fires", 0.6875)
    flipped = window(danger=replace(SAFE, can_mint=True))
    assert _exits(flipped)["safety_regression"] == ("fires", 1.0)
    always = replace(flipped, danger_before=replace(SAFE, can_mint=True))
    assert _exits(always)["safety_regression"] == ("quiet", 0.0)


def test_companions_stand_down_alone() -> None:
    blind = assess(window(danger_before=None, units=None, sources={}))
    assert {one.strategy: (one.state, one.missing) for one in blind.exits} == {
        "distribution": ("idle", ("whale_sellers",)),
        "liquidity_drain": ("idle", ("liquidity_growth_1h",)),
        "dev_sell": ("idle", ("dev_sold",)),
        "safety_regression": ("idle", ("danger_before",)),
    }


def test_every_strategy_lists_its_best_whatever_the_order() -> None:
    made = {name: make() for name, make in scenes.FIRING.items()}
    universe = [replace(seen, mint=f"{name} {n}") for n in range(7) for name, seen in made.items()]
    assert CURRENT.discovery_list == 50
    few = replace(CURRENT, discovery_list=5)
    lists = discover(universe, few)
    assert {name: len(mints) for name, mints in lists.items()} == dict.fromkeys(STRATEGIES, 5)
    assert discover(reversed(universe), few) == lists
    alone = set(STRATEGIES) - {"deep_liquidity", "micro_caps"}
    for name in alone:
        assert lists[name] == tuple(f"{name} {n}" for n in range(5))
