"""`bench ledger` runs small and tells what it promises; how long anything took is not tested."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings

from aura.management.bench import ledger, peers
from aura.management.bench.report import Report
from tests.wallets.histories import histories, methods
from wallets.domain.ledger import METHODS, Acquired, Book, Event, Method


@pytest.mark.slow
def test_it_tells_rates_of_ours_and_others_in_one_run(tmp_path: Path) -> None:
    out, file = StringIO(), tmp_path / "figures.json"
    small = ("--runs", "1", "--trades", "300", "--json", str(file))
    call_command("bench", "ledger", *small, stdout=out)
    told: dict[str, Any] = json.loads(file.read_text())
    assert set(told["measures"]) == {*METHODS, "one book of 300 trades"}
    ours = {"matching alone", "positions", "positions and USD", "decimals told"}
    theirs = {"beancount: matching", "rp2: matching", "AURA alone / the faster"}
    for method in METHODS:
        expected = {f"AURA: {name}" for name in ours}
        expected |= theirs if method in ledger.SHARED else set()
        figures = told["measures"][method]
        assert set(figures) == expected
        assert all(figure["median"] > 0 for figure in figures.values())
    assert told["measures"]["one book of 300 trades"]["disposals"]["median"] > 100
    assert len(told["notes"]) == 1
    assert "AURA: matching alone" in out.getvalue()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "installed", list)
    report = Report("ledger", {})
    ledger.measure({"runs": 1, "trades": 10}, report)
    assert "rp2 is not installed: pip install -r requirements-dev.txt" in report.notes
    assert "beancount is not installed: pip install -r requirements-dev.txt" in report.notes
    assert "AURA alone / the faster" not in "\n".join(report.lines())


def test_the_development_set_holds_the_others() -> None:
    assert peers.installed() == ["beancount", "rp2"]


def test_it_takes_sizes_from_one_on() -> None:
    with pytest.raises(CommandError, match="0 is no number from 1 on"):
        call_command("bench", "ledger", "--trades", "0")


@given(histories, methods)
@settings(max_examples=100, deadline=None)
def test_matching_alone_is_what_a_book_without_dust_does(
    history: list[Event], method: Method
) -> None:
    """The pieces timed alone are the product's own, where nothing was sold that was not held."""
    held: list[Event] = []
    raw = 0
    for event in history:
        change = event.raw if isinstance(event, Acquired) else -event.raw
        if raw + change >= 0:
            held.append(event)
            raw += change
    book = Book(method=method, writes_off_dust=False).fold(held)
    alone = [piece for pieces in ledger.match(held, method) for piece in pieces]
    assert [(lot.no, *rest) for lot, *rest in alone] == [
        (d.lot_no, d.raw, d.cost_lamports, d.proceeds_lamports) for d in book.disposals
    ]
