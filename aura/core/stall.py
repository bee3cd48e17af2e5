"""The queue watched from the parent of its cluster: a stall is seen, told and ended.

Django-Q2's processes share queues whose locks die with whoever holds them: one `kill -9` at the
wrong moment, and the cluster stands still for ever without a process missing. Its workers and its
monitor therefore report through a pipe, which knows no lock, what they begin and finish. Where
nothing is finished although something is due, the whole process group is ended, for its
supervisor to start afresh.
"""

import ctypes
import logging
import os
import selectors
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NoReturn

from django.conf import settings
from django.db import Error, connection
from django.db.models import Min, Q
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.models import OrmQ, Schedule
from django_q.signals import post_execute, post_execute_in_worker, pre_execute

# So many seconds something may be due, or done and not recorded, while nothing else is finished.
PATIENCE: Final = 120.0
LOOKS: Final = 24  # within that time
# How often the guard looks for schedules that are due.
# https://django-q2.readthedocs.io/en/master/schedules.html
SCHEDULER_TICK: Final = 30.0
# Beyond the queue's own limit for a task: its guard needs a moment to end one.
TIMEOUT_MARGIN: Final = 30.0
# What was said last reaches the log and Sentry in this time.
LAST_WORDS: Final = 2.0
_REPORT: Final = struct.Struct("=iB")
# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
_PR_SET_PDEATHSIG: Final = 1

log = logging.getLogger(__name__)


class Step(IntEnum):
    """What a process of the cluster reports of a task."""

    BEGUN = 1
    DONE = 2
    RECORDED = 3


class Reports:
    """The pipe from the cluster's processes to their parent.

    A report is far smaller than PIPE_BUF and so written whole or not at all
    (https://pubs.opengroup.org/onlinepubs/9799919799/functions/write.html). One that finds the
    pipe full is dropped: a worker never waits for its watcher.
    """

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)

    def connect(self) -> None:
        """Let the processes forked from now on report."""
        pre_execute.connect(self.teller(Step.BEGUN), weak=False)
        post_execute_in_worker.connect(self.teller(Step.DONE), weak=False)
        post_execute.connect(self.teller(Step.RECORDED), weak=False)

    def teller(self, step: Step) -> Callable[..., None]:
        """Return a receiver that reports the step for the process it is called in."""

        def tell(**_: Any) -> None:
            with suppress(BlockingIOError):
                os.write(self._in, _REPORT.pack(os.getpid(), step))

        return tell

    def read(self, seconds: float) -> list[tuple[int, Step]]:
        """Wait so long for reports; return (process id, step) of those that came, in order."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            if not selector.select(seconds):
                return []
        told = os.read(self._out, 1024 * _REPORT.size)
        return [(pid, Step(step)) for pid, step in _REPORT.iter_unpack(told)]


@dataclass(slots=True)
class Progress:
    """What the cluster has done since `since`; all times in seconds of one monotonic clock."""

    since: float
    patience: float = PATIENCE
    longest_task: float = 0.0
    running: dict[int, float] = field(default_factory=dict)
    unrecorded_since: float | None = None

    def note(self, pid: int, step: Step, *, now: float) -> None:
        """Take a report."""
        if step is Step.BEGUN:
            self.running[pid] = now
            return
        if step is Step.DONE:
            self.running.pop(pid, None)
            self.unrecorded_since = self.unrecorded_since or now
            return
        self.since, self.unrecorded_since = now, None

    def start_afresh(self, *, now: float) -> None:
        """Forget how long nothing happened: what could be done meanwhile is not known."""
        self.since = now
        if self.unrecorded_since is not None:
            self.unrecorded_since = now

    def stalled(self, due: "Due", *, now: float) -> str:
        """Return what stands still and for how long; "" while the cluster works or is idle."""
        if self.unrecorded_since is not None and now - self.unrecorded_since >= self.patience:
            return f"tasks were done and none recorded for {now - self.unrecorded_since:.0f} s"
        unscheduled = min(due.schedule, now - due.seen_since)
        if unscheduled >= self.patience + SCHEDULER_TICK:
            return f"a schedule is overdue by {due.schedule:.0f} s"
        if due.task < self.patience or now - self.since < self.patience or self._is_busy(now):
            return ""
        return f"a task is due since {due.task:.0f} s, none finished for {now - self.since:.0f} s"

    def _is_busy(self, now: float) -> bool:
        """Say whether a living worker is within a task's time; it keeps others from theirs."""
        return any(
            now - began < self.longest_task + TIMEOUT_MARGIN and _is_alive(pid)
            for pid, began in self.running.items()
        )


