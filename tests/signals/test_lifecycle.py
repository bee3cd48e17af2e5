"""A signal's life step by step: what is decided, when, and in which words."""

from dataclasses import replace
from typing import Any

import pytest

from signals.domain.assess import assess
from signals.domain.episodes import Call, Closed, Open, Seat, Spoken, exit_call, long_call
from signals.domain.lifecycle import step
from signals.domain.rules import CURRENT
from signals.domain.verdicts import Verdict
from tests.signals import scenes

T = 1_762_700_000
MINUTE = 60
HOUR = 3_600


def fired(*names: str, **figures: float) -> tuple[Verdict, ...]:
    return tuple(Verdict(name, "fires", strength=0.7, figures=figures) for name in names)


def call(minutes: float, score: float | None, *names: str, **changes: Any) -> Call:
    """What one scan says: which strategies fire, and the score."""
    figures = changes.pop("figures", {})
    at = T + int(minutes * MINUTE)
    return Call(scenes.MINT, "long", at, score, fired(*names, **figures), **changes)


def lived(*calls: Call, seat: Seat | None = None) -> tuple[Seat, list[tuple[str, str, str]]]:
    """Step through calls; return the seat and every decision's kind, lane and reason."""
    seat, told = seat or Seat(), []
    for one in calls:
        seat, decisions = step(seat, one, CURRENT)
        told += [(d.kind, d.lane, d.reason) for d in decisions]
    return seat, told


def kinds(*calls: Call, seat: Seat | None = None) -> list[str]:
    return [kind for kind, _, _ in lived(*calls, seat=seat)[1]]


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (50.0, [("raise", "alert", "a, b"), ("announce", "alert", "score 50 is an alert")]),
        (49.9, [("raise", "watch", "a, b")]),
        (25.0, [("raise", "watch", "a, b")]),
        (24.9, [("raise", "shadow", "a, b")]),
        (None, []),
    ],
)
def test_the_score_decides_what_opens(
    score: float | None, expected: list[tuple[str, str, str]]
) -> None:
    names = ("high_volume", "top_gainers")
    shown = [
        (kind, lane, reason.replace("a, b", ", ".join(names))) for kind, lane, reason in expected
    ]
    assert lived(call(0, score, *names))[1] == shown


def test_without_a_rule_that_holds_nothing_opens() -> None:
    assert lived(call(0, 90.0)) == (Seat(), [])


def test_one_signal_a_mint_strategies_join_it() -> None:
    seat, told = lived(
        call(0, 30.0, "high_volume"),
        call(2, 32.0, "high_volume", "micro_caps"),
        call(4, 31.0, "micro_caps"),
    )
    assert told == [("raise", "watch", "high_volume"), ("join", "watch", "micro_caps joins")]
    assert seat.open is not None
    assert [(one.strategy, one.joined_at, one.fired_at) for one in seat.open.components] == [
        ("high_volume", T, T + 120),
        ("micro_caps", T + 120, T + 240),
    ]
    assert (seat.open.score, seat.open.peak) == (31.0, 32.0)


def test_the_same_call_again_or_an_older_one_changes_nothing() -> None:
    seat, _ = lived(call(0, 60.0, "high_volume"), call(2, 61.0, "high_volume"))
    assert lived(call(2, 99.0, "top_gainers"), call(1, 9.0), seat=seat) == (seat, [])


def test_weight_halves_with_every_half_life_since_the_rule_last_held() -> None:
    seat, _ = lived(call(0, 30.0, "high_volume"), call(2, 30.0, "high_volume"))
    assert seat.open is not None
    weights = [seat.open.weight(T + 120 + 600 * n) for n in range(4)]
    assert weights == [1.0, 0.5, 0.25, 0.125]
    _, decisions = step(seat, call(12, 30.0), CURRENT)
    assert [(one.kind, one.weight) for one in decisions] == [("decay", 0.5)]


def test_the_freshest_component_weighs() -> None:
    seat, _ = lived(call(0, 30.0, "high_volume", "deep_liquidity"))
    assert seat.open is not None
    assert seat.open.weight(T + 120 * MINUTE) == 0.5


HALF_LIVES = {
    "high_volume": 10,
    "top_gainers": 20,
    "price_momentum": 30,
    "deep_liquidity": 120,
    "micro_caps": 60,
    "recent_listings": 10,
    "whale_confluence": 60,
    "dip_reversal": 45,
}


@pytest.mark.parametrize(("strategy", "minutes"), HALF_LIVES.items())
def test_it_expires_after_four_half_lives(strategy: str, minutes: int) -> None:
    opened = call(0, 30.0, strategy)
    assert kinds(opened, call(4 * minutes - 1, None)) == ["raise", "decay"]
    _, told = lived(opened, call(4 * minutes, None))
    assert told[1:] == [("close", "watch", "expired: no rule held for 4 half-lives")]


