"""Every fact, provider, setting, command and decision has its line in the docs."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from aura.core import events

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ROOMS = ["aura", "billing", "market", "wallets", "signals", "portfolio"]


def _page(name: str) -> str:
    return (DOCS / name).read_text()


def test_every_fact_is_told_of() -> None:
    page = _page("architecture.md")
    assert [kind for kind in events.kinds() if f"`{kind}`" not in page] == []


def test_every_command_is_told_of() -> None:
    page = _page("commands.md")
    names = [
        path.stem for room in ROOMS for path in (ROOT / room).glob("management/commands/[!_]*.py")
    ]
    assert len(names) >= 8
    assert [name for name in names if f"`bin/manage {name}" not in page] == []


def test_every_setting_is_told_of() -> None:
    read = set(re.findall(r'environ\.get\(\s*"([A-Z_]+)"', (ROOT / "aura/settings.py").read_text()))
    read |= set(re.findall(r'_flag\("([A-Z_]+)"', (ROOT / "aura/settings.py").read_text()))
    page = _page("settings.md")
    assert len(read) > 20
    assert sorted(name for name in read if f"`{name}`" not in page) == []


def test_every_provider_is_told_of() -> None:
    page = _page("providers.md")
    modules = [path.stem for room in ROOMS for path in (ROOT / room).glob("providers/[!_]*.py")]
    assert modules
    assert [name for name in modules if f"`{name}`" not in page] == []
    assert all(path.split(".")[2] in page for path in settings.PROVIDERS.values() if path)


def test_every_decision_is_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()
    pages = [path.name for path in (DOCS / "decisions").glob("[0-9]*.md")]
    assert pages
    assert [name for name in pages if name not in index] == []


@pytest.mark.parametrize(
    "page",
    sorted(str(p.relative_to(ROOT)) for p in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]),
)
def test_links_inside_the_repository_resolve(page: str) -> None:
    here = ROOT / page
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", here.read_text())
    assert [t for t in targets if not (here.parent / t).exists()] == []
