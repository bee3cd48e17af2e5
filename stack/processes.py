"""Children of the supervisor: started, read into one log, restarted, stopped in order."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from stack import proc
from stack.confine import between_fork_and_exec
from stack.trouble import Trouble

GRACE = 20.0
LONGEST_BACKOFF = 30.0
STEADY_AFTER = 60.0
COLOURS = {"sandbox": 33, "web": 32, "worker": 36, "watcher": 35, "aura": 1}


class Stopped(Exception):  # a plain word reads better
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class Log:
    """One interleaved log, each line under its process's name; colours only on a terminal."""

    def __init__(self, stream: TextIO, *, quiet_copy: Path | None = None) -> None:
        self.stream = stream
        self.copy = quiet_copy.open("w", errors="replace") if quiet_copy else None
        self.colour = stream.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """Print a line of the supervisor's own."""
        self._write(self.stream, "aura", text)
        if self.copy:
            self._write(self.copy, "aura", text)

    def line(self, name: str, text: str) -> None:
        """Print a child's line, into the copy alone when there is one."""
        self._write(self.copy or self.stream, name, text)

    def _write(self, stream: TextIO, name: str, text: str) -> None:
        label = f"{name:8}|"
        if self.colour and stream is self.stream:
            label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
        try:
            stream.write(f"{label} {text}\n")
            stream.flush()
        except (OSError, ValueError):
            return  # the reader of the log has gone; the processes go on


@dataclass
class Child:
    """One program under supervision."""

    name: str
    argv: list[str]
    env: dict[str, str]
    cwd: Path
    popen: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    backoff: float = 1.0
    buffer: bytes = field(default=b"", repr=False)


