"""What the system says about CPU and memory: of this process by getrusage, of others by /proc."""

import os
import resource
from collections import defaultdict
from pathlib import Path
from typing import Final

from django.db import connection

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Places in /proc/PID/stat after the name: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
_STATE, _PARENT, _USER, _WAITED_FOR, _STARTED = 0, 1, 11, 13, 19


def is_told() -> bool:
    """Say whether this system tells of other processes at all."""
    return (_PROC / "self" / "stat").exists()


def own_cpu() -> float:
    """Return the CPU seconds this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def own_peak() -> int | None:
    """Return the most memory in bytes this process has held at once; None when not told.

    Not by getrusage: its figure begins with that of the process that started this one.
    """
    try:
        text = (_PROC / "self" / "status").read_text()
    except OSError:
        return None
    sizes = [line.split() for line in text.splitlines() if line.startswith("VmHWM:")]
    return int(sizes[0][1]) * 1024 if sizes else None


def cpu_of(pid: int, *, with_ended_children: bool = False) -> float | None:
    """Return the CPU seconds a process has used, in steps of 10 ms; None when it is gone.

    A child's seconds join its parent's `with_ended_children` when the child has ended.
    """
    fields = _stat(pid)
    if not fields:
        return None
    ticks = sum(map(int, fields[_USER : _USER + 2]))
    if with_ended_children:
        ticks += sum(map(int, fields[_WAITED_FOR : _WAITED_FOR + 2]))
    return ticks / _TICKS


def pss_of(pid: int) -> int | None:
    """Return a process's memory in bytes, shared pages by its share; None when not told."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    sizes = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return int(sizes[0][1]) * 1024 if sizes else None


def started(pid: int) -> str:
    """Return a mark that tells a process from a later one with its number; '' when gone."""
    fields = _stat(pid)
    return fields[_STARTED] if fields and fields[_STATE] not in ("Z", "X") else ""


def parent_of(pid: int) -> int:
    """Return a process's parent; 0 when it is gone."""
    fields = _stat(pid)
    return int(fields[_PARENT]) if fields else 0


def command_of(pid: int) -> str:
    """Return a process's command line, its words joined by blanks; '' when gone."""
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def children() -> dict[int, list[int]]:
    """Return the children of every process."""
    found: dict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            found[parent_of(int(entry.name))].append(int(entry.name))
    return found


class PostgresCpu:
    """The CPU of the PostgreSQL server behind our connection, when it runs on this machine."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = cursor.fetchone()[0]
        is_here = command_of(backend).startswith("postgres: ")
        self.server = parent_of(backend) if is_here else 0

    def seconds(self) -> float | None:
        """Return what the server and its backends have used together, those ended included."""
        if not self.server:
            return None
        own = cpu_of(self.server, with_ended_children=True)
        backends = [cpu_of(pid) for pid in children().get(self.server, [])]
        return None if own is None else own + sum(filter(None, backends))


def difference(after: float | None, before: float | None) -> float | None:
    """Return what was used between two readings; None when either is missing."""
    return None if after is None or before is None else after - before


def per(amount: float | None, units: int, *, scale: float = 1000.0) -> float | None:
    """Return an amount by unit, by default in thousandths; None without amount or units."""
    return None if amount is None or not units else amount / units * scale


def _stat(pid: int) -> list[str]:
    """Return /proc/PID/stat from the third field on; the second may hold anything."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
