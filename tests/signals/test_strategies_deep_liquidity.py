"""Deep liquidity: fires, fails for each single reason, stands down; pools and curves."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals import scenes
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import deep_liquidity, with_buckets, with_flow

NAME = "deep_liquidity"
BASE = deep_liquidity()


def test_a_third_more_units_within_the_hour_fires() -> None:
    # 33 % of the way from 20 % to 100 % is 0.1625
    verdict = fires(NAME, BASE, 0.58125)
    assert verdict.reasons[0] == (
        "1h growth of liquidity units 33 % is at least 20 %, "
        "6h growth of liquidity units 33 % is under 40 %"
    )


def test_six_hours_of_growth_are_enough_alone() -> None:
    # 1,000 units six hours ago, 1,300 within the last two, 1,450 now: 11.5 % and 45 %
    slow = with_buckets(
        replace(BASE, units=1_450.0), lambda back, _: {"units": 1_300.0} if back < 24 else {}
    )
    assert judged(NAME, slow).state == "fires"


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (
            replace(BASE, units=1_190.0),
            "1h growth of liquidity units 19 % is under 20 %, "
            "6h growth of liquidity units 19 % is under 40 %",
        ),
        (with_flow(BASE, "1h", change=-0.06), "1h change of price -6 % is under -5 %"),
        (
            with_flow(scenes.curve(opened_at=scenes.AT - 240), "1h", buy_usd=8e3, sell_usd=2e3),
            "time since listing 4 min is under 5 min",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


def test_dollars_that_rise_with_the_price_are_no_deposit() -> None:
    risen = with_flow(
        replace(BASE, units=1_000.0, price_usd=0.02, liquidity_usd=85_000.0), "1h", change=1.0
    )
    assert judged(NAME, risen).state == "quiet"


def test_net_buying_fills_a_curve() -> None:
    # 9,000 now of which 2,000 net within the hour: 28.6 %
    filling = with_flow(scenes.curve(), "1h", buy_usd=5_000.0, sell_usd=3_000.0)
    assert judged(NAME, filling).state == "fires"


def test_a_curve_without_sides_of_volume_is_judged_by_its_quote_and_says_so() -> None:
    blind = replace(
        with_flow(scenes.curve(opened_at=scenes.AT - 8_000), "1h", buy_usd=None, sell_usd=None),
        buckets=scenes.day(
            24, lambda _: {"liquidity_usd": 6_000.0, "buy_usd": None, "sell_usd": None}
        ),
    )
    verdict = judged(NAME, blind)
    assert verdict.state == "fires"
    assert verdict.used[0] == "1h growth of the curve's quote for net buying"


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, units=None), ("liquidity_growth_1h",)),
        (with_buckets(BASE, lambda *_: {"units": None}), ("liquidity_growth_1h",)),
        (replace(BASE, opened_at=None), ("listed_for",)),
        (
            with_flow(with_buckets(BASE, lambda *_: {"close_usd": None}), "1h", change=None),
            ("change_1h",),
        ),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)
