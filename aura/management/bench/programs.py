"""The programs of a scratch house, started as bin/run starts them, and stopped again."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from aura.core.errors import Refused
from aura.management.bench.machine import cpu_of

HOST: Final = "127.0.0.1"
START_TIMEOUT: Final = 60.0
STOP_GRACE: Final = 25.0


@dataclass(frozen=True, slots=True)
class Program:
    """One running program, and what it has said."""

    name: str
    child: "subprocess.Popen[bytes]"
    log: Path

    def cpu(self) -> float | None:
        """Return the CPU seconds it has used, those of ended children included."""
        return cpu_of(self.child.pid, with_ended_children=True)

    def stop(self) -> None:
        """Stop it as bin/run does, and harder when that does not help."""
        self.child.terminate()
        try:
            self.child.wait(STOP_GRACE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def failed(self) -> Refused:
        """Say that it ended, with its last words."""
        last = self.log.read_text(errors="replace").strip().splitlines()[-5:]
        return Refused("\n".join([f"{self.name} of the scratch house ended:", *last]))


@dataclass(frozen=True, slots=True)
class House:
    """A web on `port`, and a watcher unless it was left out."""

    port: int
    web: Program
    watcher: Program | None

    def watcher_cpu(self) -> float | None:
        """Return the watcher's CPU seconds; None without one."""
        return self.watcher.cpu() if self.watcher else None


@contextmanager
def house(folder: Path, *, node_url: str, with_watcher: bool) -> Iterator[House]:
    """Start web and watcher of this code on the scratch database; stop them at the end."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    env = os.environ | {"AURA_PUBLIC_URL": f"http://{HOST}:{port}", "SOLANA_RPC_URL": node_url}
    daphne = ["-m", "daphne", "-v", "0", "-b", HOST, "-p", str(port), "aura.asgi:application"]
    started = [_start("web", daphne, env, folder)]
    try:
        _await(started[0], lambda: bool(_health(port)))
        if with_watcher:
            command = [str(settings.BASE_DIR / "manage.py"), "watcher", "--skip-checks"]
            started.append(_start("watcher", command, env, folder))
            _await(started[1], lambda: _health(port).get("watcher", {}).get("ok") is True)
        yield House(port, started[0], started[1] if with_watcher else None)
    finally:
        for program in reversed(started):
            program.stop()


def _start(name: str, arguments: list[str], env: dict[str, str], folder: Path) -> Program:
    log = folder / f"{name}.log"
    with log.open("ab") as stream:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=env | {"AURA_ROLE": name},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    return Program(name, child, log)


def _await(program: Program, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready():
        if program.child.poll() is not None:
            raise program.failed()
        if time.monotonic() > deadline:
            raise Refused(f"{program.name} was not ready within {START_TIMEOUT:.0f} s")
        time.sleep(0.1)


def _health(port: int) -> dict[str, Any]:
    """Ask the web how the house is; nothing while it does not serve."""
    asked = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        asked.request("GET", "/health")
        answer = asked.getresponse()
        said: dict[str, Any] = json.loads(answer.read()) if answer.status == 200 else {}
    except (OSError, http.client.HTTPException):
        return {}
    finally:
        asked.close()
    return said
