"""Recent listings: fires, fails for each single reason, stands down; pools and curves."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import AT, SAFE, curve, recent_listings, with_flow

NAME = "recent_listings"
BASE = recent_listings()


def test_a_new_pool_that_many_buy_fires_beside_its_base_rate() -> None:
    # 90 buyers lie 0.16 of the way from 50 to 300
    verdict = fires(NAME, BASE, 0.58)
    assert verdict.reasons[-1] == "base rate: 0.66 % of launches graduate"


def test_a_graduated_token_and_a_curve_nearly_full_count_as_listed() -> None:
    graduated = replace(BASE, opened_at=AT - 90_000, graduated_at=AT - 1_000)
    assert judged(NAME, graduated).state == "fires"
    assert judged(NAME, curve()).state == "fires"


def test_a_hundred_buyers_within_the_hour_are_enough_alone() -> None:
    slow = with_flow(replace(BASE, buckets=()), "1h", "own", buyers=100)
    assert judged(NAME, slow).state == "fires"


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (replace(BASE, opened_at=AT - 3_660), "time since listing 61 min is over 60 min"),
        (curve(opened_at=AT - 1_860), "time since listing 31 min is over 30 min"),
        (curve(curve_progress=0.59), "progress of the curve 59 % is under 60 %"),
        (curve(curve_progress=None), "progress of the curve is not known"),
        (
            replace(BASE, buckets=tuple(replace(row, buyers=24) for row in BASE.buckets)),
            "10m buyers 48 is under 50, 1h buyers 90 is under 100",
        ),
        (
            replace(BASE, first_slots_share=0.21),
            "share of supply bought in the first ten slots 21 % is over 20 %",
        ),
        (
            replace(BASE, danger=replace(SAFE, bundled_share=0.25)),
            "bundled share 25 % is over 20 %",
        ),
        (
            replace(BASE, danger=replace(SAFE, dev_share=0.06)),
            "developer's share 6 % is over 5 %",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


def test_what_is_not_known_of_its_safety_is_said_and_refuses_nothing() -> None:
    blind = replace(
        BASE, first_slots_share=None, danger=replace(SAFE, bundled_share=None, dev_share=None)
    )
    verdict = judged(NAME, blind)
    assert verdict.state == "fires"
    assert {
        "share of supply bought in the first ten slots is not known",
        "bundled share is not known",
        "developer's share is not known",
    } <= set(verdict.reasons)


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, opened_at=None), ("listed_for",)),
        (replace(BASE, opened_at=AT + 60), ("listed_for",)),
        (with_flow(replace(BASE, own={}), "1h", buys=None), ("buyers_1h",)),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)
