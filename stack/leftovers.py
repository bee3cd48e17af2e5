"""The processes of a run, written down, and cleared away when that run was killed."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from stack import layout, proc

RECORD = "run.json"


def remember(state: Path, env: dict[str, str], pids: list[int]) -> None:
    """Write down addresses for bin/manage, and the processes for the start after a crash."""
    record = {
        "env": env,
        "processes": [{"pid": pid, "started": proc.started(pid)} for pid in pids],
    }
    layout.write_atomically(state / RECORD, json.dumps(record))


def forget(state: Path) -> None:
    """Note that all processes have been stopped; the addresses stay."""
    record = state / RECORD
    if record.exists():
        kept = json.loads(record.read_text()) | {"processes": []}
        layout.write_atomically(record, json.dumps(kept))


def clear(state: Path, say: Callable[[str], None]) -> None:
    """Wait for what a killed supervisor left (each got SIGTERM), and kill what stays."""
    left = list(_of(state / RECORD))
    if left:
        say(f"waiting for {len(left)} processes of a run that was killed")
    deadline = time.monotonic() + 10.0
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = [pair for pair in left if _same(*pair)]
    for pid, _ in left:
        proc.signal_quietly(pid, signal.SIGKILL, group=True)


def _of(record: Path) -> Iterable[tuple[int, str]]:
    try:
        entries = json.loads(record.read_text())["processes"]
        pairs = [(int(entry["pid"]), str(entry["started"])) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [pair for pair in pairs if _same(*pair)]


def _same(pid: int, started: str) -> bool:
    """Tell whether the recorded process still runs, and is not a later one of its number."""
    return pid != os.getpid() and proc.alive(pid) and proc.started(pid) == started
