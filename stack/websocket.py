"""The client side of RFC 6455, as far as listening to text frames needs it."""

import base64
import contextlib
import hashlib
import os
import socket
import struct
import time
from collections.abc import Callable

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST_MESSAGE = 16_000_000
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


class SocketFailed(Exception):  # a plain word reads better
    """The server refused the socket, broke the protocol or hung up."""


class WebSocket:
    """One open connection; times are seconds."""

    def __init__(self, host: str, port: int, path: str, headers: dict[str, str]) -> None:
        """Connect and shake hands. Raises SocketFailed when the server does not agree."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            self.line = socket.create_connection((host, port), timeout=10.0)
            self.line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        except OSError as error:
            raise SocketFailed(f"cannot connect: {error}") from None
        self.buffer = b""
        self._shake_hands(key)

    def _shake_hands(self, key: str) -> None:
        deadline = time.monotonic() + 10.0
        while b"\r\n\r\n" not in self.buffer:
            self._fill(deadline, lambda: None)
            if time.monotonic() > deadline or len(self.buffer) > 65_536:
                raise SocketFailed("the server does not finish its handshake")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status, *rest = head.decode("latin-1").split("\r\n")
        if status.split(" ")[1:2] != ["101"]:
            raise SocketFailed(f"the server answered {status!r}")
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in rest)
        }
        expected = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        if fields.get("sec-websocket-accept") != expected:
            raise SocketFailed("the server's handshake does not answer our key")

    def next_text(self, timeout: float, idle: Callable[[], None] = lambda: None) -> str | None:
        """Return the next text message, None when none came in time.

        Pings are answered, binary messages skipped; `idle` is called between reads.
        """
        deadline = time.monotonic() + timeout
        message, kind = b"", 0
        while True:
            frame = self._frame(deadline, idle)
            if frame is None:
                return None
            final, opcode, payload = frame
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) > 1 else 1005
                raise SocketFailed(f"the server closed the socket with code {code}")
            elif opcode in (TEXT, BINARY, CONTINUATION):
                kind = opcode or kind
                message += payload
                if len(message) > LARGEST_MESSAGE:
                    raise SocketFailed("the server sent a message without end")
                if final and kind == TEXT:
                    return message.decode(errors="replace")
                if final:
                    message = b""

    def close(self) -> None:
        """Say goodbye and hang up."""
        with contextlib.suppress(OSError):
            self._send(CLOSE, struct.pack("!H", 1000))
        self.line.close()

    def _frame(self, deadline: float, idle: Callable[[], None]) -> tuple[bool, int, bytes] | None:
        """Return (final, opcode, payload) of the next frame, None when the deadline passed."""
        while True:
            parsed = parse_frame(self.buffer)
            if parsed:
                final, opcode, payload, used = parsed
                self.buffer = self.buffer[used:]
                return final, opcode, payload
            if time.monotonic() >= deadline:
                return None
            self._fill(deadline, idle)

    def _fill(self, deadline: float, idle: Callable[[], None]) -> None:
        self.line.settimeout(max(0.01, min(0.1, deadline - time.monotonic())))
        try:
            data = self.line.recv(65_536)
        except TimeoutError:
            idle()
            return
        except OSError as error:
            raise SocketFailed(f"the connection broke: {error}") from None
        if not data:
            raise SocketFailed("the server hung up")
        self.buffer += data

    def _send(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.line.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)


def parse_frame(data: bytes) -> tuple[bool, int, bytes, int] | None:
    """Read one server frame: (final, opcode, payload, bytes used), None when incomplete.

    Raises SocketFailed for a masked frame or one beyond the limit.
    """
    if len(data) < 2:
        return None
    final, opcode, length, start = bool(data[0] & 0x80), data[0] & 0x0F, data[1], 2
    if length & 0x80:
        raise SocketFailed("the server masked a frame")
    if length >= 126:
        form, size = ("!H", 2) if length == 126 else ("!Q", 8)
        if len(data) < 2 + size:
            return None
        length, start = struct.unpack(form, data[2 : 2 + size])[0], 2 + size
    if length > LARGEST_MESSAGE:
        raise SocketFailed("the server announced a frame without end")
    if len(data) < start + length:
        return None
    return final, opcode, data[start : start + length], start + length