def test_hysteresis_closes_under_seven_tenths_of_what_opens() -> None:
    opened = call(0, 30.0, "high_volume")
    assert kinds(opened, call(2, 17.5, "high_volume")) == ["raise"]
    _, told = lived(opened, call(2, 17.4, "high_volume"))
    assert told[1:] == [("close", "watch", "score 17.4 is under 17.5")]


def test_an_alert_falls_to_a_watch_under_thirty_five_and_rises_again_at_fifty() -> None:
    _, told = lived(
        call(0, 55.0, "high_volume"),
        call(2, 40.0, "high_volume"),
        call(4, 34.9, "high_volume"),
        call(6, 49.0, "high_volume"),
        call(8, 50.0, "high_volume"),
    )
    assert told == [
        ("raise", "alert", "high_volume"),
        ("announce", "alert", "score 55 is an alert"),
        ("lane", "watch", "score 34.9: watch"),
        ("lane", "alert", "score 50: alert"),
    ]


def test_a_watch_that_becomes_an_alert_is_announced_then() -> None:
    _, told = lived(call(0, 30.0, "high_volume"), call(2, 52.0, "high_volume"))
    assert told[1:] == [
        ("lane", "alert", "score 52: alert"),
        ("announce", "alert", "score 52 is an alert"),
    ]


def test_missing_data_neither_closes_nor_scores() -> None:
    seat, told = lived(call(0, 30.0, "high_volume"), call(2, None))
    assert told[1:] == [("decay", "watch", "no rule holds now")]
    assert seat.open is not None
    assert seat.open.score == 30.0


def test_what_invalidates_closes_at_once_and_nothing_opens_on_it() -> None:
    bad = call(2, 60.0, "high_volume", invalid="somebody may still mint more")
    _, told = lived(call(0, 60.0, "high_volume"), bad)
    assert told[2:] == [("close", "alert", "somebody may still mint more")]
    assert kinds(bad) == []


@pytest.mark.parametrize(
    ("minutes", "score", "opens"),
    [
        (30, 40.0, False),
        (39, 40.0, False),
        (39, 50.0, True),
        (39, 49.9, False),
        (70, 30.0, True),
    ],
)
def test_after_closing_a_mint_rests_unless_a_quarter_stronger(
    minutes: float, score: float, opens: bool
) -> None:
    closed = call(0, 40.0, "high_volume"), call(40, None)
    assert kinds(*closed, call(40 + minutes - 10, score, "high_volume"))[2:] == (
        ["raise", "announce"] if opens and score >= 50 else ["raise"] if opens else []
    )


def test_the_rest_is_a_half_life_where_that_is_longer() -> None:
    closed = call(0, 40.0, "deep_liquidity"), call(480, None)
    assert kinds(*closed, call(599, 40.0, "micro_caps"))[2:] == []
    assert kinds(*closed, call(600, 40.0, "micro_caps"))[2:] == ["raise"]


ANNOUNCED = call(0, 60.0, "deep_liquidity")


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (call(29, 60.0, "micro_caps"), None),
        (call(30, 60.0, "micro_caps"), "micro_caps joined"),
        (call(30, 60.0, "deep_liquidity"), None),
        (call(2, 74.9, "deep_liquidity"), None),
        (call(2, 75.0, "deep_liquidity"), "score up 15"),
    ],
)
def test_an_alert_speaks_again_only_with_news(later: Call, reason: str | None) -> None:
    _, told = lived(ANNOUNCED, later)
    spoken = [words for kind, _, words in told if kind == "announce"]
    assert spoken == ["score 60 is an alert", *([reason] if reason else [])]


CLOSED = Closed(
    T - HOUR,
    peak=60.0,
    half_life_s=600,
    strategies=("high_volume",),
    spoken=Spoken(T - 2 * HOUR, 60.0, ("high_volume",), T - HOUR),
)


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (call(0, 60.0, "high_volume"), None),
        (call(0, 60.0, "micro_caps"), "micro_caps joined"),
        (call(0, 75.0, "high_volume"), "score up 15"),
        (call(299, 60.0, "high_volume"), None),
        (call(300, 60.0, "high_volume"), "6 h passed since the last one closed"),
    ],
)
def test_a_new_one_soon_after_an_announced_one_opens_quietly(
    later: Call, reason: str | None
) -> None:
    _, told = lived(later, seat=Seat(last=CLOSED))
    assert told[0][:2] == ("raise", "alert")
    assert [words for kind, _, words in told if kind == "announce"] == ([reason] if reason else [])


def test_what_was_last_announced_is_remembered_past_one_that_was_not() -> None:
    seat, _ = lived(call(0, 30.0, "high_volume"), call(40, None), seat=Seat(last=CLOSED))
    assert seat.last is not None
    assert seat.last.closed_at == T + 40 * MINUTE
    assert seat.last.spoken == CLOSED.spoken


