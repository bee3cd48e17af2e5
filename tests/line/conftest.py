"""A whole installation in real processes, and what the market knows to be true of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from stack import postgres, proc

ROOT = Path(__file__).resolve().parents[2]
OURS = ("AURA_", "DATABASE_", "REDIS_", "DJANGO_")
PROGRAMS = {"web": "daphne", "worker": "manage.py worker", "watcher": "manage.py watcher"}


class House:
    """A running installation in a folder of its own."""

    def __init__(self, state: Path, *, speed: float) -> None:
        self.state, self.output = state, state.with_name("output.log")
        env = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        self.env = env | {"AURA_STATE_DIR": str(state)}
        self.options = ("--speed", str(speed), "--hours", "1")
        self.start()

    def start(self) -> None:
        """Start bin/run on the state folder and wait until it says that AURA is up."""
        self.log = self.output.open("ab")
        said = self.output.stat().st_size
        command = [sys.executable, "-P", str(ROOT / "stack" / "__main__.py"), "run"]
        self.process = subprocess.Popen(
            [*command, *self.options],
            cwd=ROOT,
            env=self.env,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        try:
            self.until(lambda: self._is_up(said), 120)
        except BaseException:
            self.stop()
            raise
        addresses = json.loads((self.state / "run.json").read_text())["env"]
        self.url, self.sandbox = addresses["AURA_PUBLIC_URL"], addresses["AURA_SANDBOX_URL"]

    def _is_up(self, said: int) -> bool:
        assert self.process.poll() is None, self.output.read_text()[-3000:]
        return b"AURA is up" in self.output.read_bytes()[said:]

    def until(self, true: Callable[[], bool], seconds: float) -> None:
        """Wait for something, at most so long."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.output.read_text()[-3000:]
            time.sleep(0.5)

    def ask(self, path: str, data: bytes | None = None) -> Any:
        """Ask the sandbox."""
        with urllib.request.urlopen(self.sandbox + path, data, timeout=30) as answer:
            return json.load(answer)

    def rows(self, query: str, database: str = "aura") -> list[tuple[Any, ...]]:
        """Ask the installation's own database, or another of its cluster."""
        with psycopg.connect(postgres.url(self.state, database)) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def manage(self, *arguments: str, database: str = "aura") -> str:
        """Run bin/manage on this installation, or on another database of its cluster."""
        env = self.env
        if database != "aura":
            env = env | {"DATABASE_URL": postgres.url(self.state, database)}
        command = [sys.executable, "-P", str(ROOT / "stack" / "__main__.py"), "manage"]
        done = subprocess.run([*command, *arguments], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, code: str, database: str = "aura") -> str:
        """Return the last line that Python code prints inside the installation."""
        return self.manage("shell", "-v", "0", "-c", code, database=database).splitlines()[-1]

    def pids(self) -> dict[str, int]:
        """Return the process of every part that runs now; a keeper's under `<service>-keeper`."""
        found = {}
        for entry in json.loads((self.state / "run.json").read_text())["processes"]:
            line = proc.command_line(entry["pid"])
            found |= {name: entry["pid"] for name, part in PROGRAMS.items() if part in line}
        for name in ("postgres", "valkey"):
            notice = self.state / f"{name}.json"
            if notice.exists():
                told = json.loads(notice.read_text())
                found |= {name: told["server"], f"{name}-keeper": told["pid"]}
        return found

    def processes(self) -> list[str]:
        """Return the command lines of all processes started for this state folder (Linux)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line, env = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
                if os.fsencode(self.state) in line + env:
                    found.append(line.replace(b"\0", b" ").decode(errors="replace"))
        return found

    def truth(self) -> dict[str, Any]:
        """Return what the market knows of every recorded wallet, by address."""
        recorded = self.rows("SELECT address FROM wallets_wallet")
        return {address: self.ask(f"/truth/wallets/{address}") for (address,) in recorded}

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.log.close()


def each_trade_once(house: House, truth: dict[str, Any]) -> None:
    """Confirm that the recorded trades are the market's, each once."""
    trades = (
        "SELECT w.address, t.signature FROM wallets_trade t"
        " JOIN wallets_wallet w ON w.id = t.wallet_id"
    )
    recorded = Counter(house.rows(trades))
    true = {(address, t["signature"]) for address, of in truth.items() for t in of["trades"]}
    assert set(recorded) == true
    assert set(recorded.values()) == {1}


def nothing_put_aside(house: House) -> None:
    """Confirm that every payload that came could be read."""
    assert house.rows("SELECT count(*) FROM wallets_quarantinedpayload") == [(0,)]


def same_to_the_lamport(house: House, truth: dict[str, Any]) -> None:
    """Confirm that every wallet's ledger is the market's own."""
    figures = house.rows(
        "SELECT address, realised_lamports, unknown_proceeds_lamports, fees_lamports"
        " FROM wallets_wallet w JOIN wallets_walletstats s ON s.wallet_id = w.id"
    )
    assert {row[0]: tuple(map(int, row[1:])) for row in figures} == {
        address: (
            of["realised_lamports"],
            of["unknown_proceeds_lamports"],
            of["other_fees_lamports"],
        )
        for address, of in truth.items()
    }
