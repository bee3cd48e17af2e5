"""Dip reversal: fires, fails for each single reason, stands down."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals import scenes
from tests.signals.judged import fires, refuses, stands_down
from tests.signals.scenes import AT, dip_reversal, with_buckets, with_flow

NAME = "dip_reversal"
BASE = dip_reversal()


def test_a_dip_whose_sellers_tire_fires() -> None:
    # 56.67 % below: 0.8667 of the way from 35 to 60
    verdict = fires(NAME, BASE, 0.933333)
    assert "second low over the first 1.12× is at least 1.02×" in verdict.reasons


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (
            replace(BASE, opened_at=AT - 21_000),
            "age 350 min is under 360 min",
        ),
        (with_flow(BASE, "24h", volume_usd=99_000.0), "24h volume $99,000 is under $100,000"),
        (
            replace(BASE, price_usd=0.021),
            "distance below the 24h high 30 % is under 35 %",
        ),
        (
            with_buckets(BASE, lambda back, _: {"high_usd": 0.05} if back == 72 else {}),
            "distance below the 24h high 74 % is over 70 %",
        ),
        (
            replace(BASE, units=890.0),
            "liquidity units against those at the high 0.89× is under 0.9×",
        ),
        (
            with_buckets(BASE, lambda back, _: {"sell_usd": 490.0 + back % 7}),
            "robust z of the heaviest 5m selling 0.05664 is under 2",
        ),
        (
            with_buckets(BASE, lambda back, row: {"sell_usd": 1_600.0} if back == 10 else {}),
            "times selling fell in a row since 1 is under 2",
        ),
        (
            with_buckets(BASE, lambda back, row: {"low_usd": 0.0101} if back == 6 else {}),
            "second low over the first 1.01× is under 1.02×",
        ),
        (
            replace(BASE, price_usd=0.0123),
            "price over its 15m average 0.9917× is not over 1×",
        ),
        (
            with_flow(BASE, "15m", "own", sellers=32),
            "15m buyers to sellers 1.25× is under 1.3×",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


def test_the_first_low_alone_is_no_reversal() -> None:
    falling = with_buckets(BASE, lambda back, _: {"low_usd": 0.009} if back == 0 else {})
    refuses(NAME, falling, "second low over the first is not known")


def test_a_day_that_never_fell_is_quiet_not_idle() -> None:
    refuses(NAME, scenes.window(), "distance below the 24h high 0.9901 % is under 35 %")


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, opened_at=None), ("age",)),
        (replace(BASE, units=None), ("units",)),
        (replace(BASE, buckets=()), ("below_high_24h", "over_vwap_15m")),
        (
            replace(
                with_flow(BASE, "24h", volume_usd=None, buy_usd=None), buckets=BASE.buckets[1:]
            ),
            ("volume_24h",),
        ),
        (
            with_buckets(replace(BASE, own={}), lambda *_: {"buys": None}),
            ("pressure_15m",),
        ),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)
