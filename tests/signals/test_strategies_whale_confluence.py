"""Whale confluence: fires for several and for one that adds; each reason; stands down."""

from dataclasses import replace
from typing import Any

import pytest

from signals.domain.windows import TokenWindow
from tests.signals.judged import fires, judged, refuses, stands_down
from tests.signals.scenes import AT, whale, whale_confluence, window

NAME = "whale_confluence"
BASE = whale_confluence()


def _three(**changes: Any) -> TokenWindow:
    """Three of them, the last one with changes."""
    return window(whales=(whale("a"), whale("b"), whale("c", **changes)))


def test_three_entities_within_half_an_hour_fire() -> None:
    # $4,500 lies 1.5/17 of the way from $3,000 to $20,000
    verdict = fires(NAME, BASE, 0.544118)
    assert verdict.reasons[0] == "qualified entities buying within 30m 3 is at least 3"


def test_several_wallets_of_one_owner_are_one() -> None:
    one = replace(whale("a"), wallets=("x", "y", "z"))
    refuses(NAME, window(whales=(one,)), "qualified entities buying within 30m 1 is under 3")


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (_three(bought_30m_usd=249.0), "qualified entities buying within 30m 2 is under 3"),
        (
            _three(median_buy_usd=6_400.0, bought_30m_usd=1_599.0),
            "qualified entities buying within 30m 2 is under 3",
        ),
        (
            window(whales=tuple(whale(name, 999.0) for name in "abc")),
            "bought by them within 30m $2,997 is under $3,000",
        ),
        (_three(sold_share=0.21), "most that one of them sold meanwhile 21 % is over 20 %"),
        (_three(is_insider=True), "insiders of the token among them 1 is over 0"),
    ],
)
def test_each_condition_alone_keeps_it_quiet(window: TokenWindow, reason: str) -> None:
    refuses(NAME, window, reason)


ADDS = tuple((AT - back, 300.0) for back in (7_500, 4_000, 200))
ADDING: dict[str, Any] = {"buys": ADDS, "bought_30m_usd": 300.0, "grown": 0.5}


def test_one_that_keeps_adding_fires_alone() -> None:
    verdict = judged(NAME, window(whales=(whale("a", **ADDING),)))
    assert verdict.state == "fires"
    assert verdict.reasons == ("qualified entities that keep adding 1 is at least 1",)


@pytest.mark.parametrize(
    "changes",
    [
        {"buys": ADDS[:2]},
        {"buys": ((AT - 7_000, 300.0), *ADDS[1:])},
        {"grown": 0.49},
        {"grown": None},
        {"sold_share": 0.01},
        {"is_insider": True},
    ],
)
def test_one_that_adds_less_or_sells_is_quiet(changes: dict[str, Any]) -> None:
    assert judged(NAME, window(whales=(whale("a", **(ADDING | changes)),))).state == "quiet"


def test_it_stands_down_where_no_wallets_are_looked_at_and_is_quiet_where_none_buys() -> None:
    stands_down(NAME, window(sources={}), "whale_entities", "whale_adding")
    refuses(NAME, window(), "qualified entities buying within 30m 0 is under 3")
