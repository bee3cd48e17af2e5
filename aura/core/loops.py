"""Live work as loops: woken by PostgreSQL's NOTIFY, led by one process at a time.

A loop turns when its channel is notified and at least every `every` seconds. The process that
holds the advisory lock leads; another started beside it waits and takes over when the lock
falls free, which PostgreSQL sees to when the leader's connection ends, however it ended. The
leader asks every few seconds whether the lock is still its own, and stops its loops when not.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from django.db import close_old_connections, connection

LEAD_LOCK: Final = 0x41555242
HEARTBEAT: Final = 5.0
# How long a loop may take to end its turn when the process is told to stop.
LAST_TURN: Final = 20.0
# A peer that is silently gone is noticed after some 20 s instead of hours.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
_NOTICE_LOSS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
_HELD: Final = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 0 AND objid = %s AND objsubid = 1 AND (%s OR pid = pg_backend_pid()))
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: `turn` does a bounded piece of work and says whether more is waiting.

    `wake_on` names the NOTIFY channels that start a turn early; `every` is the longest idle
    time in seconds. An exception ends the turn, is logged, and the next turn waits one second,
    doubling up to a minute while it keeps failing. `end` is called when this process leads no
    longer, after the last turn.
    """

    name: str
    turn: Callable[[], bool]
    wake_on: tuple[str, ...] = ()
    every: float = 5.0
    end: Callable[[], None] | None = None


class Lost(Exception):
    """The lead is another's or nobody's: the loops end here, and this process asks again."""


@dataclass(slots=True)
class Leader:
    """Runs loops, each in a thread of its own, while this process leads."""

    loops: Sequence[Loop]
    stop: threading.Event = field(default_factory=threading.Event)
    _wakes: dict[str, threading.Event] = field(default_factory=dict)

    def run(self) -> None:
        """Lead until `stop` is set: wait for the lock, start the loops, pass on notifications."""
        while not self.stop.is_set():
            try:
                self._lead_once()
            except (psycopg.OperationalError, psycopg.InterfaceError, Lost) as error:
                log.warning("lead lost, trying again: %s", type(error).__name__)
                self.stop.wait(1.0)

    def _lead_once(self) -> None:
        with _listening_connection() as conn:
            while not conn.execute("SELECT pg_try_advisory_lock(%s)", [LEAD_LOCK]).fetchone()[0]:  # type: ignore[index]
                if self.stop.wait(1.0):
                    return
            log.info("leading %d loops", len(self.loops))
            lost = threading.Event()
            threads = [
                threading.Thread(
                    target=self._turn_over, args=(loop, lost), name=loop.name, daemon=True
                )
                for loop in self.loops
            ]
            self._wakes = {loop.name: threading.Event() for loop in self.loops}
            for thread in threads:
                thread.start()
            try:
                self._pass_on_notifications(conn, threads)
            finally:
                lost.set()
                for wake in self._wakes.values():
                    wake.set()
                self._join(threads)

    def _join(self, threads: Sequence[threading.Thread]) -> None:
        """Wait for the last turns.

        A process told to stop does not wait for ever; one that lost the lead does, so that it
        never runs a loop twice.
        """
        told_at = time.monotonic() if self.stop.is_set() else None
        while alive := [thread for thread in threads if thread.is_alive()]:
            alive[0].join(0.2)
            if told_at is None and self.stop.is_set():
                told_at = time.monotonic()
            if told_at is not None and time.monotonic() - told_at > LAST_TURN:
                log.warning("left unfinished: %s", ", ".join(thread.name for thread in alive))
                return

    def _pass_on_notifications(
        self, conn: "psycopg.Connection[tuple[object, ...]]", threads: Sequence[threading.Thread]
    ) -> None:
        for channel in {c for loop in self.loops for c in loop.wake_on}:
            conn.execute(f'LISTEN "{channel}"')
        for wake in self._wakes.values():
            wake.set()
        confirmed = time.monotonic()
        while not self.stop.is_set():
            for notice in conn.notifies(timeout=0.5, stop_after=1):
                for loop in self.loops:
                    if notice.channel in loop.wake_on:
                        self._wakes[loop.name].set()
            if time.monotonic() - confirmed > HEARTBEAT:
                confirmed = time.monotonic()
                held = conn.execute(_HELD, [LEAD_LOCK, False]).fetchone()
                if held != (True,) or not all(thread.is_alive() for thread in threads):
                    raise Lost

    def _turn_over(self, loop: Loop, lost: threading.Event) -> None:
        try:
            self._turn_until(loop, lost)
        finally:
            if loop.end is not None:
                loop.end()
            connection.close()

    def _turn_until(self, loop: Loop, lost: threading.Event) -> None:
        wake = self._wakes[loop.name]
        pause = 1.0
        while True:
            wake.wait(loop.every)
            wake.clear()
            if self.stop.is_set() or lost.is_set():
                break
            try:
                while loop.turn() and not (self.stop.is_set() or lost.is_set()):
                    pass
                pause = 1.0
            except Exception:
                log.exception("loop %s failed; next try in %.0f s", loop.name, pause)
                lost.wait(pause)
                pause = min(pause * 2, 60.0)
                wake.set()
            close_old_connections()


def is_led() -> bool:
    """Say whether some process leads the loops of this installation."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [LEAD_LOCK, True])
        return bool(cursor.fetchone()[0])


def _listening_connection() -> "psycopg.Connection[tuple[object, ...]]":
    """Open a connection of our own: LISTEN and session locks do not share one with queries."""
    params = connection.get_connection_params()
    wanted = {
        k: v for k, v in params.items() if k in ("dbname", "user", "password", "host", "port")
    }
    return psycopg.connect(**(_NOTICE_LOSS | wanted), autocommit=True)
