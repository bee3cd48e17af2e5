"""Top gainers: fires, fails for each single reason, stands down."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals import scenes
from tests.signals.judged import fires, refuses, stands_down
from tests.signals.scenes import top_gainers, with_flow

NAME = "top_gainers"
BASE = top_gainers()


def test_one_of_the_hour_s_best_fires() -> None:
    # three times the median lies a quarter of the way from 2 to 6
    verdict = fires(NAME, BASE, 0.625)
    assert verdict.reasons[0] == "share of the universe that rose less in 1h 97 % is at least 90 %"


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (
            replace(BASE, rank_1h=0.89),
            "share of the universe that rose less in 1h 89 % is under 90 %",
        ),
        (with_flow(BASE, "1h", change=0.09), "1h change of price 9 % is under 10 %"),
        (with_flow(BASE, "1h", change=1.01), "1h change of price 101 % is over 100 %"),
        (with_flow(BASE, "1h", "own", buyers=29), "1h buyers 29 is under 30"),
        (
            with_flow(BASE, "1h", "organic", volume_usd=20_000.0),
            "1h volume over its median 1.667× is under 2×",
        ),
        (
            scenes.with_buckets(BASE, lambda back, _: {"high_usd": 0.0175} if back == 3 else {}),
            "distance below the 1h high 20 % is over 10 %",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (replace(BASE, rank_1h=None), ("rank_1h",)),
        (replace(BASE, buckets=()), ("volume_times_1h", "below_high_1h")),
        (replace(BASE, buckets=(), cohort=scenes.cohort(volume_1h=9e3)), ("below_high_1h",)),
        (
            with_flow(replace(BASE, buckets=scenes.day(12)), "1h", change=None),
            ("change_1h", "volume_times_1h"),
        ),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)
