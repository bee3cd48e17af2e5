"""Dummy children under the supervisor: one log, restarts, order and force at the end."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import layout, proc, processes
from stack.processes import Child, Log, Stopped, Supervisor
from stack.trouble import Trouble


def child(name: str, program: str, tmp_path: Path) -> Child:
    argv = [sys.executable, "-c", program]
    return Child(name, argv, {**os.environ, "PYTHONUNBUFFERED": "1"}, tmp_path)


def supervisor() -> tuple[Supervisor, io.StringIO]:
    stream = io.StringIO()
    return Supervisor(Log(stream)), stream


def pump_until(boss: Supervisor, stream: io.StringIO, text: str) -> None:
    deadline = time.monotonic() + 10.0
    while text not in stream.getvalue():
        assert time.monotonic() < deadline, stream.getvalue()
        boss.pump(0.05)


def test_both_streams_of_a_child_get_its_name(tmp_path: Path) -> None:
    boss, stream = supervisor()
    program = "import sys; print('out'); print('err', file=sys.stderr); print('no end', end='')"
    assert boss.finish(child("web", program, tmp_path), 10.0) == 0
    assert stream.getvalue() == "web     | out\nweb     | err\nweb     | no end\n"


def test_a_child_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, stream = supervisor()
    mark = tmp_path / "mark"
    program = (
        "import pathlib, sys, time\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "first = not mark.exists(); mark.touch()\n"
        "print('first' if first else 'second')\n"
        "sys.exit(3) if first else time.sleep(60)"
    )
    started = boss.start(child("worker", program, tmp_path))
    started.backoff = 0.1

    def stop_at_second() -> None:
        boss.stopping = "second" in stream.getvalue()

    boss.watch = stop_at_second
    with pytest.raises(Stopped):
        boss.supervise()
    boss.stop(("worker",))
    assert stream.getvalue().splitlines() == [
        "worker  | first",
        "aura    | worker ended with code 3; again in 0 s",
        "aura    | worker started again",
        "worker  | second",
    ]
    assert started.backoff == 0.2


def test_a_child_that_cannot_be_started_again_is_tried_again(tmp_path: Path) -> None:
    boss, stream = supervisor()
    program = tmp_path / "worker"
    program.symlink_to("/bin/sh")
    script = "test -e mark && exec sleep 60; touch mark; echo up; exit 3"
    argv = [str(program), "-c", script]
    started = boss.start(Child("worker", argv, dict(os.environ), tmp_path, backoff=0.1))
    pump_until(boss, stream, "up")
    program.unlink()

    def put_it_back() -> None:
        if "cannot start worker" in stream.getvalue() and not program.exists():
            program.symlink_to("/bin/sh")
        boss.stopping = "worker started again" in stream.getvalue()

    boss.watch = put_it_back
    with pytest.raises(Stopped):
        boss.supervise()
    boss.stop(("worker",))
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("aura")]
    assert lines == [
        "aura    | worker ended with code 3; again in 0 s",
        f"aura    | cannot start worker: [Errno 2] No such file or directory: '{program}'; "
        "again in 0 s",
        "aura    | worker started again",
    ]
    assert started.backoff == 0.4


def test_only_the_parent_is_asked_and_its_brood_goes_too(tmp_path: Path) -> None:
    boss, stream = supervisor()
    program = (
        "import signal, subprocess, sys, time\n"
        "young = subprocess.Popen([sys.executable, '-c', 'import signal, time\\n'\n"
        "    'signal.signal(signal.SIGTERM, lambda *a: print(\"wrong\", flush=True))\\n'\n"
        "    'print(\"young\", flush=True)\\ntime.sleep(60)'])\n"
        "signal.signal(signal.SIGTERM, lambda *a: (print('asked'), sys.exit(0)))\n"
        "print('pid', young.pid)\n"
        "time.sleep(60)"
    )
    boss.start(child("worker", program, tmp_path))
    pump_until(boss, stream, "pid ")
    pump_until(boss, stream, "young")
    young = int(stream.getvalue().split("pid ")[1].split()[0])
    boss.stop(("worker",))
    deadline = time.monotonic() + 5.0
    while proc.alive(young) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not proc.alive(young)
    assert "asked" in stream.getvalue()
    assert "wrong" not in stream.getvalue()
    assert boss.children == []


def test_a_child_that_will_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.3)
    boss, stream = supervisor()
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf'); time.sleep(60)"
    )
    deaf = boss.start(child("watcher", program, tmp_path))
    pump_until(boss, stream, "deaf")
    boss.stop(("watcher",))
    assert deaf.popen is not None
    assert deaf.popen.returncode == -signal.SIGKILL
    assert stream.getvalue().splitlines()[-1] == (
        "aura    | watcher did not stop within 0 s; killing it"
    )


def test_a_child_that_ends_at_its_start_is_no_success(tmp_path: Path) -> None:
    boss, _ = supervisor()
    broken = boss.start(child("web", "raise SystemExit(4)", tmp_path))
    with pytest.raises(Trouble, match="web ended with code 4 at its start"):
        boss.wait_for(lambda: False, broken, 10.0)


def test_children_of_a_killed_supervisor_get_sigterm(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("PR_SET_PDEATHSIG is Linux's")
    program = (
        f"import sys; sys.path.insert(0, {str(layout.ROOT)!r})\n"
        "from pathlib import Path; from stack.processes import *\n"
        "boss = Supervisor(Log(sys.stdout))\n"
        "argv = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "child = boss.start(Child('web', argv, {}, Path('/')))\n"
        "print(child.popen.pid, flush=True); boss.supervise()"
    )
    killed = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    pid = int(killed.stdout.readline())
    killed.kill()
    killed.wait()
    killed.stdout.close()
    deadline = time.monotonic() + 5.0
    while proc.alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not proc.alive(pid)


def test_a_quiet_log_keeps_children_in_a_file(tmp_path: Path) -> None:
    stream = io.StringIO()
    boss = Supervisor(Log(stream, quiet_copy=tmp_path / "check.log"))
    boss.finish(child("web", "print('noise')", tmp_path), 10.0)
    boss.log.say("news")
    assert stream.getvalue() == "aura    | news\n"
    assert (tmp_path / "check.log").read_text() == "web     | noise\naura    | news\n"
