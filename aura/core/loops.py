"""Live work as loops: woken by PostgreSQL's NOTIFY, led by one process at a time.

A loop turns when its channel is notified and at least every `every` seconds. The process that
holds the advisory lock leads; another started beside it waits and takes over when the lock
falls free, which PostgreSQL sees to when the leader's connection ends, however it ended.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from django.db import close_old_connections, connection

LEAD_LOCK: Final = 0x41555242

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: `turn` does a bounded piece of work and says whether more is waiting.

    `wake_on` names the NOTIFY channels that start a turn early; `every` is the longest idle
    time in seconds. An exception ends the turn, is logged, and the next turn waits one second,
    doubling up to a minute while it keeps failing.
    """

    name: str
    turn: Callable[[], bool]
    wake_on: tuple[str, ...] = ()
    every: float = 5.0


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
            except psycopg.OperationalError as error:
                log.warning("database away, trying again: %s", type(error).__name__)
                self.stop.wait(1.0)

    def _lead_once(self) -> None:
        with _listening_connection() as conn:
            while not conn.execute("SELECT pg_try_advisory_lock(%s)", [LEAD_LOCK]).fetchone()[0]:  # type: ignore[index]
                if self.stop.wait(1.0):
                    return
            log.info("leading %d loops", len(self.loops))
            lost = threading.Event()
            threads = [
                threading.Thread(target=self._turn_over, args=(loop, lost), name=loop.name)
                for loop in self.loops
            ]
            self._wakes = {loop.name: threading.Event() for loop in self.loops}
            for thread in threads:
                thread.start()
            try:
                self._pass_on_notifications(conn)
            finally:
                lost.set()
                for wake in self._wakes.values():
                    wake.set()
                for thread in threads:
                    thread.join(timeout=20)

    def _pass_on_notifications(self, conn: "psycopg.Connection[tuple[object, ...]]") -> None:
        for channel in {c for loop in self.loops for c in loop.wake_on}:
            conn.execute(f'LISTEN "{channel}"')
        for wake in self._wakes.values():
            wake.set()
        while not self.stop.is_set():
            for notice in conn.notifies(timeout=0.5, stop_after=1):
                for loop in self.loops:
                    if notice.channel in loop.wake_on:
                        self._wakes[loop.name].set()

    def _turn_over(self, loop: Loop, lost: threading.Event) -> None:
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
        connection.close()


def _listening_connection() -> "psycopg.Connection[tuple[object, ...]]":
    """Open a connection of our own: LISTEN and session locks do not share one with queries."""
    connection.ensure_connection()
    params = connection.get_connection_params()
    wanted = {
        k: v for k, v in params.items() if k in ("dbname", "user", "password", "host", "port")
    }
    return psycopg.connect(**wanted, autocommit=True)
