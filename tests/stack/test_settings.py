"""Ports, pip's settings handed to uv, secrets, worlds and folders."""

import os
import socket
import stat
from pathlib import Path

import pytest

from stack import bootstrap, environment, layout, marks, ports
from stack.locks import FileLock
from stack.pip_settings import uv_environment
from stack.trouble import Trouble


def test_the_preferred_port_or_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = ports.choose("127.0.0.1", None, preferred=port)
        assert port < chosen < port + 100
        with pytest.raises(Trouble) as refusal:
            ports.choose("127.0.0.1", port)
    assert str(refusal.value) == (
        f"cannot listen on 127.0.0.1:{port}; choose another --port or leave it out"
    )
    assert ports.choose("127.0.0.1", None, preferred=port) == port


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(Trouble, match=r"cannot listen on 192\.0\.2\.1:8000"):
        ports.choose("192.0.2.1", 8000)


def test_pip_files_and_variables_reach_uv(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://a/simple\nfind-links =\n  /wheels\n  /more\n"
        "[install]\nextra-index-url = https://b/simple file:///c/simple\nno-index = false\n"
    )
    env = {
        "PIP_CONFIG_FILE": str(config),
        "PIP_INDEX_URL": "https://d/simple",
        "PIP_CERT": "/ca.pem",
        "SSL_CERT_FILE": "/own.pem",
        "XDG_CONFIG_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }
    made = uv_environment(env)
    assert made["UV_DEFAULT_INDEX"] == "https://d/simple"
    assert made["UV_INDEX"] == "https://b/simple file:///c/simple"
    assert made["UV_FIND_LINKS"] == "/wheels,/more"
    assert made["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert "UV_NO_INDEX" not in made
    assert "SSL_CERT_FILE" not in made


def test_indexes_chosen_for_uv_stay(tmp_path: Path) -> None:
    env = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "https://pip/simple",
        "PIP_FIND_LINKS": "/wheels",
        "UV_INDEX": "https://uv/simple",
    }
    made = uv_environment(env)
    assert made == {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_FIND_LINKS": "/wheels"}


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = environment.kept_secret(tmp_path, "secret_key")
    assert environment.kept_secret(tmp_path, "secret_key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_an_emptied_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    with pytest.raises(Trouble, match="holds no secret; remove it to make a new one"):
        environment.kept_secret(tmp_path, "secret_key")


def test_the_world_is_asked_then_set_then_remembered(tmp_path: Path) -> None:
    assert environment.choose_world(None, tmp_path, {}) == "sandbox"
    (tmp_path / "world").write_text("solana\n")
    assert environment.choose_world(None, tmp_path, {}) == "solana"
    assert environment.choose_world("solana", tmp_path, {"AURA_WORLD": "sandbox"}) == "solana"
    with pytest.raises(Trouble, match="AURA_WORLD is 'mars'; it may be sandbox or solana"):
        environment.choose_world(None, tmp_path, {"AURA_WORLD": "mars"})


def test_a_state_folder_holds_one_world(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("solana\n")
    refusal = (
        f"{tmp_path} holds the solana world; start it with --world solana, or give the "
        "sandbox world an AURA_STATE_DIR of its own"
    )
    for asked, env in (("sandbox", {}), (None, {"AURA_WORLD": "sandbox"})):
        with pytest.raises(Trouble) as refused:
            environment.choose_world(asked, tmp_path, env)
        assert str(refused.value) == refusal


def test_a_new_migration_or_another_database_is_work_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wallets/migrations/0001_first.py", "static/a.css", ".venv/" + bootstrap.STAMP):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setattr(layout, "VENV", tmp_path / ".venv")
    schema, static = marks.schema("postgresql://a"), marks.static_files(tmp_path / "root")
    (tmp_path / ".aura" / "static").mkdir(parents=True)
    (tmp_path / ".aura" / "static" / "collected.css").touch()
    assert marks.static_files(tmp_path / "root") == static
    assert marks.schema("postgresql://b") != schema
    (tmp_path / "static" / "a.css").write_text("b {}")
    assert marks.schema("postgresql://a") == schema
    assert marks.static_files(tmp_path / "root") != static
    (tmp_path / "wallets" / "migrations" / "0002_second.py").touch()
    assert marks.schema("postgresql://a") != schema


def test_what_is_done_is_remembered_and_damage_means_nothing_is(tmp_path: Path) -> None:
    assert marks.kept(tmp_path) == {}
    marks.keep(tmp_path, {"static": "1"})
    assert marks.kept(tmp_path) == {"static": "1"}
    (tmp_path / marks.KEPT).write_text("{half")
    assert marks.kept(tmp_path) == {}


def test_two_checkouts_have_two_private_socket_folders(tmp_path: Path) -> None:
    first, second = (layout.socket_dir(tmp_path / name) for name in "ab")
    assert first != second
    for place in (first, second):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert len(str(place)) <= layout.LONGEST_SOCKET_DIR
        place.rmdir()


def test_a_socket_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    place = layout.socket_dir(tmp_path)
    place.chmod(0o755)
    with pytest.raises(Trouble, match="is not a private folder of this user"):
        layout.socket_dir(tmp_path)
    place.rmdir()


def test_a_lock_is_one_s_or_shared(tmp_path: Path) -> None:
    one, two, three = (FileLock(tmp_path / "lock") for _ in range(3))
    assert one.take(shared=True)
    assert two.take(shared=True)
    assert not three.take()
    one.release()
    two.release()
    assert three.take()
    assert one.held_elsewhere()
    three.release()
    assert not one.held_elsewhere()