class Supervisor:
    """Runs children from one thread: PR_SET_PDEATHSIG looks at the thread that forked."""

    def __init__(self, log: Log, *, began: float | None = None) -> None:
        """Supervise from now on; `began` (time.time() seconds) is when the command was given."""
        self.log = log
        self.began = time.time() if began is None else began
        self.children: list[Child] = []
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self.impatient = False
        self.deadline: float | None = None
        self.watch: Callable[[], None] = lambda: None

    @property
    def age(self) -> float:
        """Seconds since the command was given."""
        return time.time() - self.began

    def catch_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and SIGHUP ask for an orderly stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.impatient = self.stopping
        self.stopping = True

    def start(self, child: Child) -> Child:
        """Start a child in a session of its own, so that Ctrl-C reaches only the supervisor."""
        try:
            child.popen = subprocess.Popen(
                child.argv,
                env=child.env,
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=between_fork_and_exec(signal.SIGTERM),  # noqa: PLW1509  # one thread
            )
        except OSError as error:
            raise Trouble(f"cannot start {child.name}: {error}") from None
        child.started_at, child.restart_at = time.monotonic(), None
        assert child.popen.stdout is not None
        os.set_blocking(child.popen.stdout.fileno(), False)
        self.selector.register(child.popen.stdout, selectors.EVENT_READ, child)
        if child not in self.children:
            self.children.append(child)
        return child

    def finish(self, child: Child, timeout: float) -> int:
        """Run a child to its end, its output in the log, and return its exit code."""
        if child not in self.children:
            self.start(child)
        assert child.popen is not None
        deadline = time.monotonic() + timeout
        while child.popen.poll() is None:
            self.pump(0.1)
            if time.monotonic() > deadline:
                self._kill(child)
                raise Trouble(f"{child.name} did not finish within {timeout:.0f} s")
        self._drain(child)
        self.children.remove(child)
        return child.popen.returncode

    def wait_for(self, ready: Callable[[], bool], child: Child, timeout: float) -> None:
        """Pump the log until the condition holds; raises Trouble when the child dies or is late."""
        deadline = time.monotonic() + timeout
        while not ready():
            self.pump(0.1)
            if child.popen and child.popen.poll() is not None:
                self._drain(child)
                raise Trouble(f"{child.name} ended with code {child.popen.returncode} at its start")
            if time.monotonic() > deadline:
                raise Trouble(f"{child.name} was not ready within {timeout:.0f} s")

    def pump(self, timeout: float) -> None:
        """Copy what children wrote into the log.

        Raises Stopped once a stop was asked for, Trouble when the whole run's deadline (in
        time.time() seconds, None without one) has passed.
        """
        if self.stopping:
            raise Stopped
        if self.deadline is not None and time.time() > self.deadline:
            raise Trouble("not done in time")
        self._read(timeout)

    def supervise(self) -> None:
        """Keep everything running, restarting what dies, until a stop is asked for."""
        while True:
            self.pump(0.2)
            self.watch()
            for child in self.children:
                self._look_after(child)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                self._start_again(child)
            return
        if child.popen is None or child.popen.poll() is None:
            return
        self._drain(child)
        # What it forked may still hold its port or its rows.
        proc.signal_quietly(child.popen.pid, signal.SIGKILL, group=True)
        if now - child.started_at > STEADY_AFTER:
            child.backoff = 1.0
        self._put_off(child, f"{child.name} ended with code {child.popen.returncode}")

    def _start_again(self, child: Child) -> None:
        try:
            self.start(child)
        except Trouble as trouble:
            # A machine without memory for one more process may have it again soon.
            self._put_off(child, str(trouble))
            return
        self.log.say(f"{child.name} started again")

    def _put_off(self, child: Child, why: str) -> None:
        self.log.say(f"{why}; again in {child.backoff:.0f} s")
        child.restart_at = time.monotonic() + child.backoff
        child.backoff = min(child.backoff * 2, LONGEST_BACKOFF)

    def stop(self, names: tuple[str, ...]) -> None:
        """Ask the named children to end, all at once, and kill those that do not in time.

        A second Ctrl-C cuts the time short. Only the parent process gets SIGTERM: django-q2
        deadlocks when its whole group does.
        """
        going = [
            child
            for child in self.children
            if child.name in names and child.popen and child.popen.poll() is None
        ]
        for child in going:
            assert child.popen is not None
            child.popen.terminate()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not self.impatient:
            going = [child for child in going if child.popen and child.popen.poll() is None]
            if not going:
                break
            self._read(0.1)
        for child in going:
            late = "at once" if self.impatient else f"within {GRACE:.0f} s"
            self.log.say(f"{child.name} did not stop {late}; killing it")
            self._kill(child)
        for child in [child for child in self.children if child.name in names]:
            if child.popen:
                proc.signal_quietly(child.popen.pid, signal.SIGKILL, group=True)
            self._drain(child)
            self.children.remove(child)

    def _kill(self, child: Child) -> None:
        if child.popen:
            proc.signal_quietly(child.popen.pid, signal.SIGKILL, group=True)
            child.popen.wait()

    def _read(self, timeout: float) -> None:
        if not self.selector.get_map():
            time.sleep(timeout)
            return
        for key, _ in self.selector.select(timeout):
            self._copy(key.data)

    def _copy(self, child: Child) -> bool:
        """Move what one child wrote to the log; False when there is nothing more now."""
        stream = child.popen.stdout if child.popen else None
        if stream is None or stream.closed:
            return False
        try:
            data = os.read(stream.fileno(), 65_536)
        except BlockingIOError:
            return False
        *lines, rest = (child.buffer + data).split(b"\n")
        # A child that never ends its line must not fill our memory.
        if not data or len(rest) > 1_000_000:
            lines, rest = [*lines, rest] if rest else lines, b""
        child.buffer = rest
        for line in lines:
            self.log.line(child.name, line.decode(errors="replace").rstrip("\r"))
        if not data:
            self.selector.unregister(stream)
            stream.close()
        return bool(data)

    def _drain(self, child: Child) -> None:
        while self._copy(child):
            continue
        stream = child.popen.stdout if child.popen else None
        if stream is not None and not stream.closed:
            self.selector.unregister(stream)
            stream.close()


def to_terminal(quiet_copy: Path | None = None) -> Log:
    """Return the log on standard output, children's lines in a file when one is given."""
    return Log(sys.stdout, quiet_copy=quiet_copy)
