"""The programs of one running AURA: how each is started, in which order, what it left behind."""

import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from stack import http, layout, ports, proc
from stack.bootstrap import STAMP
from stack.processes import Child, Supervisor
from stack.trouble import Trouble

PREPARE_TIMEOUT = 120.0
START_TIMEOUT = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class House:
    """Sandbox, web, worker and watcher of one state folder."""

    def __init__(self, state: Path, supervisor: Supervisor) -> None:
        self.state = state
        self.supervisor = supervisor
        self.env: dict[str, str] = {}
        self.host, self.port = "127.0.0.1", ports.PREFERRED
        self._remembered: list[int] = []

    def configure(self, env: dict[str, str], *, host: str, port: int) -> None:
        """Set the environment and the address that the web is to have."""
        self.host, self.port = host, port
        self.env = env
        anywhere = host in ("0.0.0.0", "::")
        name = "127.0.0.1" if anywhere else f"[{host}]" if ":" in host else host
        self.env.setdefault("AURA_PUBLIC_URL", f"http://{name}:{port}")
        if host not in LOOPBACK and not anywhere:
            hosts = f"localhost,127.0.0.1,[::1],{name}"
            self.env.setdefault("AURA_ALLOWED_HOSTS", hosts)
        if env["AURA_WORLD"] != "sandbox":
            self.env.pop("AURA_SANDBOX_URL", None)
            self.env.pop("AURA_CLOCK", None)

    @property
    def local_url(self) -> str:
        """Where the supervisor itself reaches the web."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"

    def start_sandbox(self, seed: int | None, speed: float, hours: float | None) -> None:
        """Start the sandbox on its kept port if that is still free, and wait until it serves."""
        port = self._sandbox_port()
        base = f"http://127.0.0.1:{port}"
        folder = self.state / "sandbox"
        folder.mkdir(mode=0o700, exist_ok=True)
        argv = [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--state", str(folder), "--speed", f"{speed:g}"]
        argv += ["--seed", str(seed)] if seed is not None else []
        argv += ["--hours", f"{hours:g}"] if hours is not None else []
        # The sandbox is a program of its own: it sees none of the product's secrets.
        env = {
            name: value
            for name, value in self.env.items()
            if not name.startswith(("AURA_", "DATABASE_", "REDIS_"))
        }
        child = self.supervisor.start(Child("sandbox", argv, env, layout.ROOT))
        self.remember()
        self.supervisor.wait_for(lambda: http.status(base + "/health") == 200, child, START_TIMEOUT)
        self.env["AURA_SANDBOX_URL"] = base
        self.env.pop("AURA_CLOCK", None)
        if speed != 1.0:
            now = http.get_json(base + "/clock")
            try:
                real, sim = float(str(now["real"])), float(str(now["sim"]))
            except (KeyError, ValueError):
                raise Trouble("the sandbox does not tell its clock") from None
            self.env["AURA_CLOCK"] = f"{real:.3f}:{sim:.3f}:{speed:g}"

    def _sandbox_port(self) -> int:
        kept = self.state / "sandbox.port"
        try:
            port = int(kept.read_text())
        except (OSError, ValueError):
            port = 0
        if not (0 < port < 65_536 and port != self.port and ports.free("127.0.0.1", port)):
            port = ports.any_free()
            layout.write_atomically(kept, f"{port}\n")
        return port

    def prepare(self) -> None:
        """Run manage.py prepare and, when files changed, collectstatic; remember the world."""
        collect = None
        mark = self._static_mark()
        kept = self.state / "static.stamp"
        if not kept.exists() or kept.read_text() != mark:
            collect = self.supervisor.start(
                self._manage("static", "collectstatic", "--noinput", "--verbosity", "0")
            )
        self._must(self._manage("prepare", "prepare"))
        if collect:
            self._must(collect)
            layout.write_atomically(kept, mark)
        layout.write_atomically(self.state / "world", self.env["AURA_WORLD"] + "\n")

    def _must(self, child: Child) -> None:
        code = self.supervisor.finish(child, PREPARE_TIMEOUT)
        if code:
            raise Trouble(f"{child.name} failed with code {code}")

    def _static_mark(self) -> str:
        """Return a hash over the names, sizes and times of all static files and requirements."""
        seen = hashlib.sha256((layout.VENV / STAMP).read_bytes())
        for folder in (layout.ROOT / "static", *sorted(layout.ROOT.glob("*/static"))):
            for path in sorted(folder.rglob("*")):
                found = path.stat()
                seen.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
        return seen.hexdigest()

    def start_product(self) -> None:
        """Start the web, wait until it says it is healthy, then start worker and watcher.

        All three at once would share the processor and delay the first page.
        """
        daphne = [
            "-m",
            "daphne",
            "-v",
            "0",
            "-b",
            self.host,
            "-p",
            str(self.port),
            "aura.asgi:application",
        ]
        web = Child("web", [sys.executable, *daphne], self._as("web"), layout.ROOT)
        self.supervisor.start(web)
        self.remember()
        self.supervisor.wait_for(self._healthy, web, START_TIMEOUT)
        self.supervisor.start(self._manage("watcher", "watcher"))
        self.supervisor.start(self._manage("worker", "worker"))
        self.remember()

    def _healthy(self) -> bool:
        return http.status(self.local_url + "/health") == 200

    def _manage(self, name: str, *arguments: str) -> Child:
        argv = [sys.executable, str(layout.ROOT / "manage.py"), *arguments]
        role = name if name in ("worker", "watcher") else "command"
        return Child(name, argv, self._as(role), layout.ROOT)

    def _as(self, role: str) -> dict[str, str]:
        return self.env | {"AURA_ROLE": role}

    def remember(self) -> None:
        """Write down addresses for bin/manage, and the processes for the start after a crash."""
        names = ("AURA_PUBLIC_URL", "AURA_SANDBOX_URL", "AURA_CLOCK")
        pids = [child.popen.pid for child in self.supervisor.children if child.popen]
        if pids == self._remembered:
            return
        self._remembered = pids
        record = {
            "env": {name: self.env[name] for name in names if name in self.env},
            "processes": [{"pid": pid, "started": proc.started(pid)} for pid in pids],
        }
        layout.write_atomically(self.state / "run.json", json.dumps(record))

    def clear_leftovers(self) -> None:
        """Wait for what a killed supervisor left (each got SIGTERM), and kill what stays."""
        left = list(_leftovers(self.state / "run.json"))
        if left:
            self.supervisor.log.say(f"waiting for {len(left)} processes of a run that was killed")
        deadline = time.monotonic() + 10.0
        while left and time.monotonic() < deadline:
            time.sleep(0.1)
            left = [pair for pair in left if _same(*pair)]
        for pid, _ in left:
            proc.signal_quietly(pid, signal.SIGKILL, group=True)

    def stop(self) -> None:
        """Stop the product, then the world it looks at."""
        supervisor = self.supervisor
        supervisor.stop(("web", "watcher", "worker", "prepare", "static"))
        supervisor.stop(("sandbox",))
        record = self.state / "run.json"
        if record.exists():
            kept = json.loads(record.read_text()) | {"processes": []}
            layout.write_atomically(record, json.dumps(kept))


def _leftovers(record: Path) -> Iterable[tuple[int, str]]:
    try:
        entries = json.loads(record.read_text())["processes"]
        pairs = [(int(entry["pid"]), str(entry["started"])) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [pair for pair in pairs if _same(*pair)]


def _same(pid: int, started: str) -> bool:
    """Tell whether the recorded process still runs, and is not a later one of its number."""
    return pid != os.getpid() and proc.alive(pid) and proc.started(pid) == started
