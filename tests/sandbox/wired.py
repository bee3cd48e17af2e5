"""A sandbox on a real port, and a receiver of its webhooks on another."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import uvicorn

from sandbox.chain import Chain
from sandbox.server import Server
from sandbox.serving import config

KEY = {"api-key": "sandbox-key"}


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that happens in another thread."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(0.01)


class Wired:
    """A world whose clock stands still, served as the program serves it."""

    def __init__(self, chain: Chain, port: int) -> None:
        self.chain = chain
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=20)

    def faults(self, **body: object) -> Any:
        """Change the faults, or only look at them."""
        answer = self.http.post("/faults", json=body) if body else self.http.get("/faults")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, seconds: float) -> None:
        """Let the market go on."""
        assert self.http.post("/truth/advance", json={"seconds": seconds}).status_code == 200

    def call(self, method: str, *params: object) -> httpx.Response:
        """Ask the keyed RPC."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.http.post("/rpc/", params=KEY, json=body)


@contextmanager
def served(chain: Chain) -> Iterator[Wired]:
    """Serve a world from a thread of its own."""
    server = uvicorn.Server(config(Server(chain, live=False).app, host="127.0.0.1", port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield Wired(chain, server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


class Mailbox(ThreadingHTTPServer):
    """Takes webhook deliveries and answers 200 to those it can read, else 400."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.times: list[float] = []
        box = self

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                box.bodies.append(body)
                box.times.append(time.monotonic())
                try:
                    json.loads(body)
                except ValueError:
                    self.send_response(400)
                else:
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Take)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def items(self) -> list[Any]:
        """Everything that could be read."""
        return [item for body in list(self.bodies) for item in json.loads(body)]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Receive from a thread of its own."""
    box = Mailbox()
    thread = threading.Thread(target=box.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield box
    finally:
        box.shutdown()
        thread.join()
        box.server_close()
