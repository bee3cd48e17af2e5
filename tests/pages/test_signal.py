"""One signal's page: reasons, score, gates, figures with sources, grades, chain, replay."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signals.domain.chain import canonical
from signals.models import Announcement, Grade, RecordEntry, Signal, pack
from tests.make import make_token
from tests.signal_rows import (
    NOW,
    close,
    make_call,
    make_candles,
    make_state,
    settle,
    shifted,
)
from tests.signals import scenes
from tests.trips import text_of

pytestmark = pytest.mark.django_db

CALLED = NOW - timedelta(minutes=4)


def _html(client: Client, signal: Signal, query: str = "") -> str:
    answer = client.get(f"/signals/{signal.pk}/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def _part(html: str, opening: str, ending: str = "</section>") -> str:
    start = html.index(opening)
    return text_of(html[start : html.index(ending, start)])


@pytest.fixture
def signal() -> Signal:
    return make_call("WIF", controls=("C1", "C2"))


def test_a_signal_that_is_not_there_is_404(as_bob: Client) -> None:
    assert as_bob.get("/signals/987654/").status_code == 404


def test_the_reasons_stand_in_words(as_bob: Client, signal: Signal) -> None:
    why = _part(_html(as_bob, signal), 'aria-labelledby="why-title"')
    assert "High volume strength" in why
    assert "half-life 10 min" in why
    assert "5m organic volume $8,000 is at least $5,000." in why
    assert "Price momentum quiet" in why
    assert "Whale confluence quiet" in why


def test_the_score_is_told_by_its_parts_and_penalties(as_bob: Client, signal: Signal) -> None:
    html = _html(as_bob, signal)
    score = _part(html, 'aria-labelledby="score-title"')
    told = signal.assessed["score"]
    for words, most in (("Volume", 25), ("Price", 20), ("Buy pressure", 15), ("Smart flow", 15)):
        assert re.search(rf"{words} [\d.]+ of {most} ", score), words
    assert "Unverified" in score
    assert score.count(" of ") == 1 + len(told["parts"]) + len(told["penalties"])
    bars = re.findall(r'class="fill" width="([\d.]+)"', html[html.index('id="score-title"') :])
    assert float(bars[0]) == pytest.approx(100 * told["parts"]["volume"] / 25, abs=0.06)


def test_every_gate_says_what_it_asked_and_what_there_was(as_bob: Client, signal: Signal) -> None:
    gates = _part(_html(as_bob, signal), 'aria-labelledby="gates-title"')
    assert gates.count("passed") == 12
    assert "passed Mint authority given up" in gates
    assert "passed Top 10 holders 20 % at most 50 %" in gates
    assert "passed Liquidity $60,000 at least $25,000" in gates
    assert "passed Change in 5 min 8 % at most 35 %" in gates


def test_a_gate_without_its_input_is_not_called_passed(as_bob: Client) -> None:
    window = shifted(scenes.high_volume(danger=scenes.Danger(can_mint=False)), CALLED)
    gates = _part(_html(as_bob, make_call("X", window=window)), 'aria-labelledby="gates-title"')
    assert gates.count("passed") == 7
    assert "not known Freeze authority not known" in gates
    assert "not known Wash share not known under 50 %" in gates


def test_an_exit_signal_shows_the_gates_that_refuse(as_bob: Client) -> None:
    window = shifted(scenes.window(danger=replace(scenes.SAFE, can_mint=True), units=700.0), CALLED)
    html = _html(as_bob, make_call("X", "deep_liquidity", window=window, direction="exit"))
    gates = _part(html, 'aria-labelledby="gates-title"')
    assert "refused Mint authority still there somebody may still mint more" in gates
    assert "No gate stops an exit signal" in gates
    assert "An exit signal's score is the strength" in html.replace("&#x27;", "'")


def test_the_window_is_told_with_who_said_it(as_bob: Client) -> None:
    window = shifted(scenes.high_volume(), CALLED)
    window = replace(
        window,
        sources={"liquidity_usd": "dexscreener", "holders": "jupiter", "can_mint": "chain",
                 "5m volume_usd": "birdeye", "5m buys": "dexscreener"},
    )  # fmt: skip
    seen = _part(_html(as_bob, make_call("X", window=window)), 'aria-labelledby="seen-title"')
    assert "Price $0.01 DexScreener Price $0.01 Jupiter" in seen
    assert "Liquidity $60,000 DexScreener" in seen
    assert "Holders 1,010 Jupiter" in seen
    assert "Mint authority no the chain" in seen
    assert "Top 10 holders 20 % AURA" in seen
    assert "Opened 2 d ago" in seen
    assert "5 minutes $9,000 90 / 40 — / — 0" in seen.replace("$0.00", "0")
    assert "▲ +8.0% Birdeye, DexScreener" in seen


def test_the_grades_stand_beside_the_controls(as_bob: Client, signal: Signal) -> None:
    settle(signal, "hit", "0.5012", mfe=Decimal("0.81"), mae=Decimal("-0.12"), reason="+50 % first",
           r_5m=Decimal("0.10"), r_15m=Decimal("0.2"), r_1h=Decimal("0.5012"))  # fmt: skip
    first, second = signal.controls.order_by("pk")
    settle(first, "miss", "-0.3333")
    settle(second, "ungraded", None, reason="no pool state for 15 minutes after 12:31")
    page = as_bob.get(f"/signals/{signal.pk}/")
    grades = _part(page.content.decode(), 'id="grades"')
    assert (
        "$500 ✓ hit +50 % first ▲ +10.0% ▲ +20.0% ▲ +50.1% — — ▲ +50.1% ▲ +81.0% ▼ −12.0%" in grades
    )
    assert "$2,000 ✓ hit" in grades
    assert "unknown, unknown, $500 each" in grades
    labels = [make_token(name).symbol for name in ("C1", "C2")]
    controls = [row.token.label for row in page.context["detail"].controls]
    assert sorted(controls) == labels
    assert "✗ miss — — — — — ▼ −33.3% — —" in grades
    assert "? ungraded no pool state for 15 minutes after 12:31 — — — — — — — —" in grades


def test_before_anything_is_graded_the_page_says_so(as_bob: Client) -> None:
    signal = make_call("X", recorded=False)
    html = text_of(_html(as_bob, signal))
    assert "Nothing graded yet." in html
    assert "so it has no controls" in html
    assert "It has no entry in the record yet." in html
    assert "○ still open" in html


def test_a_closed_signal_says_why_and_how(as_bob: Client, signal: Signal) -> None:
    close(signal, NOW - timedelta(minutes=1), "void: the price is back under 0.0104")
    settle(signal, "miss", "-0.31", reason="-30 % first")
    html = text_of(_html(as_bob, signal))
    assert "closed 1 min ago : void: the price is back under 0.0104." in html
    assert "✗ miss -30 % first: ▼ −31.0% after costs" in html
    assert "What is left closed" in html


def test_the_entries_of_the_chain_are_named(as_bob: Client, signal: Signal) -> None:
    entry = RecordEntry.objects.get(kind="signal", signal=signal)
    chain = _part(_html(as_bob, signal), 'aria-labelledby="chain-title"')
    assert f"{entry.no:,} signal 1 Nov 2026 {entry.hash}" in chain
    assert RecordEntry.objects.filter(kind="control", signal=signal).count() == 2
    assert "control" not in chain


def test_the_chart_tells_call_entry_and_barriers(as_bob: Client, signal: Signal) -> None:
    assert "No candle of this token is kept for that time." in _html(as_bob, signal)
    settle(signal, "hit", "0.5", entry_price_usd=Decimal("0.02"), outcome_at=NOW)
    Announcement.objects.create(signal=signal, at=NOW, score=70, reason="score up 15")
    since = signal.opened_at - timedelta(hours=2)
    make_candles(signal, [0.02] * 150, since)
    html = _html(as_bob, signal)
    found = re.search(r'<script id="signal-data" type="application/json">(.*?)</script>', html)
    assert found
    chart = json.loads(found[1])
    called = int(signal.published_at.timestamp())
    assert chart["marks"] == [
        [called, "Call"], [called + 20, "Entry"], [int(NOW.timestamp()), "Hit"],
        [int(NOW.timestamp()), "Told again"],
    ]  # fmt: skip
    assert chart["lines"] == [[0.02, "Entry"], [0.03, "+50 %"], [0.014, "−30 %"]]
    # from two hours before to now: four minutes after the call
    assert len(chart["bars"]) == 125
    assert chart["bars"][0] == [int(since.timestamp()), 0.02, 0.02 * 1.002, 0.02 * 0.998, 0.02]


def _replay(client: Client, signal: Signal) -> str:
    return _part(_html(client, signal, "?replay=1"), 'id="replay"')


def test_replay_is_offered_and_gives_the_same(as_bob: Client, signal: Signal) -> None:
    offered = _part(_html(as_bob, signal), 'id="replay"')
    assert "judges it again by the rules it was judged by, 2026-11-1" in offered
    told = _replay(as_bob, signal)
    assert "✓ The same verdict came out, to the last word: score" in told
    assert f"{signal.score:g}, High volume." in told
    assert "Rules 2026-11-1, in force." in told


def test_replay_names_what_differs(as_bob: Client, signal: Signal) -> None:
    told = signal.assessed
    told["score"]["total"] = 99.5
    told["verdicts"][0]["strength"] = 0.25
    signal.assessment = canonical(told)
    signal.save()
    shown = _replay(as_bob, signal)
    assert "✗ Something else came out by rules 2026-11-1. This is a fault of ours." in shown
    assert f"score.total 99.5 {signal.score:g}" in shown
    assert "verdicts.high_volume.strength 0.25 1.0" in shown


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"window": b"", "window_note": "its source's terms forbid price"},
         "its source's terms forbid price."),
        ({"window": b""}, "the window is not kept."),
        ({"window": b"broken"}, "the stored window cannot be read: not packed"),
        ({"window": pack({"mint": "x"})}, "missing 5 required positional arguments"),
        ({"window": pack([1, 2])}, "the stored window cannot be read"),
        ({"rules": "1999-1"}, "this program no longer has the rules it was judged by."),
        ({"window_hash": "0" * 64}, "the stored window is not the one in the record."),
    ],
)  # fmt: skip
def test_replay_says_why_it_cannot(
    as_bob: Client, signal: Signal, changes: dict[str, Any], why: str
) -> None:
    Signal.objects.filter(pk=signal.pk).update(**changes)
    told = _replay(as_bob, signal).replace("&#x27;", "'")
    assert "It cannot be replayed: " in told
    assert why in told


def test_a_part_of_the_window_may_be_enough(as_bob: Client) -> None:
    signal = make_call("X", window_note="its source's terms forbid price birdeye")
    Signal.objects.filter(pk=signal.pk).update(window_hash="of the whole one")
    told = _replay(as_bob, signal).replace("&#x27;", "'")
    assert "✓ The same verdict came out" in told
    assert "in force. Its source's terms forbid price birdeye." in told


def test_an_assessment_nobody_can_read_breaks_no_page(as_bob: Client, signal: Signal) -> None:
    Signal.objects.filter(pk=signal.pk).update(assessment='{"odd": 1}', rules="1999-1")
    html = text_of(_html(as_bob, signal))
    assert "The parts of the score are not kept." in html
    assert "Judged by rules 1999-1, which this program no longer has" in html


def test_a_signal_costs_the_same_queries_whatever_it_holds(as_bob: Client) -> None:
    def asked(signal: Signal) -> int:
        as_bob.get(f"/signals/{signal.pk}/")
        with CaptureQueriesContext(connection) as caught:
            as_bob.get(f"/signals/{signal.pk}/")
        return len(caught)

    few = make_call("A", controls=("C1",))
    make_state("A")
    many = make_call("B", "micro_caps", controls=[f"C{n}" for n in range(5)])
    make_state("B")
    settle(many, "hit", "0.6")
    for name in "xyz":
        Announcement.objects.create(
            signal=many, at=NOW - timedelta(seconds=ord(name)), score=1, reason=name
        )
    assert Grade.objects.filter(control__signal=many).count() == 10
    assert asked(few) == asked(many) == 15
