"""When .venv counts as current, and what is said when it cannot be built."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import bootstrap, layout
from stack.trouble import Trouble, explain


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "requirements.txt").write_text("runtime\n")
    (tmp_path / "requirements-dev.txt").write_text("development\n")
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setattr(layout, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(layout, "TOOLS", tmp_path / ".tools")
    return tmp_path


def built(checkout: Path, *names: str) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    stamp = {name: hashlib.sha256((checkout / name).read_bytes()).hexdigest() for name in names}
    (checkout / ".venv" / bootstrap.STAMP).write_text(json.dumps(stamp))


def asked_to_build(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def build(wanted: str) -> None:
        asked.append(wanted)
        if not layout.venv_python().exists():
            layout.venv_python().parent.mkdir(parents=True, exist_ok=True)
            layout.venv_python().symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "build", build)
    return asked


def test_a_current_environment_is_not_built(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(checkout, "requirements.txt")
    asked = asked_to_build(monkeypatch)
    assert bootstrap.ensure("requirements.txt") == checkout / ".venv" / "bin" / "python"
    assert asked == []


def test_the_development_set_serves_both(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(checkout, "requirements.txt", "requirements-dev.txt")
    asked = asked_to_build(monkeypatch)
    bootstrap.ensure("requirements.txt")
    bootstrap.ensure("requirements-dev.txt")
    assert asked == []


def test_a_changed_runtime_set_does_not_build_the_development_set_down(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(checkout, "requirements.txt", "requirements-dev.txt")
    (checkout / "requirements.txt").write_text("newer\n")
    asked = asked_to_build(monkeypatch)
    bootstrap.ensure("requirements.txt")
    assert asked == ["requirements-dev.txt"]


def test_tests_ask_for_more_than_a_runtime_environment(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(checkout, "requirements.txt")
    asked = asked_to_build(monkeypatch)
    bootstrap.ensure("requirements-dev.txt")
    assert asked == ["requirements-dev.txt"]


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"requirements.txt": "0"}'])
def test_a_half_built_environment_is_built_again(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    built(checkout, "requirements.txt")
    (checkout / ".venv" / bootstrap.STAMP).write_text(stamp)
    asked = asked_to_build(monkeypatch)
    bootstrap.ensure("requirements.txt")
    assert asked == ["requirements.txt"]


def test_an_environment_that_cannot_be_entered_is_said_so(checkout: Path) -> None:
    built(checkout, "requirements.txt")
    python = layout.venv_python()
    python.unlink()
    python.symlink_to(checkout / "gone")
    with pytest.raises(Trouble, match="cannot be run by this user"):
        bootstrap.ensure("requirements.txt")


def test_neither_pip_nor_venv(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_uv", lambda: None)
    monkeypatch.setattr(bootstrap, "_has_module", lambda name: False)
    with pytest.raises(Trouble) as refusal:
        bootstrap.ensure("requirements.txt")
    assert str(refusal.value) == (
        "cannot build .venv: this Python has neither pip nor venv; "
        "install one (Debian: apt install python3-venv)"
    )
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("x\nOSError: [Errno 28] No space left on device\n", "the disk is full"),
        (
            "error: Failed to fetch: `https://pypi.org/simple/x/`\n  Caused by: dns error",
            "the package index cannot be reached; check the network or the pip settings",
        ),
        ("\nerror: hashes do not match\n\n", "error: hashes do not match"),
        ("", ""),
    ],
)
def test_the_cause_behind_a_tool_s_output(output: str, meaning: str) -> None:
    assert explain(output) == meaning


def test_without_a_python_new_enough(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for tool in ("dirname",):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    done = subprocess.run(
        [str(layout.ROOT / "bin" / "run"), "--help"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "aura: needs Python 3.11 or newer (python3 on PATH, or set AURA_PYTHON to one)\n"
    )


def test_a_shim_without_its_version_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    (tmp_path / "python3.13").symlink_to(sys.executable)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        [str(layout.ROOT / "bin" / "run"), "--help"],
        env={"PATH": str(tmp_path), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("usage: bin/run [-h] [--world {sandbox,solana}]")
