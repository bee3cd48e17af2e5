"""bin/run from the outside, over a small stand-in for the product and the sandbox."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import layout, proc

MANAGE = """
import os, signal, sys, time
print(sys.argv[1], os.environ["AURA_ROLE"], os.environ["AURA_WORLD"], flush=True)
if sys.argv[1] in ("worker", "watcher"):
    signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(0)))
    while True:
        time.sleep(0.05)
if sys.argv[1] == "fail":
    sys.exit(7)
"""

SANDBOX = """
import http.server, json, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"real": 100.0, "sim": 200.0, "speed": 60}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("options", " ".join(sys.argv[1:]), flush=True)
server = http.server.HTTPServer((options["--host"], int(options["--port"])), Handler)
import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.serve_forever()
"""

ASGI = """
import os
from urllib.parse import parse_qs
async def application(scope, receive, send):
    headers = dict(scope["headers"])
    if scope["type"] == "websocket":
        await receive()
        if b"sessionid=1" not in headers.get(b"cookie", b""):
            return await send({"type": "websocket.close", "code": 4401})
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "<tr data-trade='1'>"})
        await receive()
        return
    body, extra = b"ok", []
    if scope["path"] == "/env":
        body = "\\n".join(f"{k}={v}" for k, v in os.environ.items()).encode()
    if scope["path"] == "/accounts/login/":
        body = b'<input name="csrfmiddlewaretoken" value="t">'
        if scope["method"] == "POST":
            form = parse_qs((await receive())["body"].decode())
            if form["password"] == ["aura-demo-whales"]:
                extra = [(b"set-cookie", b"sessionid=1; Path=/")]
    await send({"type": "http.response.start", "status": 200, "headers": extra})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "aura"
    for folder in ("bin", "stack"):
        (root / folder).mkdir(parents=True)
        for path in (layout.ROOT / folder).iterdir():
            if path.is_file():
                (root / folder / path.name).write_bytes(path.read_bytes())
                (root / folder / path.name).chmod(path.stat().st_mode)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (root / name).write_bytes((layout.ROOT / name).read_bytes())
    (root / ".venv").symlink_to(layout.VENV)
    (root / "manage.py").write_text(MANAGE)
    for package, text in (("sandbox/__main__.py", SANDBOX), ("aura/asgi.py", ASGI)):
        (root / package).parent.mkdir()
        (root / package).write_text(text)
        (root / package).with_name("__init__.py").touch()
    yield root
    sockets = layout.socket_dir(root / ".aura")
    sockets.rmdir()


def clean() -> dict[str, str]:
    ours = ("AURA_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def start(root: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(root / "bin" / "run"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean(),
        cwd="/",
    )


def read_until(run: subprocess.Popen[str], text: str) -> str:
    assert run.stdout is not None
    seen = ""
    for line in run.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} never came:\n{seen}")


def environment_of(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}/env", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split("=", 1)[0]: line.split("=", 1)[1] for line in lines if "=" in line}


@pytest.mark.slow
def test_the_whole_life_of_a_run(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # somebody else occupies it, which serves as well
        run = start(checkout, "--speed", "60", "--seed", "5", "--hours", "2")
        begun = read_until(run, "AURA is up")
    url = re.findall(r"AURA is up: (http://127\.0\.0\.1:(?!8000)\d+)", begun)[0]
    env = environment_of(url)
    state = checkout / ".aura"
    record = json.loads((state / "run.json").read_text())
    second = subprocess.run(
        [str(checkout / "bin" / "run")], env=clean(), capture_output=True, text=True
    )
    managed = subprocess.run(
        [str(checkout / "bin" / "manage"), "status"], env=clean(), capture_output=True, text=True
    )
    failed = subprocess.run([str(checkout / "bin" / "manage"), "fail"], env=clean())
    run.send_signal(signal.SIGINT)
    ended = run.stdout.read() if run.stdout else ""
    assert run.wait() == 0
    assert "sandbox | options --host 127.0.0.1" in begun
    assert "--speed 60 --seed 5 --hours 2" in begun
    assert "prepare | prepare command sandbox" in begun
    assert env["AURA_ROLE"] == "web"
    assert env["AURA_PUBLIC_URL"] == url
    assert env["AURA_CLOCK"] == "100.000:200.000:60"
    assert env["AURA_STATE_DIR"] == str(state)
    assert env["AURA_SECRET_KEY"] == (state / "secret_key").read_text().strip()
    assert record["env"]["AURA_SANDBOX_URL"] == env["AURA_SANDBOX_URL"]
    assert second.returncode == 1
    assert second.stderr == (
        "aura: AURA is running on this state already; stop it, or add --fresh\n"
    )
    assert (managed.returncode, managed.stdout) == (0, "status command sandbox\n")
    assert failed.returncode == 7
    assert "worker  | bye" in ended
    assert "watcher | bye" in ended
    assert "stopped after" in ended.splitlines()[-1]
    assert not any(proc.alive(entry["pid"]) for entry in record["processes"])


@pytest.mark.slow
def test_a_killed_run_leaves_no_orphans_and_the_next_recovers(checkout: Path) -> None:
    run = start(checkout)
    read_until(run, "AURA is up")
    record = json.loads((checkout / ".aura" / "run.json").read_text())
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    again = start(checkout, "--check")
    output = again.stdout.read() if again.stdout else ""
    assert again.wait() == 0, output
    assert not any(proc.alive(entry["pid"]) for entry in record["processes"])


@pytest.mark.slow
def test_check_names_each_step_and_stops_everything(checkout: Path) -> None:
    began = time.monotonic()
    run = start(checkout, "--check")
    output = run.stdout.read() if run.stdout else ""
    assert run.wait() == 0, output
    steps = re.findall(r"\| (environment|services|sandbox|web|login|trade) +[\d.]+ s", output)
    assert steps == ["environment", "services", "sandbox", "web", "login", "trade"]
    assert len(re.findall(r"first page at [\d.]+ s", output)) == 1
    assert "check passed in" in output
    assert time.monotonic() - began < 60
    assert not (checkout / ".aura" / "postgres.json").exists()


@pytest.mark.slow
def test_a_check_without_a_product_fails(checkout: Path) -> None:
    (checkout / "aura" / "asgi.py").write_text("raise SystemExit('broken')\n")
    run = start(checkout, "--check")
    output = run.stdout.read() if run.stdout else ""
    assert run.wait() == 1
    assert "web ended with code 1 at its start" in output
    assert "  web     | broken" in output


def test_another_world_is_refused_in_one_line(checkout: Path) -> None:
    state = layout.claim(checkout / ".aura")
    (state / "world").write_text("sandbox\n")
    run = start(checkout, "--world", "solana")
    output = run.stdout.read() if run.stdout else ""
    assert run.wait() == 1
    assert output == (
        f"aura: {state} holds the sandbox world; start it with --world sandbox, or give the "
        "solana world an AURA_STATE_DIR of its own\n"
    )


def test_bad_options_are_refused(checkout: Path) -> None:
    for options in (["--port", "70000"], ["--speed", "0"], ["--world", "mars"]):
        done = subprocess.run(
            [sys.executable, "-P", str(checkout / "stack" / "__main__.py"), "run", *options],
            env=clean(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert f"argument {options[0]}" in done.stderr
    assert not (checkout / ".aura").exists()
