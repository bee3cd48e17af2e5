"""The board and the lists from rows: whole, of one world, nothing left out."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from signals import tasks
from signals.actions import Subject, grade_subject, retire_failing
from signals.domain.scoreboard import CLAIM_AT, Case, line_of
from signals.models import Component, Grade, RecordEntry, Signal, StrategyState, pack, unpack
from signals.queries import (
    cases_of,
    open_signals,
    retired_strategies,
    scan_log,
    scoreboard_of,
    signals_with_all,
    track_record,
)
from signals.queries.verify import verify_stored
from tests.signals.points import CALLED, LATER, held
from tests.signals.rows import make_scan, make_signal, store_points

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


def settle(signal: Signal) -> None:
    for subject in [Subject(signal.pk), *(Subject(None, c.pk) for c in signal.controls.all())]:
        grade_subject(subject, now=LATER)


def test_the_board_counts_published_signals_with_their_controls() -> None:
    hit = make_signal("WIF", ["high_volume", "top_gainers"], controls=["A", "B"])
    store_points("WIF", held(-60, 540, 1_000_000, 1_000) + held(600, DAY + 60, 800_000, 1_250))
    store_points("A", held(-60, DAY + 60, 1_000_000, 1_000))
    Component.objects.create(
        signal=hit, strategy="dip_reversal", joined_at=LATER, fired_at=LATER, strength=1,
        half_life_s=60, verdict={},
    )  # fmt: skip
    settle(hit)
    make_signal("open", controls=["C"])
    silent = make_signal("silent")
    settle(silent)
    (first, *_) = cases_of("alert")
    assert first.strategies == {"high_volume", "top_gainers"}
    assert (first.outcome, sorted(first.controls)) == ("hit", ["miss", "ungraded"])
    assert str(first.returns["exit"]) == "0.537468"
    board = scoreboard_of("alert", strategies=["whale_confluence"])
    pooled = board.pooled
    assert (pooled.rate.n, pooled.rate.hits, pooled.controls.n) == (1, 1, 1)
    assert (pooled.still_open, pooled.ungraded, pooled.ungraded_controls) == (1, 1, 1)
    assert pooled.claim == "not enough data: 29 more graded"
    assert [line.name for line in board.lines] == [
        "high_volume", "top_gainers", "whale_confluence",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({"is_watch": True}, "watch"),
        ({"is_shadow": True}, "shadow"),
        ({"direction": "exit"}, "exit"),
        ({"world": "solana"}, None),
        ({"rules": "2020-01-1"}, None),
        ({"grading": "2020-01-1"}, None),
    ],
)
def test_what_is_not_alike_is_never_mixed(fields: dict[str, Any], group: Any) -> None:
    make_signal("WIF")
    make_signal("other", **fields)
    assert len(cases_of("alert")) == 1
    for other in ("watch", "shadow", "exit"):
        assert len(cases_of(other)) == (1 if other == group else 0)  # type: ignore[arg-type]


def test_a_board_takes_a_fixed_number_of_queries() -> None:
    for name in "ABCDEF":
        make_signal(name, controls=["X", "Y"])
    with CaptureQueriesContext(connection) as queries:
        scoreboard_of("alert")
    assert len(queries) == 4


def failing() -> list[Any]:
    controls = ("hit", "hit", "miss", "miss", "miss")
    cases = [Case("2026-11-01", frozenset("x"), "miss", {}, controls)] * CLAIM_AT
    return [line_of("top_gainers", cases), line_of("high_volume", cases[1:])]


def test_a_strategy_that_fails_is_retired_once_and_stands_in_the_record() -> None:
    (state,) = retire_failing(failing(), world="sandbox")
    assert (state.strategy, state.figures["n"], state.figures["hits"]) == ("top_gainers", 200, 0)
    assert state.reason.startswith("lift ends at -0.3")
    assert retire_failing(failing(), world="sandbox") == []
    assert list(retired_strategies()) == ["top_gainers"]
    assert retired_strategies(rules="2030-01-1") == retired_strategies(world="solana") == {}
    entry = RecordEntry.objects.get()
    assert (entry.kind, entry.signal, entry) == ("retired", None, state.entry)
    found = verify_stored()
    assert (found.broken, found.entries, found.rows) == (None, 1, 0)


def test_nothing_is_retired_without_data() -> None:
    make_signal()
    assert tasks.retire_strategies() == []
    assert StrategyState.objects.count() == 0


def test_open_signals_weigh_what_their_freshest_part_does(alice: Any) -> None:
    old, new = make_signal("old", strength=80), make_signal("new", strength=60)
    make_signal("closed", closed_at=CALLED)
    make_signal("shadow", is_shadow=True)
    make_signal("elsewhere", world="solana")
    Component.objects.create(
        signal=new, strategy="deep_liquidity", joined_at=CALLED, fired_at=CALLED, strength=1,
        half_life_s=7200, verdict={},
    )  # fmt: skip
    now = old.opened_at + timedelta(minutes=20)
    first, second = open_signals(alice, now=now, world="sandbox")
    assert (first.signal, second.signal) == (new, old)
    # two half-lives of ten minutes; 1,197 s of 7,200
    assert second.weight == 0.25
    assert second.live_score == 20
    assert first.weight == pytest.approx(0.5 ** (1197 / 7200))
    assert [weight for _, weight in first.parts] == [0.25, first.weight]
    new.components.update(is_void=True)
    assert open_signals(alice, now=now, world="sandbox")[1].weight == 0
    assert open_signals(AnonymousUser(), now=now, world="sandbox") == []
    only = open_signals(alice, now=now, world="sandbox", mints=[old.mint])
    assert [one.signal for one in only] == [old]


def test_the_track_record_leaves_nothing_out_but_shadows(alice: Any) -> None:
    names = ["a", "b", "c"]
    for hours, name in enumerate(names):
        make_signal(name, published_at=CALLED + timedelta(hours=hours))
    make_signal("shadow", is_shadow=True)
    settle(Signal.objects.get(mint=Signal.objects.earliest("published_at").mint, is_shadow=False))
    rows = list(track_record(alice, world="sandbox"))
    assert [row.published_at.hour for row in rows] == [14, 13, 12]
    assert [row.headline[0].outcome for row in rows] == ["open", "open", "ungraded"]
    assert list(track_record(None, world="sandbox")) == []


def test_one_signal_with_all_it_has(alice: Any) -> None:
    signal = make_signal(controls=["A", "B"])
    with CaptureQueriesContext(connection) as queries:
        one = signals_with_all(alice).get(pk=signal.pk)
        assert [grade.size_usd for grade in one.grades.all()] == [500, 2000]
        assert [len(control.grades.all()) for control in one.controls.all()] == [2, 2]
        assert [entry.no for entry in one.entries.all()] == [1]
        assert [part.strategy for part in one.components.all()] == ["high_volume"]
        assert list(one.announcements.all()) == []
    assert len(queries) == 7
    assert one.assessed["score"] == {"total": 61.5}


def test_the_scan_log_tells_what_every_scan_said_of_a_token() -> None:
    said = {"mint": {"refusals": [["late.1h", "up 140 %"]]}}
    make_scan(lines=pack(said), tokens=1)
    make_scan(at=CALLED + timedelta(minutes=2), lines=pack({"other": {}}))
    make_scan(at=CALLED + timedelta(minutes=4), state="skipped", reason="still running")
    make_scan(at=LATER, world="solana", lines=pack(said))
    told = scan_log("mint", world="sandbox")
    assert [line for _, line in told] == [None, None, said["mint"]]
    assert told[0][0].reason == "still running"
    assert len(scan_log("mint", world="sandbox", limit=1)) == 1


@pytest.mark.parametrize("lines", [b"x", b"", b"x\x9c"])
def test_lines_that_cannot_be_read_say_so(lines: bytes) -> None:
    with pytest.raises(ValueError, match=r"not packed|cut short"):
        unpack(lines)


def test_grades_belong_to_a_signal_or_a_control() -> None:
    signal = make_signal(controls=["A"])
    for fields in ({}, {"signal": signal, "control": signal.controls.get()}):
        with pytest.raises(IntegrityError, match="grade_of_one"), transaction.atomic():
            Grade.objects.create(size_usd=1, grading="x", due_at=CALLED, **fields)
