"""Real PostgreSQL and Valkey in folders of their own: shared, killed, mended, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from stack import keeper, layout, postgres, proc, services
from stack.trouble import Trouble


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def notice(state: Path, kind: str) -> dict[str, int]:
    path = keeper.notice_path(state, kind)
    return dict(json.loads(path.read_text())) if path.exists() else {}


def replaced(state: Path, kind: str, server: int) -> bool:
    return notice(state, kind).get("server", server) != server


def unkept(state: Path, kind: str) -> bool:
    return not keeper.keeper_lock(state, kind).held_elsewhere()


def gone(pid: int) -> bool:
    return not proc.alive(pid)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    state = layout.claim(tmp_path / "state")
    yield state
    for kind in keeper.KINDS:
        found = notice(state, kind)
        if "pid" in found:
            proc.signal_quietly(found["pid"], signal.SIGTERM)
            wait_until(partial(unkept, state, kind))
    sockets = layout.socket_dir(state)
    for path in sockets.iterdir():
        path.unlink()
    sockets.rmdir()


def test_both_come_up_keep_their_data_and_stop(state: Path) -> None:
    held = services.hold(state, {})
    server = notice(state, "postgres")["server"]
    with psycopg.connect(held.database_url) as connection:
        connection.execute("create table mark (n int)")
        connection.execute("insert into mark values (7)")
        encoding = connection.execute("show server_encoding").fetchone()
        listening = connection.execute("show listen_addresses").fetchone()
    redis.Redis.from_url(held.redis_url).set("mark", "7")
    held.release()
    assert (encoding, listening) == (("UTF8",), ("",))
    assert not proc.alive(server)
    assert notice(state, "postgres") == notice(state, "valkey") == {}

    held = services.hold(state, {})
    with psycopg.connect(held.database_url) as connection:
        kept = connection.execute("select n from mark").fetchall()
    assert kept == [(7,)]
    assert redis.Redis.from_url(held.redis_url).get("mark") == b"7"
    held.release()


def test_a_second_command_uses_the_running_services_and_outlives_the_first(state: Path) -> None:
    first = services.hold(state, {})
    servers = [notice(state, kind)["server"] for kind in keeper.KINDS]
    second = services.hold(state, {})
    first.release()
    time.sleep(3 * keeper.TICK)
    assert [notice(state, kind)["server"] for kind in keeper.KINDS] == servers
    assert redis.Redis.from_url(second.redis_url).ping() is True
    second.release()
    assert [proc.alive(server) for server in servers] == [False, False]


def test_servers_killed_outright_come_back_with_their_rows(state: Path) -> None:
    held = services.hold(state, {})
    with psycopg.connect(held.database_url) as connection:
        connection.execute("create table mark as select 7 as n")
    redis.Redis.from_url(held.redis_url).set("mark", "7")
    before = {kind: notice(state, kind)["server"] for kind in keeper.KINDS}
    for server in before.values():
        os.kill(server, signal.SIGKILL)
    for kind, server in before.items():
        wait_until(partial(replaced, state, kind, server))
    with psycopg.connect(held.database_url) as connection:
        assert connection.execute("select n from mark").fetchall() == [(7,)]
    assert redis.Redis.from_url(held.redis_url).get("mark") == b"7"
    assert held.mend() == ["postgres was lost and is up again", "valkey was lost and is up again"]
    assert held.mend() == []
    held.release()


def test_killed_keepers_take_their_servers_along_and_are_mended(state: Path) -> None:
    held = services.hold(state, {})
    before = {kind: notice(state, kind) for kind in keeper.KINDS}
    for found in before.values():
        os.kill(found["pid"], signal.SIGKILL)
    for found in before.values():
        wait_until(partial(gone, found["server"]))
    wait_until(lambda: not any(hold.running() for hold in held.holds))
    assert held.mend() == [], "it does not wait for them"
    assert all(hold.running() for hold in held.holds)
    said: list[str] = []
    wait_until(lambda: said.extend(held.mend()) or len(said) == 2)
    assert sorted(said) == ["postgres was lost and is up again", "valkey was lost and is up again"]
    assert held.mend() == []
    with psycopg.connect(held.database_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    held.release()


def test_a_service_that_does_not_come_back_is_tried_again_and_says_why(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MEND_PAUSE", 0.2)
    held = services.hold(state, {"REDIS_URL": "redis://elsewhere"})
    version = state / "pg" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("9\n")
    os.kill(notice(state, "postgres")["pid"], signal.SIGKILL)
    said: list[str] = []
    wait_until(lambda: said.extend(held.mend()) or bool(said))
    assert said[0].startswith(f"postgres does not start, trying again: {state / 'pg'} was made by")
    version.write_text(kept)
    wait_until(lambda: said.extend(held.mend()) or "up again" in said[-1])
    with psycopg.connect(held.database_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    held.release()


def test_a_killed_command_leaves_nothing_running(state: Path) -> None:
    program = (
        f"import sys, time; sys.path.insert(0, {str(layout.ROOT)!r})\n"
        "from pathlib import Path; from stack import services\n"
        f"held = services.hold(Path({str(state)!r}), {{}})\n"
        "print('up', flush=True); time.sleep(60)"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd="/"
    )
    assert command.stdout is not None
    assert command.stdout.readline() == "up\n"
    servers = [notice(state, kind)["server"] for kind in keeper.KINDS]
    command.kill()
    command.wait()
    command.stdout.close()
    for server in servers:
        wait_until(partial(gone, server))
    for kind in keeper.KINDS:
        wait_until(partial(unkept, state, kind))
    assert notice(state, "postgres") == {}


def test_lock_files_naming_a_living_stranger_do_not_keep_postgres_down(state: Path) -> None:
    services.hold(state, {"REDIS_URL": "redis://elsewhere"}).release()
    stranger = str(os.getpid())
    (state / "pg" / "postmaster.pid").write_text(f"{stranger}\n{state / 'pg'}\n")
    lock = layout.socket_dir(state) / ".s.PGSQL.5432.lock"
    lock.write_text(f"{stranger}\n{state / 'pg'}\n")
    held = services.hold(state, {"REDIS_URL": "redis://elsewhere"})
    assert lock.read_text().split("\n")[0] != stranger
    held.release()


def test_addresses_in_the_environment_start_nothing(state: Path) -> None:
    env = {"DATABASE_URL": "postgresql://there/db", "REDIS_URL": "redis://there"}
    held = services.hold(state, env)
    assert [held.database_url, held.redis_url] == list(env.values())
    assert held.holds == []
    assert sorted(path.name for path in state.iterdir()) == ["log"]


def test_throwaway_services_remove_their_folder(tmp_path: Path) -> None:
    state = layout.claim(tmp_path / "state")
    sockets = layout.socket_dir(state)
    held = services.hold(state, {}, throwaway=True)
    with psycopg.connect(held.database_url) as connection:
        assert connection.execute("show fsync").fetchone() == ("off",)
    held.release()
    wait_until(lambda: not state.exists())
    wait_until(lambda: not sockets.exists())


def test_taken_ports_are_no_conflict(state: Path) -> None:
    taken = []
    for port in (5432, 6379):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            pass  # somebody else occupies it, which serves as well
        taken.append(listener)
    held = services.hold(state, {})
    assert redis.Redis.from_url(held.redis_url).ping() is True
    held.release()
    for listener in taken:
        listener.close()


def test_a_cluster_of_another_version_is_refused_in_one_line(state: Path) -> None:
    (state / "pg").mkdir(mode=0o700)
    (state / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(Trouble) as refusal:
        services.hold(state, {"REDIS_URL": "redis://elsewhere"})
    here = postgres.major_of(postgres.find_binaries())
    assert str(refusal.value) == (
        f"{state / 'pg'} was made by PostgreSQL 9, here is {here}; move it away or set DATABASE_URL"
    )


def test_a_folder_that_is_no_cluster_is_left_alone(state: Path) -> None:
    (state / "pg").mkdir()
    (state / "pg" / "letter.txt").write_text("mine")
    with pytest.raises(Trouble, match="is not empty and no PostgreSQL cluster"):
        services.hold(state, {"REDIS_URL": "redis://elsewhere"})
    assert (state / "pg" / "letter.txt").read_text() == "mine"
