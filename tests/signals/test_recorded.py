"""Recorded DexScreener pairs through parser, gates and every strategy: exact counts."""

import json
import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from market.domain.combine import Readings, combined
from market.domain.readings import PoolReading
from market.domain.sources import Told
from market.domain.venues import kind_of
from market.providers.dexscreener import parse_pools
from signals.domain.assess import assess
from signals.domain.frozen import strip
from signals.domain.sights import compared, window_of
from signals.domain.verdicts import Assessment
from signals.domain.windows import Bucket, TokenWindow

DATA = Path(os.environ.get("AURA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = DATA / "vendors" / "dexscreener"
FILES = ("pairs_30.json", "pairs_92_profiles_boosts.json")
# The moment the later of the two files was recorded, as its own images' addresses tell.
NOW = datetime.fromtimestamp(1_762_414_500, UTC)

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no recorded data"),
]


def _pairs(told: Any) -> list[Any]:
    """Every pair in a recorded answer, however deep."""
    if isinstance(told, dict) and "pairAddress" in told:
        return [told]
    inner = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [pair for one in inner for pair in _pairs(one)]


@cache
def _readings() -> tuple[int, Told[PoolReading]]:
    pairs = [
        pair
        for name in FILES
        for pair in _pairs(json.loads((FOLDER / name).read_text(), parse_float=Decimal))
    ]
    return len(pairs), parse_pools("dexscreener", pairs, NOW)


@cache
def _first_scan() -> tuple[TokenWindow, ...]:
    """The windows of a program that starts with these pairs and has seen nothing before."""
    windows = []
    for reading in _readings()[1]:
        made = combined(reading.mint, Readings(pools=[reading]), at=NOW)
        assert made is not None
        snapshot = made.snapshot
        windows.append(window_of(snapshot, (), is_curve=kind_of(snapshot.venue) == "curve"))
    return tuple(compared(windows))


def _lived(window: TokenWindow) -> TokenWindow:
    """The same pair watched for a day in which its own day's figures came evenly."""
    day = window.flows["24h"]
    marks = [(0, 1.0)]
    for span, steps in (("1h", 12), ("6h", 72), ("24h", 288)):
        change = window.flows[span].change if span in window.flows else None
        if change is not None:
            marks.append((steps, 1 / (1 + change)))
    rows = []
    for back in range(287, -1, -1):
        at = window.at - window.at % 300 - 300 * back
        if window.opened_at is not None and at < window.opened_at:
            continue
        rows.append(
            Bucket(
                at=at,
                close_usd=(window.price_usd or 0.0) * _between(marks, back),
                volume_usd=None if day.volume_usd is None else day.volume_usd / 288,
                buys=None if day.buys is None else round(day.buys / 288),
                sells=None if day.sells is None else round(day.sells / 288),
                liquidity_usd=window.liquidity_usd,
                units=window.units,
                pool=window.pool,
            )
        )
    return replace(window, buckets=tuple(rows))


def _between(marks: list[tuple[int, float]], back: int) -> float:
    before = max(mark for mark in marks if mark[0] <= back)
    after = min((mark for mark in marks if mark[0] > back), default=before)
    if after == before:
        return before[1]
    return before[1] + (after[1] - before[1]) * (back - before[0]) / (after[0] - before[0])


@cache
def _judged(*, lived: bool) -> tuple[Assessment, ...]:
    windows = _first_scan()
    return tuple(assess(_lived(window) if lived else window) for window in windows)


def _states(said: tuple[Assessment, ...]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for one in said:
        for verdict in one.verdicts:
            counted.setdefault(verdict.strategy, Counter())[verdict.state] += 1
    return {name: dict(sorted(states.items())) for name, states in counted.items()}


def test_122_pairs_are_114_of_solana_7_of_other_chains_and_a_summary() -> None:
    pairs, told = _readings()
    assert (pairs, len(told), told.odd) == (122, 114, 1)
    assert len(_first_scan()) == 114


@pytest.mark.parametrize("lived", [False, True])
def test_gates_accept_46_and_refuse_68_with_reasons(lived: bool) -> None:
    said = _judged(lived=lived)
    assert sum(not one.refusals for one in said) == 46
    assert Counter(refusal.gate for one in said for refusal in one.refusals) == {
        "tradable.sellers": 54,
        "tradable.liquidity": 27,
        "tradable.unknown": 19,
        "late.1h": 1,
    }
    reasons = {refusal.reason for one in said for refusal in one.refusals}
    assert {"real quote on the curve is not known", "0 sells in 1h, at least 5 wanted"} <= reasons
    assert [reason for reason in reasons if reason.startswith("up ")] == [
        "up 2089 % in 1h, at most 100 % is early"
    ]


def test_one_source_and_no_safety_report_is_marked_on_every_token() -> None:
    marks = Counter(mark for one in _judged(lived=True) for mark in one.marks)
    assert marks["unverified price"] == 114
    assert (
        marks[
            "unverified safety: mint authority, freeze authority, top 10 holders, "
            "developer's share, bundled share, wash share"
        ]
        == 114
    )


def test_on_a_first_scan_without_a_past_two_strategies_have_their_inputs() -> None:
    assert _states(_judged(lived=False)) == {
        "high_volume": {"idle": 21, "quiet": 25},
        "top_gainers": {"idle": 46},
        "deep_liquidity": {"idle": 46},
        "micro_caps": {"idle": 46},
        "recent_listings": {"quiet": 46},
        "price_momentum": {"idle": 46},
        "whale_confluence": {"idle": 46},
        "dip_reversal": {"idle": 46},
    }


def test_after_a_day_six_of_eight_strategies_run_on_this_one_keyless_source() -> None:
    said = _judged(lived=True)
    assert _states(said) == {
        "high_volume": {"quiet": 46},
        "top_gainers": {"fires": 1, "idle": 1, "quiet": 44},
        "deep_liquidity": {"idle": 13, "quiet": 33},
        "micro_caps": {"idle": 46},
        "recent_listings": {"quiet": 46},
        "price_momentum": {"quiet": 46},
        "whale_confluence": {"idle": 46},
        "dip_reversal": {"idle": 13, "quiet": 33},
    }
    missing = {
        verdict.strategy: verdict.missing
        for one in said
        for verdict in one.verdicts
        if verdict.state == "idle"
    }
    assert missing["micro_caps"] == ("holder_growth_1h", "organic_share_1h")
    assert missing["whale_confluence"] == ("whale_entities", "whale_adding")
    # concentrated pools tell no units
    assert missing["deep_liquidity"] == ("liquidity_growth_1h",)
    assert missing["dip_reversal"] == ("units",)


def test_the_one_that_fires_says_why() -> None:
    fired = [
        (one, verdict)
        for one in _judged(lived=True)
        for verdict in one.verdicts
        if verdict.state == "fires"
    ]
    assert len(fired) == 1
    one, verdict = fired[0]
    assert one.mint == "G2ygAeUVpYUhpNsmrpvd2BHTWazyDV72kRpsQSEcbonk"
    assert verdict.reasons[1] == "1h change of price 75 % is at least 10 %"
    assert verdict.used == ("1h buys for buyers",)
    assert one.score is not None
    assert one.score.total == 61.27
    assert one.score.penalties == {
        "concentration": 0.0,
        "wash": 0.0,
        "late": 4.0,
        "unverified": 8.0,
    }
    assert one.tier == 3, "an alert's score, but one source is no quality"


def test_all_of_it_may_be_stored_and_replays() -> None:
    for window in _first_scan():
        assert strip(window).removed == ()
