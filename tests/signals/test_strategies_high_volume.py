"""High volume: fires, fails for each single reason, stands down."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals import scenes
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import high_volume, with_flow

NAME = "high_volume"


def test_a_burst_that_many_buy_fires() -> None:
    verdict = fires(NAME, high_volume(), 1.0)
    assert verdict.reasons[0] == "5m organic volume $8,000 is at least $5,000"
    assert verdict.used == ()


BASE = high_volume()


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (
            with_flow(BASE, "5m", "organic", volume_usd=4_990.0),
            "5m organic volume $4,990 is under $5,000",
        ),
        (
            scenes.with_buckets(BASE, lambda *_: {"volume_usd": 3_000.0}),
            "5m volume over its median 2.667× is under 3×",
        ),
        (
            scenes.with_buckets(BASE, lambda back, _: {"volume_usd": 1.3e3 * (1 + back % 3)}),
            "5m volume's robust z 2.731 is under 3.5",
        ),
        (with_flow(BASE, "5m", "own", buyers=14, sellers=7), "5m buyers 14 is under 15"),
        (
            with_flow(BASE, "5m", "own", sellers=34),
            "5m buyers to sellers 1.176× is under 1.2×",
        ),
        (
            with_flow(BASE, "1h", "own", sellers=112),
            "1h buyers to sellers 1.25× is under 1.3×",
        ),
        (with_flow(BASE, "5m", change=-0.001), "5m change of price -0.1 % is under 0 %"),
        (with_flow(BASE, "5m", change=0.36), "5m change of price 36 % is over 35 %"),
        (
            replace(BASE, biggest_buyer_usd=3_600.0),
            "biggest buyer's share of 5m volume 40 % is over 35 %",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, buckets=()), ("volume_times_5m", "volume_z_5m")),
        (
            with_flow(replace(BASE, buckets=()), "5m", change=None),
            ("volume_times_5m", "volume_z_5m", "change_5m"),
        ),
        (
            replace(with_flow(BASE, "1h", buys=None), own={}, buckets=scenes.day()[:-1]),
            ("pressure_1h",),
        ),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)


def test_it_runs_on_what_one_keyless_source_tells_and_says_what_stood_in() -> None:
    keyless = replace(BASE, own={}, organic={}, biggest_buyer_usd=None)
    verdict = judged(
        NAME,
        replace(keyless, flows=dict(keyless.flows) | {"1h": scenes.flow(20_000.0, 200, 120, 0.1)}),
    )
    assert verdict.state == "fires"
    assert verdict.used == (
        "5m volume for organic volume",
        "5m buys for buyers",
        "5m buys and sells for buyers and sellers",
        "1h buys and sells for buyers and sellers",
    )
    assert "biggest buyer's share of 5m volume is not known" in verdict.reasons
