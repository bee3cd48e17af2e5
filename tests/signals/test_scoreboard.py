"""The scoreboard's figures, by hand and against published values."""

import random
from decimal import Decimal
from typing import Any

import pytest

from signals.domain.scoreboard import (
    CLAIM_AT,
    Case,
    Rate,
    design_effect,
    lift,
    line_of,
    scoreboard,
)


def case(outcome: str = "hit", *strategies: str, **fields: Any) -> Case:
    returns = {name: Decimal(text) for name, text in fields.pop("returns", {}).items()}
    day = fields.pop("day", "2026-11-01")
    return Case(day, frozenset(strategies or ("high_volume",)), outcome, returns, **fields)


def test_seven_of_ten_is_between_four_and_nine_in_ten() -> None:
    line = line_of("x", [case("hit")] * 7 + [case("miss")] * 2 + [case("failed")])
    assert line.rate.share == 0.7
    assert line.rate.interval is not None
    assert [round(end, 2) for end in line.rate.interval] == [0.40, 0.89]


def test_what_is_open_or_ungraded_is_counted_and_not_rated() -> None:
    silent = case("ungraded", reason="no pool state", controls=("hit",) * 5)
    line = line_of("x", [case("hit", controls=("hit", "ungraded", "open")), case("open"), silent])
    assert (line.rate, line.controls) == (Rate(1, 1), Rate(1, 1))
    assert (line.still_open, line.ungraded, line.ungraded_controls) == (1, 1, 1)
    assert dict(line.reasons) == {"no pool state": 1}
    nothing = line_of("x", [])
    assert (nothing.rate.share, nothing.rate.interval, nothing.lift) == (None, None, None)
    assert nothing.returns == {}


def test_lift_is_newcombes_interval() -> None:
    # Newcombe 1998, table II, method 10: 56/70 and 48/80, 0.2000 within 0.0524 and 0.3339;
    # 9/10 and 3/10, 0.6000 within 0.1705 and 0.8090; 10/10 and 0/20, 1.0 within 0.6791 and 1.0
    for ours, theirs, low, high in (
        ((70, 56), (80, 48), 0.0524, 0.3339),
        ((10, 9), (10, 3), 0.1705, 0.8090),
        ((10, 10), (20, 0), 0.6791, 1.0),
    ):
        found = lift(Rate(*ours), Rate(*theirs))
        assert found is not None
        assert found.interval == pytest.approx((low, high), abs=5e-5)
    assert lift(Rate(0, 0), Rate(5, 1)) is None


def test_controls_that_end_alike_count_for_fewer() -> None:
    alike = [(True,) * 5, (False,) * 5] * 10
    assert design_effect(alike) == pytest.approx(5.0)
    assert design_effect([(True, False)] * 10) == 1.0
    assert design_effect([(True,)]) == design_effect([]) == 1.0
    dice = random.Random(3)
    chance = [tuple(dice.random() < 0.3 for _ in range(5)) for _ in range(2_000)]
    assert design_effect(chance) == pytest.approx(1.0, abs=0.1)
    wide, narrow = lift(Rate(50, 20), Rate(100, 50), 5.0), lift(Rate(50, 20), Rate(100, 50))
    assert wide is not None
    assert narrow is not None
    assert wide.interval[0] < narrow.interval[0] < narrow.interval[1] < wide.interval[1]


def test_returns_after_costs() -> None:
    worths = [f"{n / 100:.2f}" for n in range(-10, 10)]  # -0.10 … 0.09
    cases = [case("miss", returns={"24h": text}, day=f"d{i % 4}") for i, text in enumerate(worths)]
    found = line_of("x", [*cases, case("ungraded", returns={"24h": "9"})]).returns["24h"]
    assert (found.n, found.median, found.mean) == (20, -0.005, pytest.approx(-0.005))
    # the worst two of twenty
    assert found.worst_decile == pytest.approx(-0.095)
    # four days are too few to draw days again
    assert found.interval is None


def test_the_means_interval_draws_whole_days() -> None:
    # each day has its own mood: forty signals are but eight days
    moods = [Decimal(day) / 10 for day in range(-4, 4)]
    cases = [
        Case(f"d{day}", frozenset("a"), "miss", {"24h": mood})
        for day, mood in enumerate(moods) for _ in range(5)
    ]  # fmt: skip
    found = line_of("a", cases).returns["24h"]
    assert found.mean == pytest.approx(-0.05)
    assert found.interval is not None
    low, high = found.interval
    # the mean of eight draws of standard deviation 0.229: 0.081, times 1.96
    assert low == pytest.approx(-0.05 - 0.159, abs=0.02)
    assert high == pytest.approx(-0.05 + 0.159, abs=0.02)
    assert line_of("a", cases).returns["24h"].interval == found.interval


@pytest.mark.parametrize(
    ("n", "is_pooled", "claim"),
    [
        (0, True, "not enough data: 30 more graded"),
        (29, True, "not enough data: 1 more graded"),
        (30, True, ""),
        (30, False, "not enough data: 170 more graded"),
        (199, False, "not enough data: 1 more graded"),
        (200, False, ""),
    ],
)
def test_nothing_is_claimed_of_too_few(n: int, is_pooled: bool, claim: str) -> None:
    assert line_of("x", [case("miss")] * n, is_pooled=is_pooled).claim == claim


def graded(n: int, hits: int, control_hits: int) -> list[Case]:
    """n signals, so many hits, and so many of five controls each hit."""
    controls = ("hit",) * control_hits + ("miss",) * (5 - control_hits)
    return [case("hit" if i < hits else "miss", controls=controls) for i in range(n)]


def test_a_strategy_worse_than_chance_fails_with_enough_data_only() -> None:
    assert line_of("x", graded(CLAIM_AT, 20, 2)).fails
    assert not line_of("x", graded(CLAIM_AT - 1, 20, 2)).fails
    assert not line_of("x", graded(CLAIM_AT, 20, 2), is_pooled=True).fails
    # 70 of 200 against 400 of 1,000: worse, but not for sure
    assert not line_of("x", graded(CLAIM_AT, 70, 2)).fails
    assert not line_of("x", [case("miss")] * CLAIM_AT).fails


def test_overlap_and_what_removing_each_would_change() -> None:
    cases = [
        case("hit", "a"), case("miss", "a"), case("hit", "a", "b"), case("miss", "b"),
        case("open", "b"),
    ]  # fmt: skip
    board = scoreboard(cases, ["c"])
    assert [line.name for line in board.lines] == ["a", "b", "c"]
    assert board.pooled.rate == Rate(4, 2)
    assert board.overlap == {
        "a": {"a": 3, "b": 1, "c": 0}, "b": {"a": 1, "b": 3, "c": 0}, "c": {"a": 0, "b": 0, "c": 0},
    }  # fmt: skip
    without = {one.strategy: (one.gone, one.left.rate) for one in board.removals}
    assert without == {"a": (2, Rate(2, 1)), "b": (2, Rate(3, 2)), "c": (0, Rate(4, 2))}
