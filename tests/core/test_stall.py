"""The queue watched: what counts as a stall, and real clusters that are brought to one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Success

from aura.core.queue import enqueue
from aura.core.stall import (
    SCHEDULER_TICK,
    TIMEOUT_MARGIN,
    Due,
    Progress,
    Reports,
    Step,
    what_is_due,
)
from stack import proc

ROOT = Path(__file__).resolve().parents[2]
OURS = os.getpid()
NOTHING = Due(0.0, 0.0, seen_since=0.0)


def progress() -> Progress:
    return Progress(since=0.0, patience=120.0, longest_task=600.0)


def test_an_idle_queue_and_one_that_works_do_not_stand_still() -> None:
    queue = progress()
    assert queue.stalled(NOTHING, now=10_000.0) == ""
    queue.note(OURS, Step.BEGUN, now=10_000.0)
    queue.note(OURS, Step.DONE, now=10_001.0)
    queue.note(OURS, Step.RECORDED, now=10_001.1)
    assert queue.stalled(Due(900.0, 0.0, seen_since=0.0), now=10_121.0) == ""


def test_a_task_long_due_while_nothing_is_finished_is_a_stall() -> None:
    queue = progress()
    queue.note(OURS, Step.RECORDED, now=50.0)
    assert queue.stalled(Due(119.0, 0.0, seen_since=0.0), now=900.0) == ""
    assert queue.stalled(Due(900.0, 0.0, seen_since=0.0), now=169.0) == ""
    assert queue.stalled(Due(120.0, 0.0, seen_since=0.0), now=170.0) == (
        "a task is due since 120 s, none finished for 120 s"
    )


def test_a_living_workers_long_task_is_no_stall_within_its_time() -> None:
    queue, due = progress(), Due(900.0, 0.0, seen_since=0.0)
    queue.note(OURS, Step.BEGUN, now=10.0)
    assert queue.stalled(due, now=609.0 + TIMEOUT_MARGIN) == ""
    assert queue.stalled(due, now=610.0 + TIMEOUT_MARGIN) != ""


def test_a_dead_workers_task_counts_for_nothing() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    queue = progress()
    queue.note(dead.pid, Step.BEGUN, now=10.0)
    assert queue.stalled(Due(900.0, 0.0, seen_since=0.0), now=200.0) != ""


def test_tasks_done_and_not_recorded_are_a_stall_though_nothing_waits() -> None:
    queue = progress()
    for now in (10.0, 100.0):
        queue.note(OURS, Step.BEGUN, now=now)
        queue.note(OURS, Step.DONE, now=now)
    assert queue.stalled(NOTHING, now=129.0) == ""
    assert queue.stalled(NOTHING, now=130.0) == "tasks were done and none recorded for 120 s"
    queue.note(OURS, Step.RECORDED, now=130.0)
    assert queue.stalled(NOTHING, now=900.0) == ""


def test_an_overdue_schedule_is_a_stall_once_somebody_could_have_acted() -> None:
    queue = progress()
    queue.note(OURS, Step.RECORDED, now=1000.0)
    patience = 120.0 + SCHEDULER_TICK
    assert queue.stalled(Due(0.0, patience - 1, seen_since=0.0), now=1000.0) == ""
    assert queue.stalled(Due(0.0, 9000.0, seen_since=900.0), now=1000.0) == ""
    assert queue.stalled(Due(0.0, patience, seen_since=0.0), now=1000.0) == (
        "a schedule is overdue by 150 s"
    )


def test_the_patience_begins_anew_when_the_database_was_away() -> None:
    queue, due = progress(), Due(900.0, 0.0, seen_since=500.0)
    queue.note(OURS, Step.DONE, now=10.0)
    queue.start_afresh(now=500.0)
    assert queue.stalled(due, now=619.0) == ""
    assert queue.stalled(due, now=620.0) != ""


@pytest.mark.django_db
def test_due_is_what_this_cluster_could_do_now() -> None:
    assert what_is_due(7.0) == Due(0.0, 0.0, seen_since=7.0)
    now = timezone.now()
    OrmQ.objects.create(key="aura", payload="", lock=now + timedelta(seconds=660))
    OrmQ.objects.create(key="other", payload="", lock=now - timedelta(seconds=900))
    Schedule.objects.create(func="f", repeats=0, next_run=now - timedelta(seconds=900))
    Schedule.objects.create(func="f", cluster="other", next_run=now - timedelta(seconds=900))
    idle = what_is_due(7.0)
    OrmQ.objects.create(key="aura", payload="", lock=now - timedelta(seconds=50))
    Schedule.objects.create(func="f", next_run=now - timedelta(seconds=70))
    busy = what_is_due(7.0)
    assert idle.task < 0
    assert idle.schedule == 0
    assert 50 <= busy.task < 60
    assert 70 <= busy.schedule < 80


def test_a_full_pipe_keeps_no_worker_waiting() -> None:
    reports = Reports()
    tell = reports.teller(Step.DONE)
    for _ in range(100_000):
        tell(sender="django_q")
    told = reports.read(0.0)
    assert told
    assert set(told) == {(OURS, Step.DONE)}


class Worker:
    """`manage.py worker` on the test's own database, with little patience."""

    def __init__(self, log: Path, program: list[str], **env: str) -> None:
        self.log = log
        self.began = time.time()
        url = psycopg.conninfo.make_conninfo(
            os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]
        )
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": url, "AURA_ROLE": "worker"} | env,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def brood(self) -> list[int]:
        """Return the processes guard, workers, monitor and pusher, in the order of their birth."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                _state, _parent, group, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(group) == self.process.pid:
                found.append(int(entry.name))
        return sorted(pid for pid in found if pid != self.process.pid and proc.alive(pid))

    def await_task(self, task: str) -> None:
        deadline = time.monotonic() + 60
        while not Success.objects.filter(pk=task).exists():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def await_end(self) -> str:
        """Wait until the process and all its brood have ended; return what was said."""
        code = self.process.wait(60)
        assert code == -signal.SIGKILL, self.log.read_text()
        deadline = time.monotonic() + 10
        while self.brood() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.brood() == []
        return self.log.read_text()


@pytest.fixture
def worker(tmp_path: Path, transactional_db: None) -> Iterator[Worker]:
    """A cluster of one worker that has just done a task."""
    if sys.platform != "linux":
        pytest.skip("finds the processes of a group in /proc")
    program = [str(ROOT / "manage.py"), "worker", "--skip-checks", "--patience", "3"]
    running = Worker(tmp_path / "worker.log", program, AURA_WORKERS="1")
    try:
        running.await_task(enqueue("time.time"))
        assert len(running.brood()) == 4
        yield running
    finally:
        proc.signal_quietly(running.process.pid, signal.SIGKILL, group=True)
        running.process.wait(10)


@pytest.mark.slow
def test_processes_that_stand_still_are_ended_with_their_group(worker: Worker) -> None:
    for other in worker.brood()[1:]:
        os.kill(other, signal.SIGSTOP)
    enqueue("time.time")
    said = worker.await_end()
    assert "the queue stands still: a task is due since 3 s, none finished for" in said
    assert said.count("the queue stands still") == 1


@pytest.mark.slow
def test_a_monitor_killed_with_the_lock_of_the_results_is_noticed(worker: Worker) -> None:
    """It holds the lock whenever it waits; the monitor born in its place waits for ever."""
    _, _, monitor, _ = worker.brood()
    os.kill(monitor, signal.SIGKILL)
    enqueue("time.time")
    assert "tasks were done and none recorded for 3 s" in worker.await_end()


@pytest.mark.slow
def test_a_worker_killed_with_the_lock_of_the_tasks_is_noticed(worker: Worker) -> None:
    _, idle, _, _ = worker.brood()
    os.kill(idle, signal.SIGKILL)
    for _ in range(6):
        enqueue("time.time")
    assert "the queue stands still: a task is due since" in worker.await_end()


@pytest.mark.slow
def test_a_guard_that_dies_ends_the_rest(worker: Worker) -> None:
    os.kill(worker.brood()[0], signal.SIGKILL)
    assert "its guard died with code -9" in worker.await_end()


@pytest.mark.slow
def test_a_cluster_does_not_outlive_its_parent(worker: Worker) -> None:
    """Nobody may be left to kill the group: the supervisor can have been killed as well."""
    worker.process.kill()
    assert "stands still" not in worker.await_end()


@pytest.mark.slow
def test_a_guard_that_schedules_nothing_is_noticed(worker: Worker) -> None:
    """Tasks are taken and recorded meanwhile: that alone proves no health."""
    os.kill(worker.brood()[0], signal.SIGSTOP)
    Schedule.objects.create(func="time.time", next_run=timezone.now())
    deadline = time.monotonic() + 60
    while worker.process.poll() is None and time.monotonic() < deadline:
        enqueue("time.time")
        time.sleep(1)
    assert "a schedule is overdue by" in worker.await_end()


@pytest.mark.slow
def test_a_long_task_keeps_its_worker_and_what_waits_is_done_after_it(worker: Worker) -> None:
    enqueue("time.sleep", 10)
    tasks = [enqueue("time.time") for _ in range(6)]
    for task in tasks:
        worker.await_task(task)
    assert worker.process.poll() is None
    assert Success.objects.filter(func="time.sleep").count() == 1
    worker.process.terminate()
    assert worker.process.wait(30) == 0
    assert "stands still" not in worker.log.read_text()


@pytest.mark.slow
def test_a_watch_that_breaks_ends_the_cluster_too(tmp_path: Path, transactional_db: None) -> None:
    program = (
        "import django; django.setup()\n"
        "from aura.core import stall\n"
        "stall.what_is_due = lambda seen_since: 1 / 0\n"
        "stall.WatchedCluster(5.0).run()"
    )
    env = {"DJANGO_SETTINGS_MODULE": "aura.settings"}
    said = Worker(tmp_path / "worker.log", ["-c", program], **env).await_end()
    assert "nobody watches it any more" in said
    assert "ZeroDivisionError" in said
