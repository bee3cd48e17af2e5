"""The program itself: its command line, and that it ends cleanly."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.faults import EVERYTHING
from tests.sandbox.wired import until

ROOT = Path(__file__).parents[2]


def start(*options: str) -> tuple[subprocess.Popen[str], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "sandbox", "--port", port, "--hours", "0.02", *options]
    program = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    return program, f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    try:
        return httpx.get(url + "/health").status_code == 200
    except httpx.TransportError:
        return False


def test_faults_from_the_start(tmp_path: Path) -> None:
    chosen = tmp_path / "faults.json"
    chosen.write_text(json.dumps({"http": {"rpc": {"dropped": 0.5}}, "credits": 9}))
    for option, http, left in (
        ("all", EVERYTHING["http"], None),
        (str(chosen), {"rpc": {"dropped": 0.5}}, 9),
    ):
        program, url = start("--faults", option)
        until(lambda url=url: answers(url), 60)  # type: ignore[misc]
        shown = httpx.get(url + "/faults").json()
        assert (shown["http"], shown["credits"]) == (http, left)
        program.send_signal(signal.SIGTERM)
        assert program.communicate(timeout=20)[1] == ""
        assert program.returncode == 0


@pytest.mark.parametrize("text", ["{", '{"colour": 1}', '{"credits": -1}'])
def test_faults_that_make_no_sense_are_said(tmp_path: Path, text: str) -> None:
    chosen = tmp_path / "faults.json"
    chosen.write_text(text)
    program, _ = start("--faults", str(chosen))
    said = program.communicate(timeout=60)[1]
    assert program.returncode == 1
    assert said.startswith(f"sandbox: --faults {chosen}: ")
