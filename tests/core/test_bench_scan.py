"""`bench scan` runs small and tells what it promises; how long anything took is not tested."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from aura.management.bench.scan_stored import STEPS
from signals.models import Scan


def bench(tmp_path: Path, *options: str) -> dict[str, Any]:
    file = tmp_path / "figures.json"
    small = ("--runs", "1", "--json", str(file), "--tokens", *options)
    call_command("bench", "scan", *small, stdout=StringIO())
    return dict(json.loads(file.read_text())["measures"])


def test_it_tells_the_cost_of_a_token_and_its_share_of_two_minutes(tmp_path: Path) -> None:
    told = bench(tmp_path, "40", "60")
    assert list(told) == ["40 tokens", "60 tokens"]
    for name, figures in told.items():
        value = {figure: each["median"] for figure, each in figures.items()}
        count = int(name.split()[0])
        parts = sum(value[f"{part}, by token"] for part in
                    ("windows", "compare", "judge", "discover", "lifecycle"))  # fmt: skip
        assert value["CPU by token"] == pytest.approx(parts)
        assert value["CPU"] * 1e6 == pytest.approx(parts * count)
        assert value["of the 120 s it may take"] == pytest.approx(value["CPU"] / 1.2)
        assert 0 < value["rules that hold"] < count
        assert value["beside: freezing a call"] > 0


@pytest.mark.slow
@pytest.mark.django_db
def test_a_whole_scan_of_stored_rows_leaves_nothing_here(tmp_path: Path) -> None:
    told = bench(tmp_path, "60", "--from-database")
    assert list(told) == ["60 stored tokens: first scan", "60 stored tokens: scans after it"]
    for figures in told.values():
        shares = {name: each["median"] for name, each in figures.items() if "share: " in name}
        assert set(shares) == {f"share: {step}" for _, _, step in STEPS} | {"share: all the rest"}
        assert sum(shares.values()) == pytest.approx(100)
        assert all(share > 0 for share in shares.values())
    assert not Scan.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'aura_bench%'")
        assert cursor.fetchall() == []
