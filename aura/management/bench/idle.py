"""`bench idle`: what an installation takes of the machine while nobody asks anything of it."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Refused
from aura.management.bench.machine import (
    children,
    command_of,
    cpu_of,
    difference,
    is_told,
    parent_of,
    pss_of,
    started,
)
from aura.management.bench.report import Report
from wallets.models import RawTransaction

MIB: Final = 1024 * 1024
SANDBOX: Final = "sandbox"
_PROGRAMS: Final = {
    "-m daphne": "web",
    "manage.py worker": "worker",
    "manage.py watcher": "watcher",
    "-m sandbox": SANDBOX,
}


def measure(options: Mapping[str, Any], report: Report) -> None:
    """Take memory and CPU of every program, so many times for so many seconds each."""
    if not is_told():
        raise Refused("This system does not tell what processes use; Linux does, in /proc.")
    if not programs(settings.STATE_DIR):
        raise Refused(f"Nothing runs on {settings.STATE_DIR}: start bin/run first.")
    report.note("house: everything but the sandbox, which stands for vendors and chain")
    report.note("PSS: shared pages count by each process's share, so the sums are true")
    for _ in range(options["runs"]):
        _measure_run(settings.STATE_DIR, options["seconds"], report)


def programs(state: Path) -> dict[str, list[int]]:
    """Return the processes of an installation by program, from what its supervisor wrote down.

    Every program's descendants count with it, but for those that are programs themselves.
    """
    roots = _recorded(state)
    for pid in list(roots):
        # The supervisor writes down what it started, not itself.
        parent = parent_of(pid)
        if parent not in roots and " run" in command_of(parent) and "stack" in command_of(parent):
            roots[parent] = "supervisor"
    for service in ("postgres", "valkey"):
        notice = _read(state / f"{service}.json")
        for key, name in (("pid", f"{service} keeper"), ("server", service)):
            if isinstance(notice.get(key), int) and started(notice[key]):
                roots[notice[key]] = name
    below = children()
    found: dict[str, list[int]] = defaultdict(list)
    for root, name in roots.items():
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            found[name].append(pid)
            waiting += [child for child in below.get(pid, []) if child not in roots]
    return dict(found)


def _recorded(state: Path) -> dict[int, str]:
    found = {}
    for entry in _read(state / "run.json").get("processes", []):
        pid = int(entry["pid"])
        if started(pid) and started(pid) == str(entry["started"]):
            line = command_of(pid)
            names = (name for part, name in _PROGRAMS.items() if part in line)
            found[pid] = next(names, "other")
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _measure_run(state: Path, seconds: float, report: Report) -> None:
    running = programs(state)
    before = {pid: cpu_of(pid) for pids in running.values() for pid in pids}
    recorded, began = RawTransaction.objects.count(), time.monotonic()
    time.sleep(seconds)
    minutes = (time.monotonic() - began) / 60
    house = {"PSS": 0.0, "CPU": 0.0, "processes": 0}
    for name, pids in sorted(running.items()):
        sizes = [pss_of(pid) for pid in pids]
        used = [difference(cpu_of(pid), before[pid]) for pid in pids]
        told = {
            "PSS": sum(filter(None, sizes)) / MIB,
            "CPU": sum(filter(None, used)) / minutes,
            "processes": len(pids),
        }
        if None in sizes:
            report.note(f"{name}: the memory of {sizes.count(None)} processes is not told")
        _tell(report, name, told)
        if name != SANDBOX:
            house = {figure: house[figure] + told[figure] for figure in house}
    _tell(report, "house", house)
    new = (RawTransaction.objects.count() - recorded) / minutes
    report.add("house", "recorded meanwhile", "tx/minute", new)


def _tell(report: Report, measure: str, told: Mapping[str, float]) -> None:
    report.add(measure, "PSS", "MiB", told["PSS"])
    report.add(measure, "CPU", "s/minute", told["CPU"])
    report.add(measure, "processes", "count", told["processes"])