@dataclass(frozen=True, slots=True)
class Due:
    """For how many seconds the oldest waiting task and the most overdue schedule have been due.

    `seen_since` is from when on, on the monotonic clock, the database could always be asked.
    """

    task: float
    schedule: float
    seen_since: float


def what_is_due(seen_since: float) -> Due:
    """Ask the database what the cluster could do now. Raises django.db.Error."""
    now, name = timezone.now(), settings.Q_CLUSTER["name"]
    # A task that was taken is locked until it would be tried again: its lock lies in the future.
    task = OrmQ.objects.filter(key=name).aggregate(at=Min("lock"))["at"]
    ours = Schedule.objects.exclude(repeats=0).filter(Q(cluster=None) | Q(cluster=name))
    schedule = ours.aggregate(at=Min("next_run"))["at"]
    ages = [(now - at).total_seconds() if at else 0.0 for at in (task, schedule)]
    return Due(ages[0], ages[1], seen_since)


class WatchedCluster(Cluster):  # type: ignore[misc]  # it ships no types
    """Django-Q2's cluster, run to its end under the eyes of its parent, and not beyond it."""

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__()
        self._is_stopping = False
        self._patience = patience
        self._reports = Reports()

    def stop(self) -> bool:
        """Drain, as SIGTERM and Ctrl-C ask for; a slow end is no stall."""
        self._is_stopping = True
        return bool(super().stop())

    def run(self) -> None:
        """Run until told to stop; a stall or the guard's death ends the whole process group."""
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)  # so that the group holds us and ours, and no stranger
        self._reports.connect()
        die_with_parent()
        connection.close()  # the fork would share it
        self.start()
        watch = threading.Thread(target=self._watch, name="queue watch", daemon=True)
        watch.start()
        while self.sentinel.is_alive():
            self.sentinel.join(1.0)
            if not (watch.is_alive() or self._is_stopping):
                end_group("nobody watches it any more")
        if not self._is_stopping:
            end_group(f"its guard died with code {self.sentinel.exitcode}")

    def _watch(self) -> None:
        now = time.monotonic()
        limit = float(str(settings.Q_CLUSTER["timeout"]))
        progress = Progress(now, self._patience, limit)
        seen_since = look_at = now
        while not self._is_stopping:
            for pid, step in self._reports.read(min(1.0, self._patience / LOOKS)):
                progress.note(pid, step, now=time.monotonic())
            if time.monotonic() < look_at:
                continue
            look_at = time.monotonic() + self._patience / LOOKS
            try:
                reason = progress.stalled(what_is_due(seen_since), now=time.monotonic())
            except Error:
                # Without its database no queue can work, and no start would help it.
                seen_since = time.monotonic()
                progress.start_afresh(now=seen_since)
                continue
            finally:
                # One connection a look: none is there to go stale unnoticed.
                connection.close()
            if reason and not self._is_stopping:
                end_group(reason)


def die_with_parent() -> None:
    """Let every process forked from now on be killed when the one that forked it ends.

    A cluster whose parent was killed would go on unseen beside the next one. Only Linux can do
    it; elsewhere the supervisor's killing of the group has to do.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    forker = os.getpid()

    def note_forker() -> None:
        nonlocal forker
        forker = os.getpid()

    def ask_for_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != forker:
            os._exit(1)  # it was quicker than the request

    os.register_at_fork(before=note_forker, after_in_child=ask_for_signal)


def end_group(reason: str) -> NoReturn:
    """Say why, and end this process and all it started, for the supervisor to start afresh."""
    log.critical("the queue stands still: %s; ending it to start afresh", reason)
    time.sleep(LAST_WORDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)
    # The first process of a container is spared by the signal.
    os._exit(1)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
