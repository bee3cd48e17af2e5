"""A scratch house: a database and a corner of Redis of its own, made for a bench and dropped.

What is measured there runs in a program of its own (`inside`), whose environment knows nothing of
the installation's database: no row of the installation can be touched.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aura.core import exact
from aura.core.errors import Refused
from aura.management.bench.report import Report
from wallets.domain.sources import Payload

SETTINGS: Final = "aura.management.bench.settings"
# What would lead a scratch house to vendors, to the sandbox, to its clock or into public.
_OURS: Final = ("AURA_", "HELIUS_", "BIRDEYE_", "SOLANA_", "DEXSCREENER_", "SENTRY_", "DJANGO_")
_STAYS: Final = ("AURA_STATE_DIR", "AURA_WORKERS")
STOP_GRACE: Final = 30.0


def run_inside(
    bench: str, options: Mapping[str, Any], payloads: Sequence[Payload], report: Report
) -> int:
    """Run a bench in a scratch house and return its exit code; its output is ours."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="aura-bench-")))
        name = f"aura_bench_{os.getpid()}"
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(_OURS) or k in _STAYS},
            "DATABASE_URL": held.enter_context(_database(name)),
            "REDIS_URL": held.enter_context(_redis()),
            "AURA_BENCH": name,
            "AURA_SECRET_KEY": secrets.token_urlsafe(64),
            "AURA_WEBHOOK_SECRET": secrets.token_urlsafe(64),
            "AURA_LIVE_SOURCES": "webhook",
            "AURA_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": SETTINGS,
        }
        handed = {
            "bench": bench,
            "options": dict(options),
            "payloads": payloads,
            "notes": report.notes,
            "folder": str(folder),
        }
        brief = folder / "brief.json"
        brief.write_text(exact.dumps(handed))
        command = [sys.executable, "-m", "aura.management.bench.inside", str(brief)]
        # In a session of its own, so that Ctrl-C reaches it once: from here.
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, start_new_session=True)
        try:
            return child.wait()
        finally:
            _end(child)


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end this program as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def _database(name: str) -> Iterator[str]:
    """Make a database beside the configured one and drop it at the end; yields its address."""
    ours = connection.settings_dict
    options = {k: v for k, v in ours["OPTIONS"].items() if isinstance(v, str)}
    named = {"user": ours["USER"], "password": ours["PASSWORD"], "host": ours["HOST"]}
    given = {k: v for k, v in {**named, "port": ours["PORT"]}.items() if v} | options
    known, fresh = (make_conninfo(dbname=d, **given) for d in (ours["NAME"], name))
    identifier = sql.Identifier(name)
    _execute(known, sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        yield fresh
    finally:
        _execute(known, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _execute(address: str, statement: sql.Composed) -> None:
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(statement)


@contextmanager
def _redis() -> Iterator[str]:
    """Find a database of Redis that nobody uses and empty it at the end; yields its address."""
    for number in range(15, 0, -1):
        address = redis_address(settings.REDIS_URL, number)
        with redis.Redis.from_url(address) as client:
            try:
                is_free = not client.dbsize()
            except redis.ResponseError:
                continue
            if is_free:
                try:
                    yield address
                finally:
                    client.flushdb()
                return
    raise Refused("A bench needs an empty Redis database beside the one in use; there is none.")


def redis_address(url: str, number: int) -> str:
    """Return the address of another database of the same server."""
    parts = urlsplit(url)
    path, query = (parts.path, f"?db={number}") if parts.scheme == "unix" else (f"/{number}", "")
    # Not by urlunsplit, which forgets the slashes of an address without a host.
    return f"{parts.scheme}://{parts.netloc}{path}{query}"
