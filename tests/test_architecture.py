"""The house as drawn: imports go down, foreign keys go down, modules stay small."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [
    "aura", "billing", "market", "wallets", "signals", "portfolio", "sandbox", "stack", "tests",
]  # fmt: skip
CEILING = 400
FLOORS = {"aura": 0, "billing": 1, "market": 2, "wallets": 3, "signals": 4, "portfolio": 4}


def test_imports_go_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = getattr(field, "remote_field", None)
            other = getattr(target, "model", None)
            if not target or not getattr(field, "concrete", False) or not hasattr(other, "_meta"):
                continue
            here, there = model._meta.app_label, other._meta.app_label
            if here in FLOORS and there in FLOORS and FLOORS[there] > FLOORS[here]:
                wrong.append(f"{here}.{model.__name__}.{field.name} → {there}")
    assert wrong == []


@pytest.mark.parametrize("room", [*ROOMS, "templates", "static"])
def test_no_file_over_the_ceiling(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js"}
        and not {"vendor", "migrations"} & set(path.parts)
        and (count := len(path.read_text().splitlines())) > CEILING
    }
    assert long == {}


def test_no_drawers_without_a_noun() -> None:
    drawers = {"utils", "helpers", "common", "misc", "manager", "handle", "process", "data"}
    found = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.stem in drawers
    ]
    assert found == []
