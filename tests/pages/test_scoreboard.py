"""The scoreboard, the public record and the methodology: claims only where there is enough."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from aura.core import clock
from signals.domain import rules
from signals.domain.rules import CURRENT, Rules
from signals.models import Grade, RecordEntry, Signal, StrategyState
from signals.queries.verify import verify_file
from signals.views.methodology import rule_tables
from signals.views.prose import html_of
from tests.signal_rows import NOW, make_call, settle
from tests.signals.rows import make_signal
from tests.trips import text_of

pytestmark = pytest.mark.django_db


def _many(hits: int, misses: int, strategies: tuple[str, ...] = ("high_volume",)) -> None:
    """Settled signals, each with a control that missed; the record is not told."""
    from signals.models import Control

    start = Signal.objects.count()
    for n in range(hits + misses):
        signal = make_signal(f"{strategies[0]}{start + n}", strategies, is_recorded=False)
        settle(signal, "hit" if n < hits else "miss", "0.6" if n < hits else "-0.3")
        control = Control.objects.create(signal=signal, mint="x", drawn_at=NOW, bucket="b")
        settle(control, "miss", "-0.3")


def _board(client: Client, query: str = "") -> str:
    cache.clear()
    answer = client.get(f"/scoreboard/{query}")
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def test_an_empty_board_says_how_much_is_missing(as_bob: Client) -> None:
    html = _board(as_bob)
    assert "All together not enough data 0 of 30 graded" in html
    assert html.count("not enough data: 0 of 200 graded") == 8
    assert "not enough data: 0 of 30 graded" in html
    assert html.count("Sandbox market") == 7


def test_until_there_is_enough_no_rate_is_told(as_bob: Client) -> None:
    _many(20, 3)
    html = _board(as_bob)
    assert "not enough data 23 of 30 graded" in html
    assert "not enough data: 23 of 200 graded" in html
    assert "87" not in html.split("By strategy")[0].split("All together")[1]


def test_with_thirty_the_headline_stands_and_strategies_wait(as_bob: Client) -> None:
    _many(21, 9)
    html = _board(as_bob)
    # Wilson's interval of 21 of 30, and of none of 30
    assert "All together 70.0 % 52 to 83 % · 21 of 30" in html
    assert "Random tokens meanwhile 0.0 % 0 to 11 % · 0 of 30" in html
    assert "Lift +70.0 points" in html
    assert "High volume 30 not enough data: 30 of 200 graded 0 0" in html
    assert "All together 30 70.0 %" in html
    assert "▲ +60.0% ▲ +33.0% ▼ −30.0% 0 0" in html


def test_with_two_hundred_a_strategy_makes_its_claim(as_bob: Client) -> None:
    _many(120, 80)
    html = _board(as_bob)
    assert "High volume 200 60.0 % 53 to 67 % · 120 of 200" in html


def test_open_and_ungraded_are_counted_and_not_rated(as_bob: Client) -> None:
    make_signal("open", is_recorded=False)
    settle(make_signal("lost", is_recorded=False), "ungraded", None, reason="a source was silent")
    html = _board(as_bob)
    assert "1 open 1 ungraded" in html
    assert "1: a source was silent" in html


def test_strategies_overlap_and_what_each_adds(as_bob: Client) -> None:
    _many(2, 0, ("high_volume",))
    _many(3, 0, ("high_volume", "micro_caps"))
    page = as_bob.get("/scoreboard/")
    overlap = page.context["board"].overlap
    assert overlap["high_volume"]["micro_caps"] == overlap["micro_caps"]["high_volume"] == 3
    assert (overlap["high_volume"]["high_volume"], overlap["micro_caps"]["micro_caps"]) == (5, 3)
    html = text_of(page.content.decode())
    removals = html[html.index("What each one adds") : html.index("How they overlap")]
    assert "High volume 2 3 not enough data" in removals
    assert "Micro caps 0 5 not enough data" in removals


@pytest.mark.parametrize(
    ("group", "graded", "notice"),
    [
        ("", 1, ""),
        ("alert", 1, ""),
        ("nonsense", 1, ""),
        ("watch", 2, ""),
        ("shadow", 3, "Shadows were published to nobody"),
        ("exit", 4, "An exit signal is a hit when holding on would have cost."),
    ],
)
def test_groups_are_never_mixed(as_bob: Client, group: str, graded: int, notice: str) -> None:
    lanes: list[dict[str, Any]] = [
        {}, {"is_watch": True}, {"is_shadow": True}, {"direction": "exit"}
    ]  # fmt: skip
    for n, fields in enumerate(lanes):
        for one in range(n + 1):
            settle(make_signal(f"{n} {one}", is_recorded=False, **fields), "hit", "0.5")
    html = _board(as_bob, f"?group={group}")
    assert f"not enough data {graded} of 30 graded" in html
    assert notice in html


def test_another_world_has_a_board_of_its_own(as_bob: Client, settings: LazySettings) -> None:
    _many(1, 0)
    settings.WORLD = "solana"
    html = _board(as_bob)
    assert "not enough data 0 of 30 graded" in html
    assert "Sandbox market" not in html


def test_a_retired_strategy_stays_listed_with_its_figures(as_bob: Client) -> None:
    make_signal("X")
    entry = RecordEntry.objects.get()
    StrategyState.objects.create(
        world="sandbox", strategy="high_volume", rules=CURRENT.version, retired_at=NOW,
        reason="lift ends below 0", figures={"n": 200}, entry=entry,
    )  # fmt: skip
    html = _board(as_bob)
    assert (
        f"High volume , 1 Nov 2026: lift ends below 0. Entry {entry.no} of the record. n 200"
        in html
    )
    assert "High volume retired" in html
    assert "Retired: High volume." in text_of(Client().get("/record/").content.decode())


def test_the_board_is_reckoned_once_a_minute(as_bob: Client) -> None:
    _many(1, 0)
    first = as_bob.get("/scoreboard/").context["board"]
    _many(1, 0)
    assert as_bob.get("/scoreboard/").context["board"] == first
    cache.clear()
    assert as_bob.get("/scoreboard/").context["board"].pooled.rate.n == 2


# ---- the public record


def test_the_record_is_public_even_when_empty() -> None:
    html = text_of(Client().get("/record/").content.decode())
    assert "No signal has been published yet." in html
    assert "Hit rate of all alerts not enough data 0 of 30 graded" in html
    assert "no entry yet" in html
    assert "Sign in" in html


def _outcome(signal: Signal) -> None:
    """Enter an outcome as grading does."""
    from django.db import transaction

    from signals.actions import append_entry
    from signals.queries.bodies import outcome_body

    settle(signal, "miss", "-0.31")
    with transaction.atomic():
        append_entry(
            RecordEntry.Kind.OUTCOME,
            outcome_body(Grade.objects.filter(signal=signal)),
            signal=signal,
        )


def test_every_published_signal_stands_there_and_the_coming_are_sealed(as_bob: Client) -> None:
    lost, coming = make_call("LOST", at=NOW - timedelta(days=2)), make_call("NEXT")
    shadow = make_call("SHADE", lane="shadow")
    _outcome(lost)
    public, own = Client().get("/record/").content.decode(), as_bob.get("/record/").content.decode()
    told = text_of(public)
    assert "LOST" in told
    assert "✗ miss ▼ −31.0%" in told
    assert "30 Oct 12:30" in told
    assert "NEXT" not in public
    assert coming.mint not in public
    assert f"/signals/{coming.pk}/" not in public
    assert "sealed until it is graded — — ○ still open" in told
    assert "NEXT" in own
    assert f'href="/signals/{coming.pk}/"' in own
    for html in (public, own):
        assert shadow.mint not in html
        assert "1 shadow, published to nobody, stands in the chain" in text_of(html)
    for entry in RecordEntry.objects.filter(kind="signal", signal__in=[lost, coming]):
        assert entry.hash in public
    head = RecordEntry.objects.order_by("-no").first()
    assert head is not None
    assert f"{head.no} entries" in told
    assert "1 Nov 2026" in told


def test_the_headline_of_the_record_waits_for_thirty() -> None:
    _many(21, 9)
    assert "Hit rate of all alerts 70.0 % 52 to 83 % · 21 of 30" in text_of(
        Client().get("/record/").content.decode()
    )


def test_many_signals_cost_the_record_no_more_queries() -> None:
    def asked() -> int:
        Client().get("/record/")
        with CaptureQueriesContext(connection) as caught:
            Client().get("/record/")
        return len(caught)

    make_call("A")
    few = asked()
    for n in range(55):
        make_signal(f"T{n}")
    assert asked() == few == 14
    page = Client().get("/record/?page=2")
    assert len(page.context["record"].rows) == 26


def _export() -> list[dict[str, Any]]:
    answer = Client().get("/record/export.jsonl")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="aura-record.jsonl"'
    content = b"".join(answer).decode()
    assert verify_file(content.splitlines()).broken is None
    return [json.loads(line) for line in content.splitlines()]


def test_the_file_holds_whole_days_and_nothing_that_is_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [list(line) for line in _export()] == [["format", "world"]]
    days = [NOW + timedelta(days=n) for n in range(4)]
    made = []
    for now in days:
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        made.append(make_call(f"T{now.day}", at=now))
    assert len(_export()) == 1
    assert "The file to take along begins with the first whole day" in text_of(
        Client().get("/record/").content.decode()
    )
    # the first and the third end; the second is still sealed, and with it all after
    _outcome(made[0])
    _outcome(made[2])
    lines = _export()
    assert [line.get("no") or line.get("root", "head") for line in lines] == [
        "head", 1, RecordEntry.objects.get(no=1).hash
    ]  # fmt: skip
    assert "up to 1 Nov 2026" in text_of(Client().get("/record/").content.decode())
    _outcome(made[1])
    assert [line["no"] for line in _export() if "no" in line] == [1, 2, 3]
    _outcome(made[3])
    # all is told, but the last day is not over
    assert [line["no"] for line in _export() if "no" in line] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
async def test_the_file_is_sent_piece_by_piece_to_an_asynchronous_server() -> None:
    from asgiref.sync import sync_to_async
    from django.db import connections

    answer = await AsyncClient().get("/record/export.jsonl")
    pieces = [piece async for piece in answer.streaming_content]
    assert json.loads(b"".join(pieces)) == {"format": "aura-record-1", "world": "sandbox"}
    await sync_to_async(connections.close_all)()


# ---- methodology


def test_the_methodology_prints_the_rules_that_run() -> None:
    html = text_of(Client().get("/methodology/").content.decode())
    assert f"Version {CURRENT.version} in force" in html
    assert CURRENT.digest() in html
    assert "half life 10 min" in html
    assert "volume $5,000" in html
    assert "late 1h 0.5 to 1" in html
    for title in ("Strategies", "Grading and the record", "High volume", "Entry, costs, horizons"):
        assert title in html, title


def test_a_changed_threshold_is_printed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Rules("2099-1", gates=rules.GateRules(liquidity_usd=31_337.0))
    tables = {table.title: dict(table.rows) for table in rule_tables(changed)}
    assert tables["Gates"]["liquidity"] == "$31,337"
    assert tables["Gates"]["read within"] == "3.0 min"
    assert tables["Score"]["smart"] == "15"
    assert tables["Score"]["smart usd"] == "$500 to $18,000"
    printed = sum(len(rows) for rows in tables.values())
    assert printed > 100
    monkeypatch.setitem(rules.VERSIONS, "2099-1", changed)
    html = text_of(Client().get("/methodology/").content.decode())
    assert "Version 2099-1" in html
    assert "$31,337" in html


def test_our_documents_are_written_as_html_and_escaped() -> None:
    html = html_of(
        "# Title\n\nA <b>bold</b> *word*, **strong `x<y`**, [here](a.md) and [there](https://a.b).\n"
        "\n## Next\n- one\n  goes on\n- two\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n    pre <x>\n"
        "\n1. first\n2. second\n"
    )
    assert "Title" not in html
    assert "<p>A &lt;b&gt;bold&lt;/b&gt; <em>word</em>, <strong>strong <code>x&lt;y</code>" in html
    assert "</strong>, here and" in html
    assert '<a href="https://a.b" rel="noopener noreferrer">there</a>.' in html
    assert '<h3 id="next">Next</h3>' in html
    assert "<ul><li>one goes on</li><li>two</li></ul>" in html
    assert '<th scope="row">1</th><td data-label="b"><code>2</code></td>' in html
    assert "<pre><code>pre &lt;x&gt;</code></pre>" in html
    assert "<ol><li>first</li><li>second</li></ol>" in html
