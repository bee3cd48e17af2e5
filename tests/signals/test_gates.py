"""The gates one by one, what is only marked, and risk, quality and tier."""

from dataclasses import replace

import pytest

from signals.domain.assess import assess
from signals.domain.features import Figures
from signals.domain.gates import marks, refusals
from signals.domain.quality import quality, tier
from signals.domain.risk import band, risk
from signals.domain.rules import CURRENT
from signals.domain.windows import Danger, TokenWindow
from tests.signals import scenes
from tests.signals.scenes import AT, SAFE, curve, recent_listings, window, with_flow


def _refused(seen: TokenWindow) -> list[tuple[str, str]]:
    return [(one.gate, one.reason) for one in refusals(Figures(seen))]


def test_an_ordinary_token_passes_every_gate_unmarked() -> None:
    assert _refused(window()) == []
    assert marks(Figures(window())) == ()


REFUSED: list[tuple[TokenWindow, str, str]] = [
    (
        window(read_at=AT - 181),
        "data.stale",
        "the snapshot is 181 s old, at most 180 s count",
    ),
    (window(read_at=AT + 1), "data.time", "the snapshot was read after its own moment"),
    (window(price_usd=None), "data.price", "no price is known"),
    (window(price_usd=0.0), "data.price", "no price is known"),
    (
        window(danger=replace(SAFE, can_mint=True)),
        "safety.mint_authority",
        "somebody may still mint more",
    ),
    (
        window(danger=replace(SAFE, can_freeze=True)),
        "safety.freeze_authority",
        "somebody may still freeze accounts",
    ),
    (
        window(danger=replace(SAFE, top10_share=0.51)),
        "safety.top10",
        "the ten largest holders have 51 %, at most 50 % pass",
    ),
    (
        window(danger=replace(SAFE, dev_share=0.11)),
        "safety.dev",
        "the developer has 11 %, at most 10 % pass",
    ),
    (
        window(danger=replace(SAFE, bundled_share=0.31)),
        "safety.bundled",
        "bundlers bought 31 %, at most 30 % pass",
    ),
    (
        window(danger=replace(SAFE, wash_share=0.5)),
        "safety.wash",
        "50 % of the volume is wash, less than 50 % passes",
    ),
    (
        window(liquidity_usd=24_999.0),
        "tradable.liquidity",
        "liquidity $24,999 is under $25,000",
    ),
    (
        recent_listings(liquidity_usd=9_999.0),
        "tradable.liquidity",
        "liquidity $9,999 is under $10,000",
    ),
    (
        curve(quote_usd=2_999.0),
        "tradable.liquidity",
        "real quote on the curve $2,999 is under $3,000",
    ),
    (window(liquidity_usd=None), "tradable.unknown", "liquidity is not known"),
    (window(liquidity_usd=0.0), "tradable.unknown", "liquidity is not known"),
    (curve(quote_usd=None), "tradable.unknown", "real quote on the curve is not known"),
    (
        with_flow(window(), "1h", "own", sellers=4),
        "tradable.sellers",
        "4 sellers in 1h, at least 5 wanted",
    ),
    (
        with_flow(window(own={}), "1h", sells=4),
        "tradable.sellers",
        "4 sells in 1h, at least 5 wanted",
    ),
    (
        with_flow(window(own={}, buckets=()), "1h", sells=None),
        "tradable.unknown_sellers",
        "who sold within the hour is not known",
    ),
    (
        with_flow(window(), "1h", change=1.01),
        "late.1h",
        "up 101 % in 1h, at most 100 % is early",
    ),
    (with_flow(window(), "5m", change=0.36), "late.5m", "up 36 % in 5m, at most 35 % is early"),
]


@pytest.mark.parametrize(("seen", "gate", "reason"), REFUSED)
def test_each_gate_alone_refuses_with_its_reason(seen: TokenWindow, gate: str, reason: str) -> None:
    assert _refused(seen) == [(gate, reason)]


AT_THE_LIMIT = [
    window(read_at=AT - 180),
    window(danger=replace(SAFE, top10_share=0.5, dev_share=0.1, bundled_share=0.3)),
    window(danger=replace(SAFE, wash_share=0.499)),
    window(liquidity_usd=25_000.0),
    recent_listings(liquidity_usd=10_000.0),
    window(liquidity_usd=10_000.0, graduated_at=AT - 3_600),
    curve(quote_usd=3_000.0),
    curve(danger=replace(SAFE, can_mint=True, can_freeze=True)),
    with_flow(window(), "1h", "own", sellers=5),
    with_flow(window(), "1h", change=1.0),
    with_flow(window(), "5m", change=0.35),
]


