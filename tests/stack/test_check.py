"""The visitor of bin/run --check against a small server that plays the web's part."""

import base64
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from stack.check import CheckFailed, Visitor, is_trade
from stack.websocket import SocketFailed, WebSocket, parse_frame

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = 1, *, final: bool = True) -> bytes:
    head = bytes([(0x80 if final else 0) | opcode])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65_536:
        return head + bytes([126]) + struct.pack("!H", size) + payload
    return head + bytes([127]) + struct.pack("!Q", size) + payload


class Web(http.server.BaseHTTPRequestHandler):
    """Login form with CSRF, a session cookie, and a socket that sends `frames`."""

    protocol_version = "HTTP/1.1"
    frames: tuple[bytes, ...] = ()
    seen: list[dict[str, str]]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its base's name
        return

    def answer(self, status: int, body: str, cookie: str = "") -> None:
        data = body.encode()
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/live":
            self.socket()
        elif self.path == "/accounts/login/":
            form = '<input type="hidden" name="csrfmiddlewaretoken" value="tok">'
            self.answer(200, form, "csrftoken=tok")
        else:
            self.answer(200, "home")

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        form = {name: value[0] for name, value in parse_qs(self.rfile.read(size).decode()).items()}
        self.seen.append(form | {"origin": self.headers["Origin"]})
        right = form["password"] == "right" and form["csrfmiddlewaretoken"] == "tok"
        self.answer(200, "in" if right else "again", "sessionid=abc" if right else "")

    def socket(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        if "sessionid=abc" not in self.headers.get("Cookie", ""):
            self.answer(403, "no")
            return
        key = self.headers["Sec-WebSocket-Key"] + GUID
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        for each in self.frames:
            self.wfile.write(each)
        self.wfile.flush()
        self.seen.append({"from client": self.rfile.read(10).hex()})
        self.close_connection = True


@pytest.fixture
def web() -> Iterator[tuple[str, type[Web]]]:
    handler = type("Web", (Web,), {"seen": [], "frames": ()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_trade_arrives_after_pings_news_and_pieces(web: tuple[str, type[Web]]) -> None:
    url, handler = web
    handler.frames = (
        frame(b"hi", 9),
        frame(b"\x00\x01data-trade=", 2),
        frame(b"<p>price</p>"),
        frame(b"x" * 70_000),
        frame(b"<tr data-", final=False),
        frame(b'trade="1">', 0),
    )
    visitor = Visitor(url)
    visitor.login("demo@aura.local", "right")
    assert visitor.await_trade(5.0) < 5.0
    login, socket = handler.seen[0], handler.seen[1]
    assert login == {
        "login": "demo@aura.local",
        "password": "right",
        "csrfmiddlewaretoken": "tok",
        "origin": url,
    }
    assert socket["origin"] == url
    assert "sessionid=abc" in socket["cookie"]


def test_a_wrong_password_is_told(web: tuple[str, type[Web]]) -> None:
    with pytest.raises(CheckFailed, match=r"^demo@aura\.local could not log in$"):
        Visitor(web[0]).login("demo@aura.local", "wrong")


def test_no_trade_in_time_is_told(web: tuple[str, type[Web]]) -> None:
    url, handler = web
    handler.frames = (frame(b"<p>price</p>"),)
    idle = []
    visitor = Visitor(url, idle=lambda: idle.append(1))
    visitor.login("demo@aura.local", "right")
    with pytest.raises(CheckFailed, match="no trade arrived on the live socket in 0 s"):
        visitor.await_trade(0.4)
    assert len(idle) >= 2


def test_a_refused_socket_is_told(web: tuple[str, type[Web]]) -> None:
    with pytest.raises(CheckFailed, match=r"the live socket: the server answered .*403"):
        Visitor(web[0]).await_trade(2.0)


def test_a_closed_socket_is_told(web: tuple[str, type[Web]]) -> None:
    url, handler = web
    handler.frames = (frame(struct.pack("!H", 1011), 8),)
    visitor = Visitor(url)
    visitor.login("demo@aura.local", "right")
    with pytest.raises(CheckFailed, match="closed the socket with code 1011"):
        visitor.await_trade(2.0)


def test_nobody_there() -> None:
    with pytest.raises(CheckFailed, match="/accounts/login/"):
        Visitor("http://127.0.0.1:1").login("a", "b")
    with pytest.raises(SocketFailed, match="cannot connect"):
        WebSocket("127.0.0.1", 1, "/live", {})


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_form(size: int) -> None:
    data = frame(b"a" * size)
    assert parse_frame(data + b"next") == (True, 1, b"a" * size, len(data))
    assert parse_frame(data[:-1]) is None


def test_hostile_frames_are_refused() -> None:
    with pytest.raises(SocketFailed, match="masked"):
        parse_frame(b"\x81\x81....x")
    with pytest.raises(SocketFailed, match="without end"):
        parse_frame(b"\x81\x7f" + struct.pack("!Q", 1 << 62))


def test_the_mark_of_a_trade() -> None:
    assert is_trade('{"html": "<tr data-trade=\\"1\\">"}')
    assert not is_trade("<tr data-quote='1'>")
