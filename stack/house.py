"""The programs of one running AURA: how each is started, and in which order."""

import sys
from contextlib import suppress
from pathlib import Path

from stack import http, layout, leftovers, marks, ports
from stack.processes import Child, Supervisor
from stack.trouble import Trouble

PREPARE_TIMEOUT = 120.0
START_TIMEOUT = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REMEMBERED = ("AURA_PUBLIC_URL", "AURA_SANDBOX_URL", "AURA_CLOCK")
MANIFEST = "staticfiles.json"
FIRST_PAGE = "/accounts/login/"


class House:
    """Sandbox, web, worker and watcher of one state folder."""

    def __init__(self, state: Path, supervisor: Supervisor, *, host: str, port: int) -> None:
        self.state = state
        self.supervisor = supervisor
        self.host, self.port = host, port
        self.env: dict[str, str] = {}
        self.sandbox: Child | None = None
        self.sandbox_url = ""
        self._remembered: list[int] = []

    def configure(self, env: dict[str, str]) -> None:
        """Set the environment of the product; its address is that of the web."""
        self.env = env
        anywhere = self.host in ("0.0.0.0", "::")
        name = "127.0.0.1" if anywhere else f"[{self.host}]" if ":" in self.host else self.host
        self.env.setdefault("AURA_PUBLIC_URL", f"http://{name}:{self.port}")
        if self.host not in LOOPBACK and not anywhere:
            hosts = f"localhost,127.0.0.1,[::1],{name}"
            self.env.setdefault("AURA_ALLOWED_HOSTS", hosts)
        self.env.pop("AURA_CLOCK", None)
        if env["AURA_WORLD"] != "sandbox":
            self.env.pop("AURA_SANDBOX_URL", None)

    @property
    def local_url(self) -> str:
        """Where the supervisor itself reaches the web."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"

    def start_sandbox(
        self, env: dict[str, str], *, seed: int | None, speed: float, hours: float | None
    ) -> None:
        """Start the sandbox, on its kept port if that is still free, without waiting for it."""
        port = self._sandbox_port()
        self.sandbox_url = f"http://127.0.0.1:{port}"
        folder = self.state / "sandbox"
        folder.mkdir(mode=0o700, exist_ok=True)
        argv = [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--state", str(folder), "--speed", f"{speed:g}"]
        argv += ["--seed", str(seed)] if seed is not None else []
        argv += ["--hours", f"{hours:g}"] if hours is not None else []
        # The sandbox is a program of its own: it sees none of the product's secrets.
        ours = ("AURA_", "DATABASE_", "REDIS_")
        env = {name: value for name, value in env.items() if not name.startswith(ours)}
        self.sandbox = self.supervisor.start(Child("sandbox", argv, env, layout.ROOT))
        self.remember()

    def await_sandbox(self, *, speed: float) -> None:
        """Wait until the sandbox serves, and tell the product where it is and what time it has."""
        assert self.sandbox is not None
        base = self.sandbox_url
        self.supervisor.wait_for(
            lambda: http.status(base + "/health") == 200, self.sandbox, START_TIMEOUT
        )
        self.env["AURA_SANDBOX_URL"] = base
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

    def open_web(self) -> None:
        """Run manage.py prepare, collectstatic when files changed, and the web.

        The web waits for the two unless the last start left nothing for them to change. Returns
        when it serves its first page and both are done.
        """
        served = Path(self.env.get("AURA_STATIC_ROOT") or self.state / "static")
        done = {
            "static": marks.static_files(served),
            "schema": marks.schema(self.env["DATABASE_URL"]),
            "world": self.env["AURA_WORLD"],
        }
        before = marks.kept(self.state) if (served / MANIFEST).exists() else {}
        collect = None
        if before.get("static") != done["static"]:
            arguments = ("collectstatic", "--noinput", "--verbosity", "0")
            collect = self.supervisor.start(self._manage("static", *arguments))
        prepare = self.supervisor.start(self._manage("prepare", "prepare"))
        web = self._web()
        opened = False
        if before == done:
            # The database may be another than it was then: in that case the web is asked again.
            with suppress(Trouble):
                opened = self._serve_first_page(web)
        for child in filter(None, (prepare, collect)):
            code = self.supervisor.finish(child, PREPARE_TIMEOUT)
            if code:
                raise Trouble(f"{child.name} failed with code {code}")
        marks.keep(self.state, done)
        layout.write_atomically(self.state / "world", done["world"] + "\n")
        if not opened:
            self._serve_first_page(web)

    def _web(self) -> Child:
        argv = [sys.executable, "-m", "daphne", "-v", "0", "-b", self.host, "-p", str(self.port)]
        return Child("web", [*argv, "aura.asgi:application"], self._as("web"), layout.ROOT)

    def _serve_first_page(self, web: Child) -> bool:
        if web.popen is None or web.popen.poll() is not None:
            self.supervisor.start(web)
            self.remember()
        self.supervisor.wait_for(self._healthy, web, START_TIMEOUT)
        code = http.status(self.local_url + FIRST_PAGE, timeout=20.0)
        if code >= 500:
            raise Trouble(f"the web is healthy, but {FIRST_PAGE} answered {code}")
        self.supervisor.log.say(f"first page at {self.supervisor.age:.1f} s")
        return True

    def _healthy(self) -> bool:
        return http.status(self.local_url + "/health") == 200

    def start_the_rest(self) -> None:
        """Start watcher and worker: before the first page they would only have delayed it."""
        for name in ("watcher", "worker"):
            # `prepare` has run the system checks, and said once what they found.
            self.supervisor.start(self._manage(name, name, "--skip-checks"))
        self.remember()

    def _manage(self, name: str, *arguments: str) -> Child:
        argv = [sys.executable, str(layout.ROOT / "manage.py"), *arguments]
        role = name if name in ("worker", "watcher") else "command"
        return Child(name, argv, self._as(role), layout.ROOT)

    def _as(self, role: str) -> dict[str, str]:
        return self.env | {"AURA_ROLE": role}

    def remember(self) -> None:
        """Write down the addresses and the processes, when those have changed."""
        pids = [child.popen.pid for child in self.supervisor.children if child.popen]
        if pids != self._remembered:
            self._remembered = pids
            known = {name: self.env[name] for name in REMEMBERED if name in self.env}
            leftovers.remember(self.state, known, pids)

    def stop(self) -> None:
        """Stop the product, then the world it looks at."""
        self.supervisor.stop(("web", "watcher", "worker", "prepare", "static"))
        self.supervisor.stop(("sandbox",))
        leftovers.forget(self.state)
