"""Keeps one embedded service up for as long as any command uses it: its parent and its reaper.

The commands share a lock (`users`); the keeper stops the service when it can have that lock for
itself. The kernel drops a dead command's share, so nothing outlives a `kill -9` for long.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol

from stack import layout
from stack.locks import FileLock
from stack.postgres import Postgres
from stack.trouble import Trouble
from stack.valkey import Valkey

# After a crash PostgreSQL replays its log first; one that was stopped in that begins again.
START_TIMEOUT = 600.0
STOP_GRACE = 10.0
TICK = 0.1
LARGEST_LOG = 5_000_000


class Service(Protocol):
    """What the keeper needs of a server."""

    @property
    def url(self) -> str:
        """Return the address that clients use."""

    @property
    def stop_signals(self) -> tuple[signal.Signals, ...]:
        """Return what ends it, the gentlest first."""

    def start(self, log: int) -> subprocess.Popen[bytes]:
        """Start it as a child; `log` is a file descriptor."""

    def ready(self) -> bool:
        """Tell whether it serves."""

    def failure(self, log: Path) -> str:
        """Return why it did not start."""

    def discard(self) -> None:
        """Remove what it left outside its state folder."""


KINDS: dict[str, type[Postgres] | type[Valkey]] = {"postgres": Postgres, "valkey": Valkey}


def users_lock(state: Path, kind: str) -> FileLock:
    """Return the lock every command that uses the service shares."""
    return FileLock(state / f"{kind}.users")


def keeper_lock(state: Path, kind: str) -> FileLock:
    """Return the lock the one keeper of the service holds."""
    return FileLock(state / f"{kind}.keeper")


def notice_path(state: Path, kind: str) -> Path:
    """Return the file with {"url", "pid", "server"} of a ready service, or {"error"}."""
    return state / f"{kind}.json"


class Keeper:
    """One service's life: start, watch, restart when it dies, stop after the last user."""

    def __init__(self, kind: str, state: Path, *, throwaway: bool) -> None:
        self.kind, self.state, self.throwaway = kind, state, throwaway
        self.notice = notice_path(state, kind)
        self.log = state / "log" / f"{kind}.log"
        self.users = users_lock(state, kind)
        self.told_to_stop = False

    def run(self) -> None:
        """Serve until the last user is gone or SIGTERM comes; raises Trouble when it cannot."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        service: Service = KINDS[self.kind](self.state, throwaway=self.throwaway)
        try:
            while not self._serve_once(service):
                self.notice.unlink(missing_ok=True)
        finally:
            self.notice.unlink(missing_ok=True)
            if self.throwaway:
                service.discard()

    def _serve_once(self, service: Service) -> bool:
        """Run the server once; True when it was stopped on purpose, False when it died."""
        with self._open_log() as log:
            child = service.start(log.fileno())
        try:
            self._await_ready(service, child)
            text = json.dumps({"url": service.url, "pid": os.getpid(), "server": child.pid})
            layout.write_atomically(self.notice, text)
            while child.poll() is None:
                if self.told_to_stop or self.users.take():
                    return True
                time.sleep(TICK)
            print(f"{self.kind} ended with {child.returncode}; starting it again", flush=True)
            time.sleep(0.5)
            return False
        finally:
            self.notice.unlink(missing_ok=True)
            stop(child, service.stop_signals)

    def _await_ready(self, service: Service, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not service.ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise Trouble(service.failure(self.log))
            time.sleep(0.02)

    def _open_log(self) -> BinaryIO:
        fresh = not self.log.exists() or self.log.stat().st_size > LARGEST_LOG
        return open(self.log, "wb" if fresh else "ab")

    def _on_signal(self, *_: object) -> None:
        self.told_to_stop = True


def stop(child: subprocess.Popen[bytes], signals: tuple[signal.Signals, ...]) -> None:
    """Stop a server, each signal harder than the last, and reap it."""
    for number in signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(STOP_GRACE)
        except subprocess.TimeoutExpired:
            continue


def main(argv: list[str]) -> NoReturn:
    """Run as `keep KIND STATE [--throwaway]`, the program `services` starts in the background."""
    kind, state, throwaway = argv[0], Path(argv[1]), "--throwaway" in argv
    own = keeper_lock(state, kind)
    # A command that only looks at the lock has it for an instant.
    if not own.take(timeout=2.0):
        sys.exit(0)
    try:
        Keeper(kind, state, throwaway=throwaway).run()
    except (Trouble, OSError) as error:
        layout.write_atomically(notice_path(state, kind), json.dumps({"error": str(error)}))
        sys.exit(1)
    if throwaway:
        # Each keeper lets go before it looks, so the later of two sees both gone.
        own.release()
        _discard(state, kind)
    sys.exit(0)


def _discard(state: Path, kind: str) -> None:
    """Remove a throw-away state folder; the last of its keepers removes the rest."""
    others = [other for other in KINDS if other != kind]
    if not any(keeper_lock(state, other).held_elsewhere() for other in others):
        shutil.rmtree(layout.socket_dir(state), ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)