@pytest.mark.parametrize("seen", AT_THE_LIMIT)
def test_what_is_at_the_limit_passes(seen: TokenWindow) -> None:
    assert _refused(seen) == []


def test_missing_safety_is_a_mark_and_a_penalty_and_no_refusal() -> None:
    blind = assess(window(danger=Danger(can_mint=False), is_verified=False))
    assert blind.refusals == ()
    assert blind.marks == (
        "unverified price",
        "unverified safety: freeze authority, top 10 holders, developer's share, bundled share, "
        "wash share",
    )
    assert blind.score is not None
    assert blind.score.penalties["unverified"] == 2 + 5


def test_a_change_nobody_tells_is_marked_not_late() -> None:
    seen = with_flow(window(buckets=()), "5m", change=None)
    assert _refused(seen) == []
    assert marks(Figures(seen)) == ("not known: 5m change of price",)


def test_where_a_gate_refuses_no_strategy_looks_but_the_companions_do() -> None:
    refused = assess(scenes.high_volume(liquidity_usd=None, units=700.0))
    assert (refused.verdicts, refused.score, refused.tier) == ((), None, None)
    assert [one.strategy for one in refused.exits if one.state == "fires"] == ["liquidity_drain"]


@pytest.mark.parametrize(
    ("danger", "expected"),
    [
        # 1 − 0.35, for a third of the locked share's weight is still open to be pulled
        (
            replace(
                SAFE,
                lp_locked_share=0.0,
                bundled_share=0.05,
                top10_share=0.2,
                wash_share=0.1,
                insider_share=0.05,
                dev_share=0.02,
            ),
            35.0,
        ),
        (replace(SAFE, rugged=True), 100.0),
        (Danger(), None),
        # top 10 half way from 20 to 60 %: 0.5·0.5; the developer at 15 % and over: 0.4
        (replace(SAFE, top10_share=0.4, dev_share=0.3, bundled_share=0.0, wash_share=0.0), 55.0),
    ],
)
def test_risk_by_hand(danger: Danger, expected: float | None) -> None:
    assert risk(danger, CURRENT.risk) == expected


def test_somebody_who_may_mint_is_high_risk_and_unknowns_count_a_little() -> None:
    # 1 − (1 − 0.65) · Π(1 − 0.15·weight) over the eight others
    known = risk(Danger(can_mint=True), CURRENT.risk)
    rest = (0.65, 0.5, 0.4, 0.5, 0.3, 0.35, 0.4, 0.6)
    safe = 0.35
    for weight in rest:
        safe *= 1 - 0.15 * weight
    assert known == round(100 * (1 - safe), 2)
    assert band(known, CURRENT.risk) == "high"


@pytest.mark.parametrize(
    ("value", "name"), [(0, "low"), (29.99, "low"), (30, "medium"), (60, "medium"), (60.01, "high")]
)
def test_bands_are_the_original_s(value: float, name: str) -> None:
    assert band(value, CURRENT.risk) == name


def test_quality_of_a_token_half_known() -> None:
    bare = TokenWindow("mint", AT, AT, 0.01, {"dexscreener": 0.01}, is_verified=False)
    # one of 21 inputs by one source: half a point, of which half the weight
    assert quality(Figures(bare)) == round(100 * 0.5 * 0.5 / 21, 2)


def test_quality_falls_with_stand_ins_depth_and_spread() -> None:
    whole = quality(Figures(window()))
    assert quality(Figures(window(own={}, organic={}))) < whole
    assert quality(Figures(window(liquidity_usd=26_000.0))) < whole
    assert quality(Figures(window(danger=replace(SAFE, top10_share=0.45)))) < whole


@pytest.mark.parametrize(
    ("score", "good", "expected"),
    [
        (50, 60, 1),
        (50, 59.9, 2),
        (49.9, 90, 2),
        (35, 40, 2),
        (35, 39.9, 3),
        (25, 0, 3),
        (24.9, 100, None),
    ],
)
def test_tiers(score: float, good: float, expected: int | None) -> None:
    assert tier(score, good, CURRENT.tier) == expected
