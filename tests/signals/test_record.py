"""The record in PostgreSQL: written once, in order, checked against every row."""

import json
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from aura.core import clock
from signals.actions import append_entry, enter_signal, grade_subject, subjects_due
from signals.domain.chain import GENESIS, canonical, link
from signals.domain.controls import Eligible
from signals.domain.grading import SETTLES
from signals.models import Component, Control, Grade, RecordEntry, Signal, pack
from tests.signals.points import CALLED, LATER, held
from tests.signals.rows import make_signal, store_points

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_record", *arguments, stdout=out)
    return out.getvalue()


def broken(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        verify(*arguments)
    return str(error.value)


def forge(table: str, sets: str, where: str, *values: Any) -> None:
    """Change a row as somebody with the keys of the database would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {sets} WHERE {where}", values)
        assert cursor.rowcount == 1
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def settled() -> Signal:
    """A hit with two controls, graded and settled."""
    signal = make_signal("WIF", controls=["A", "B"])
    store_points("WIF", held(-60, 540, 1_000_000, 1_000) + held(600, DAY + 60, 800_000, 1_250))
    store_points("A", held(-60, DAY + 60, 1_000_000, 1_000))
    for subject in subjects_due(LATER, limit=10):
        assert grade_subject(subject, now=LATER)
    return signal


def test_a_raised_signal_stands_in_the_record_with_its_controls() -> None:
    signal = make_signal("WIF", ["top_gainers", "high_volume"], controls="ABCDEFG")
    one, *others = RecordEntry.objects.all()
    assert (one.no, one.kind, one.prev_hash, one.signal) == (1, "signal", GENESIS, signal)
    assert one.hash == link(GENESIS, one.body)
    body = json.loads(one.body)
    assert body["strategies"] == ["high_volume", "top_gainers"]
    assert (body["score"], body["liquidity_usd"]) == (61.5, "48000.5")
    assert body["published_at"] == "2026-11-01T12:00:00.000000Z"
    assert (body["window"], body["kept"]) == (signal.window_hash, signal.window_hash)
    assert [entry.kind for entry in others] == ["control"] * 5
    assert [entry.prev_hash for entry in others] == [entry.hash for entry in [one, *others[:-1]]]
    assert Grade.objects.count() == 2 * (1 + 5)
    assert {grade.outcome for grade in Grade.objects.all()} == {"open"}
    assert verify().splitlines()[0] == "6 entries hold; 6 agree with their rows"


def test_a_strategy_that_joins_later_is_no_part_of_what_was_published() -> None:
    signal = make_signal()
    later = {"joined_at": CALLED + timedelta(seconds=1), "fired_at": CALLED, "half_life_s": 60}
    Component.objects.create(
        signal=signal, strategy="dip_reversal", strength=1, verdict={}, **later
    )
    Signal.objects.update(strength=80, peak=90, lane="watch", closed_at=LATER)
    assert "1 entries hold" in verify()


def test_the_draw_cannot_be_chosen_and_shadows_have_none() -> None:
    make_signal("first", is_shadow=True)
    assert Control.objects.count() == 0
    signal = make_signal("WIF", controls="ABCDEFGHIJ")
    drawn = set(signal.controls.values_list("mint", flat=True))
    assert len(drawn) == 5
    assert signal.mint not in drawn


def test_nothing_in_the_record_can_be_changed_or_deleted() -> None:
    make_signal()
    for change in (
        lambda: RecordEntry.objects.update(day="2020-01-01"),
        lambda: RecordEntry.objects.all().delete(),
        lambda: RecordEntry.objects.get().save(),
    ):
        with pytest.raises(DatabaseError, match="append-only: entry 1 stays"), transaction.atomic():
            change()
    assert RecordEntry.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.all().delete()


def test_a_subject_enters_once() -> None:
    signal = make_signal()
    subject = Eligible(signal.mint, None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        enter_signal(signal, subject)
    assert RecordEntry.objects.count() == 1


def test_one_open_signal_a_mint_and_direction() -> None:
    make_signal("WIF")
    make_signal("WIF", direction="exit")
    make_signal("WIF", is_shadow=True)
    with pytest.raises(IntegrityError, match="one_open_signal"), transaction.atomic():
        make_signal("WIF")
    Signal.objects.update(closed_at=LATER)
    make_signal("WIF")
    assert RecordEntry.objects.count() == 4


def test_days_never_run_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [CALLED + timedelta(days=d) for d in (0, 2, 1)]
    for name, now in zip("ABC", days, strict=True):
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        make_signal(name)
    told = [str(day) for day in RecordEntry.objects.values_list("day", flat=True)]
    assert told == ["2026-11-01", "2026-11-03", "2026-11-03"]
    assert "3 entries hold" in verify()


def test_an_entry_needs_the_transaction_of_what_it_records() -> None:
    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(RuntimeError, match="inside the transaction"):
            append_entry(RecordEntry.Kind.RETIRED, {})
    finally:
        connection.in_atomic_block = before


def test_a_changed_byte_of_an_entry_is_found_and_named(settled: Signal) -> None:
    assert verify().splitlines()[0] == "6 entries hold; 6 agree with their rows"
    forge("signals_recordentry", "body = replace(body, '61.5', '91.5')", "no = 1")
    told = broken()
    assert told.startswith("the record is broken: entry 1, body: makes ")
    assert told.endswith("entry 1, signal.score: is 61.5, recorded 91.5")


def test_a_changed_hash_of_an_entry_is_named(settled: Signal) -> None:
    forge("signals_recordentry", "hash = %s", "no = 2", "f" * 64)
    assert broken().startswith("the record is broken: entry 2, hash: is ffff")


def test_an_entry_written_anew_breaks_the_next(settled: Signal) -> None:
    entry = RecordEntry.objects.get(no=2)
    body = canonical(json.loads(entry.body) | {"bucket": "other"})
    forge(
        "signals_recordentry", "body = %s, hash = %s", "no = 2", body, link(entry.prev_hash, body)
    )
    assert "entry 2, control.bucket: is '1-6 h, $25-50k', recorded 'other'" in broken()


@pytest.mark.parametrize(
    ("table", "sets", "where", "named"),
    [
        ("signal", "score = 99", "true", "entry 1, signal.score: is 99.0, recorded 61.5"),
        ("signal", "is_watch = true", "true", "entry 1, signal.is_watch: is True"),
        ("signal", "published_at = published_at - interval '1 second'", "true",
         "entry 1, signal.published_at"),
        ("signal", "assessment = replace(assessment, '61.5', '61.6')", "true",
         "entry 1, signal.assessment"),
        ("signal", "world = 'solana'", "true", "entry 1, signal.world: is 'solana'"),
        ("signal", "\"window\" = 'x'::bytea", "true", "entry 1, signal.kept: is 'cut short"),
        ("component", "strategy = 'dip_reversal'", "true", "entry 1, signal.strategies"),
        ("component", "joined_at = joined_at + interval '1 hour'", "true",
         "entry 1, signal.strategies: is [], recorded ['high_volume']"),
        ("control", "bucket = 'x'", "id = (SELECT min(id) FROM signals_control)",
         "entry 2, control.bucket: is 'x'"),
        ("grade", "outcome = 'miss'", "signal_id IS NOT NULL AND size_usd = 500",
         "grade.grades.500.outcome: is 'miss', recorded 'hit'"),
        ("grade", "r_1h = r_1h + 0.000001", "signal_id IS NOT NULL AND size_usd = 2000",
         "grade.grades.2000.returns.1h"),
        ("grade", "evidence = jsonb_set(evidence, '{entry,base}', '\"1\"')",
         "signal_id IS NOT NULL AND size_usd = 500", "grade.grades.500.evidence"),
        ("grade", "settled_at = NULL", "signal_id IS NOT NULL AND size_usd = 500",
         "outcome: the grades it tells of are not there, or not settled"),
        ("recordentry", "kind = 'retired'", "no = 1", "entry 1, column.kind: is 'retired'"),
        ("recordentry", "day = day - 1", "no = 3", "entry 3, column.day"),
    ],
)  # fmt: skip
def test_a_changed_row_is_found_and_named(
    settled: Signal, table: str, sets: str, where: str, named: str
) -> None:
    forge(f"signals_{table}", sets, where)
    assert named in broken()


def test_what_should_stand_in_the_record_and_does_not_is_named(settled: Signal) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE signals_recordentry DISABLE TRIGGER USER")
        for left, named in (
            (5, "entry 6, outcome: grade "), (2, "entry 3, control: control "),
            (0, f"entry 1, signal: signal {settled.pk} has no entry"),
        ):  # fmt: skip
            cursor.execute("DELETE FROM signals_recordentry WHERE no > %s", [left])
            assert named in broken()
        cursor.execute("ALTER TABLE signals_recordentry ENABLE TRIGGER USER")


def test_a_root_published_before_must_be_in_the_chain(settled: Signal) -> None:
    root = verify().splitlines()[-1].split()[-1]
    assert "6 entries hold" in verify("--root", root)
    assert "no day has the root 00ff" in broken("--root", root, "--root", "00ff")


def test_an_exported_file_checks_by_itself(settled: Signal, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    verify("--export", str(file))
    text = file.read_text()
    assert len(text.splitlines()) == 1 + 6 + 1
    Grade.objects.update(outcome="miss")
    assert "6 entries hold" in verify(str(file))
    file.write_text(text.replace("61.5", "91.5", 1))
    assert "entry 1, body: makes " in broken(str(file))
    file.write_text("\n".join(text.splitlines()[:-2] + text.splitlines()[-1:]))
    assert "entry 5, root of " in broken(str(file))
    file.write_text("nonsense")
    assert "is no exported record: line 1: " in broken(str(file))
    assert "is no exported record: " in broken(str(tmp_path / "none"))
    assert "are for the stored record" in broken(str(file), "--regrade")


def test_a_broken_record_is_not_exported(settled: Signal, tmp_path: Path) -> None:
    forge("signals_recordentry", "body = replace(body, '61.5', '91.5')", "no = 1")
    assert "entry 1, body" in broken("--export", str(tmp_path / "record.jsonl"))
    assert not (tmp_path / "record.jsonl").exists()


def test_outcomes_graded_again_from_the_stored_points_are_the_same(settled: Signal) -> None:
    assert "3 outcomes graded again to the same" in verify("--regrade")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM market_poolpoint WHERE at > %s", [CALLED + SETTLES / 2])
    # points that are gone prove nothing: B never had any
    assert "1 outcomes graded again to the same" in verify("--regrade")


@pytest.mark.django_db(transaction=True)
def test_recorders_take_turns() -> None:
    failed: list[Exception] = []

    def raise_some(letter: str) -> None:
        try:
            for number in range(5):
                make_signal(f"{letter}{number}", controls=["X", "Y"])
        except Exception as error:  # noqa: BLE001  # told by the test's own thread
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=raise_some, args=(letter,)) for letter in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    numbers = list(RecordEntry.objects.values_list("no", flat=True))
    assert numbers == list(range(1, 61))
    assert "60 entries hold; 60 agree" in verify()


def test_a_kept_window_may_be_less_than_what_was_seen() -> None:
    signal = make_signal(window=pack({"at": 1}), window_note="price: may not be kept")
    body = json.loads(RecordEntry.objects.get().body)
    assert body["window"] == signal.window_hash != body["kept"]
    make_signal("other", window=b"", window_note="nothing may be kept")
    assert json.loads(RecordEntry.objects.get(no=2).body)["kept"] is None
    assert "2 entries hold" in verify()
