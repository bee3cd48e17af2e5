"""A command's hold on PostgreSQL and Valkey: theirs by URL, or embedded and shared."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import keeper, layout, postgres, valkey
from stack.locks import FileLock
from stack.trouble import Trouble

READY_TIMEOUT = 70.0
MEND_PAUSE = 5.0


@dataclass
class Hold:
    """One command's use of one embedded service; the service stays up while any hold is alive."""

    kind: str
    state: Path
    throwaway: bool = False
    users: FileLock = field(init=False)
    url: str = ""
    server: int = 0
    child: subprocess.Popen[bytes] | None = None
    mend_at: float = 0.0

    def __post_init__(self) -> None:
        self.users = keeper.users_lock(self.state, self.kind)

    def begin(self) -> None:
        """Claim the service and see to it that its keeper runs, without waiting for it."""
        # The keeper has this lock for itself only while it stops the service.
        if not self.users.take(shared=True, timeout=30.0):
            raise Trouble(f"{self.kind} does not finish stopping; see {self._log()}")
        self._start_keeper()

    def wait(self) -> str:
        """Wait until the service is ready and return its URL. Raises Trouble with its reason."""
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            notice = self._notice()
            if "url" in notice:
                self.url = str(notice["url"])
                self.server = self._server(notice)
                return self.url
            if not self.running():
                notice = self._notice()
                if "error" in notice:
                    raise Trouble(str(notice["error"]))
                if self.child is not None and self.child.poll():
                    raise Trouble(f"the keeper of {self.kind} failed; see {self._log()}")
                self._start_keeper()
            time.sleep(0.02)
        raise Trouble(f"{self.kind} was not ready within {READY_TIMEOUT:.0f} s; see {self._log()}")

    def running(self) -> bool:
        """Tell whether a keeper looks after the service."""
        if self.child is not None and self.child.poll() is None:
            return True
        if not self.state.exists():
            return False
        return keeper.keeper_lock(self.state, self.kind).held_elsewhere()

    def release(self, *, wait: float = 15.0) -> None:
        """Give the service up; when nobody else uses it, wait until it has stopped."""
        self.users.release()
        deadline = time.monotonic() + wait
        while self.running() and time.monotonic() < deadline:
            if self.state.exists() and self._used_by_others():
                return
            time.sleep(0.05)

    def _used_by_others(self) -> bool:
        """Tell whether a share of the lock is out; the stopping keeper holds it whole."""
        probe = keeper.users_lock(self.state, self.kind)
        whole = probe.take()
        probe.release()
        if whole:
            return False
        part = probe.take(shared=True)
        probe.release()
        return part

    def _start_keeper(self) -> None:
        with FileLock(self.state / f"{self.kind}.start"):
            if self.running():
                return
            keeper.notice_path(self.state, self.kind).unlink(missing_ok=True)
            main = layout.ROOT / "stack" / "__main__.py"
            argv = [sys.executable, "-P", str(main), "keep", self.kind, str(self.state)]
            with self._log().open("ab") as log:
                self.child = subprocess.Popen(
                    [*argv, *(["--throwaway"] if self.throwaway else [])],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                )
            self._await_lock()

    def _await_lock(self) -> None:
        """Let the new keeper take its lock before another command looks for a keeper."""
        deadline = time.monotonic() + 10.0
        lock = keeper.keeper_lock(self.state, self.kind)
        while self.child and self.child.poll() is None and time.monotonic() < deadline:
            if lock.held_elsewhere():
                return
            time.sleep(0.01)

    def _notice(self) -> dict[str, object]:
        try:
            notice = json.loads(keeper.notice_path(self.state, self.kind).read_text())
        except (OSError, ValueError):
            return {}
        return notice if isinstance(notice, dict) else {}

    def mend(self) -> str:
        """Start a keeper that died again, without waiting for it; return what is new, or ""."""
        if not self.running() and time.monotonic() >= self.mend_at:
            self.mend_at = time.monotonic() + MEND_PAUSE
            error = self._notice().get("error")
            self._start_keeper()
            return f"{self.kind} does not start, trying again: {error}" if error else ""
        return f"{self.kind} was lost and is up again" if self._replaced() else ""

    def _replaced(self) -> bool:
        """Tell, once, that the server died and a keeper has started another."""
        now = self._server(self._notice())
        before, self.server = self.server, now or self.server
        return bool(now and before and now != before)

    def _server(self, notice: dict[str, object]) -> int:
        found = notice.get("server")
        return found if isinstance(found, int) else 0

    def _log(self) -> Path:
        return self.state / "log" / f"{self.kind}-keeper.log"


@dataclass
class Services:
    """The addresses of both services and the holds that keep the embedded ones up."""

    database_url: str
    redis_url: str
    holds: list[Hold]

    def release(self) -> None:
        """Give every hold up, in order, waiting for what stops with us."""
        for hold in self.holds:
            hold.users.release()
        for hold in self.holds:
            hold.release()

    def survive_exec(self) -> None:
        """Let the program this command turns into keep the services up."""
        for hold in self.holds:
            hold.users.survive_exec()

    def mend(self) -> list[str]:
        """Start again the keepers that died, without waiting; return what there is to tell."""
        return [said for hold in self.holds if (said := hold.mend())]


def hold(state: Path, env: Mapping[str, str], *, throwaway: bool = False) -> Services:
    """Bring up what the environment does not name by DATABASE_URL and REDIS_URL."""
    holds = []
    if not env.get("DATABASE_URL"):
        holds.append(Hold("postgres", state, throwaway))
    if not env.get("REDIS_URL"):
        holds.append(Hold("valkey", state, throwaway))
    try:
        for each in holds:
            each.begin()
        for each in holds:
            each.wait()
    except BaseException:
        for each in holds:
            each.users.release()
        raise
    return services_of(state, env, holds)


def services_of(state: Path, env: Mapping[str, str], holds: list[Hold]) -> Services:
    """Return the addresses without starting anything: sockets have fixed places."""
    return Services(
        env.get("DATABASE_URL") or postgres.url(state),
        env.get("REDIS_URL") or valkey.url(state),
        holds,
    )
