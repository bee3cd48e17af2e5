"""Random histories with known answers, through the command that folds files."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.recorded
FIGURES = ("qty", "proceeds", "cost")


def by(method: str, file: Path) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("ledger", str(file), "--method", method, stdout=out)
    cases: list[dict[str, Any]] = json.loads(out.getvalue())["cases"]
    return cases


def row(told: dict[str, Any]) -> list[Any]:
    """A row with its decimals as numbers: closing zeros do not count, any digit does."""
    return [told["sell"], told["lot"], *(Decimal(told[name]) for name in FIGURES)]


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo", "average"])
def test_every_row_and_total_is_exact_to_forty_digits(recorded: Path, method: str) -> None:
    """24 histories by five methods: 120 vectors, each row in its place."""
    file = recorded / "pnl" / "random_vectors.json"
    wanted = json.loads(file.read_text())["cases"]
    told = by(method, file)
    assert len(told) == 24
    assert [case["case"] for case in told] == [case["case"] for case in wanted]
    for ours, theirs in zip(told, wanted, strict=True):
        expected = theirs["expected"][method]
        assert [row(r) for r in ours["rows"]] == [row(r) for r in expected["rows"]]
        assert Decimal(ours["realized"]) == Decimal(expected["realized"])