BREAKOUT = {"void_under": 1.0, "void_s": 360.0}


@pytest.mark.parametrize(
    ("minutes", "price", "kind"),
    [
        (2, 0.99, "close"),
        (6, 0.99, "close"),
        (7, 0.99, "decay"),
        (2, 1.0, "decay"),
        (2, None, "decay"),
    ],
)
def test_a_breakout_back_under_its_level_within_three_snapshots_is_void(
    minutes: float, price: float | None, kind: str
) -> None:
    opened = call(0, 30.0, "price_momentum", figures=BREAKOUT)
    _, told = lived(opened, call(minutes, 30.0, price=price))
    assert told[1][0] == kind
    if kind == "close":
        assert told[1][2] == "void: the price is back under $1"


def test_what_else_holds_outlives_a_void_breakout() -> None:
    seat, told = lived(
        call(0, 30.0, "price_momentum", figures=BREAKOUT),
        call(2, 30.0, "high_volume", price=1.1),
        call(4, 30.0, "high_volume", price=0.9),
        call(6, 30.0, "price_momentum", price=0.9, figures=BREAKOUT),
    )
    assert [kind for kind, _, _ in told] == ["raise", "join"]
    assert seat.open is not None
    assert [(one.strategy, one.is_void) for one in seat.open.components] == [
        ("price_momentum", True),
        ("high_volume", False),
    ]
    _, told = lived(call(8, 30.0, "price_momentum", price=1.2, figures=BREAKOUT), seat=seat)
    assert told == [("join", "watch", "price_momentum joins")]


def test_a_shadow_gives_way_to_a_signal_and_a_signal_keeps_shadows_out() -> None:
    seat, told = lived(call(0, 10.0, "high_volume"), call(2, 30.0, "high_volume"))
    assert told == [
        ("raise", "shadow", "high_volume"),
        ("close", "shadow", "a signal takes its place"),
        ("raise", "watch", "high_volume"),
    ]
    assert seat.shadow is None
    assert kinds(call(4, 20.0, "micro_caps"), seat=seat) == ["join"]


def test_a_shadow_is_never_announced_ends_by_itself_and_rests() -> None:
    shadow = call(0, 10.0, "high_volume")
    assert kinds(shadow, call(2, 5.0, "high_volume"), call(42, None)) == ["raise", "close"]
    rested = shadow, call(40, None), call(60, 10.0, "high_volume")
    assert kinds(*rested) == ["raise", "close"]
    assert kinds(*rested, call(70, 10.0, "high_volume")) == ["raise", "close", "raise"]
    assert kinds(*rested, call(62, 30.0, "high_volume")) == ["raise", "close", "raise"]


def test_the_long_call_of_an_assessment() -> None:
    seen = scenes.high_volume()
    made = long_call(seen, assess(seen), CURRENT)
    assert (made.direction, made.at, made.price, made.invalid) == ("long", seen.at, 0.01, "")
    assert [one.strategy for one in made.firing] == ["high_volume"]
    unsafe = replace(seen, danger=replace(scenes.SAFE, dev_share=0.2))
    assert long_call(unsafe, assess(unsafe), CURRENT).invalid == (
        "the developer has 20 %, at most 10 % pass"
    )


@pytest.mark.parametrize(
    ("changes", "invalid"),
    [
        ({"liquidity_usd": 6_999.0}, "liquidity $6,999 is gone"),
        ({"liquidity_usd": 7_000.0}, ""),
        ({"liquidity_usd": 0.0}, ""),
        ({"liquidity_usd": None}, ""),
        ({"liquidity_usd": 5_000.0, "read_at": scenes.AT - 900}, ""),
    ],
)
def test_liquidity_known_to_be_gone_invalidates_and_unknown_does_not(
    changes: dict[str, Any], invalid: str
) -> None:
    seen = scenes.window(**changes)
    assert long_call(seen, assess(seen), CURRENT).invalid == invalid


def test_a_stale_price_voids_nothing() -> None:
    stale = scenes.window(read_at=scenes.AT - 900)
    assert long_call(stale, assess(stale), CURRENT).price is None


def test_companions_make_a_signal_of_their_own_direction() -> None:
    drained = scenes.window(units=600.0, liquidity_usd=None)
    made = exit_call(drained, assess(drained))
    assert (made.direction, made.score) == ("exit", 62.5)
    seat, decisions = step(Seat(), made, CURRENT)
    assert [(one.kind, one.lane, one.strategies) for one in decisions] == [
        ("raise", "alert", ("liquidity_drain",)),
        ("announce", "alert", ("liquidity_drain",)),
    ]
    calm = scenes.window(at=scenes.AT + 120, read_at=scenes.AT + 110)
    assert exit_call(calm, assess(calm)).score is None
    assert isinstance(step(seat, exit_call(calm, assess(calm)), CURRENT)[0].open, Open)
