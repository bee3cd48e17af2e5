"""Price momentum: fires, fails for each single reason, stands down; and the level it dies under."""

from dataclasses import replace

import pytest

from signals.domain.windows import TokenWindow
from tests.signals import scenes
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import price_momentum, with_buckets, with_flow

NAME = "price_momentum"
BASE = price_momentum()


def test_a_close_over_the_day_out_of_a_quiet_range_fires() -> None:
    # 1.05 lies 4/14 of the way from 1.01 to 1.15
    verdict = fires(NAME, BASE, 0.642857)
    assert verdict.figures["void_under"] == 0.01
    assert verdict.figures["void_s"] == 360


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (
            with_buckets(BASE, lambda back, _: {"close_usd": 0.0101} if back == 0 else {}),
            "5m close over the day's highest before 1.01× is not over 1.01×",
        ),
        (
            replace(BASE, price_usd=0.01),
            "price over that level at the next snapshot 1× is not over 1×",
        ),
        (
            replace(BASE, read_at=scenes.END),
            "price over that level at the next snapshot is not known",
        ),
        (
            with_buckets(BASE, lambda back, _: {"low_usd": 0.007} if back == 30 else {}),
            "range of the 6h before 44.29 % is over 40 %",
        ),
        (
            with_flow(BASE, "5m", "organic", volume_usd=2_400.0),
            "5m volume over its median 2.4× is under 2.5×",
        ),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


def test_a_range_older_than_six_hours_does_not_count() -> None:
    wide = with_buckets(BASE, lambda back, _: {"low_usd": 0.005} if back == 80 else {})
    assert judged(NAME, wide).state == "fires"


def test_a_breakout_is_seen_one_bucket_later_too_and_not_after_that() -> None:
    def broke(at: int) -> TokenWindow:
        return with_buckets(
            BASE, lambda back, _: {"close_usd": 0.0105 if back <= at else 0.01, "high_usd": None}
        )

    assert [judged(NAME, broke(at)).state for at in (0, 1, 2)] == ["fires", "fires", "quiet"]


@pytest.mark.parametrize(
    ("window", "missing"),
    [
        (
            replace(BASE, buckets=()),
            ("breakout", "range_before_6h", "volume_times_5m"),
        ),
        (replace(BASE, buckets=scenes.day(140)), ("breakout", "range_before_6h")),
        (
            with_buckets(BASE, lambda *_: {"volume_usd": None}),
            ("volume_times_5m",),
        ),
    ],
)
def test_it_stands_down_for_each_missing_input(
    window: TokenWindow, missing: tuple[str, ...]
) -> None:
    stands_down(NAME, window, *missing)
