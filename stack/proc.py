"""What the system says about a process: there or gone, a zombie, which program, since when."""

import os
import subprocess
from pathlib import Path

_PROC = Path("/proc/self/stat").exists()


def alive(pid: int) -> bool:
    """Tell whether a process exists and is not a zombie (an orphan may wait long to be reaped)."""
    return state_of(pid) not in ("", "Z", "X")


def state_of(pid: int) -> str:
    """Return the one-letter state of a process, '' when there is none."""
    fields = _stat_fields(pid)
    return fields[0] if fields else ""


def started(pid: int) -> str:
    """Return a mark that tells this process from a later one with the same pid; '' when gone."""
    fields = _stat_fields(pid)
    return fields[19] if len(fields) > 19 else " ".join(fields)


def command_line(pid: int) -> str:
    """Return the command line of a process, its words joined by blanks; '' when unknown."""
    if not _PROC:
        return _ps(pid, "command=")
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def signal_quietly(pid: int, number: int, *, group: bool = False) -> None:
    """Send a signal to a process or its group; one that is gone already is no error."""
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _stat_fields(pid: int) -> list[str]:
    """Return /proc/PID/stat from the third field (state) on; the second may hold anything."""
    if not _PROC:
        return _ps(pid, "stat=,lstart=").split()
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ps(pid: int, columns: str) -> str:
    done = subprocess.run(
        ["ps", "-o", columns, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
