"""Mail of the sandbox world arrives in its inbox, whole."""

import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from pytest_django import Settings

from aura.core import http
from aura.core.errors import Unavailable


@pytest.fixture
def inbox(settings: Settings) -> Iterator[list[tuple[str, dict[str, str], bytes]]]:
    arrived: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            arrived.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.SANDBOX_URL = f"http://127.0.0.1:{server.server_port}"
    yield arrived
    server.shutdown()
    server.server_close()


def mail(to: str = "a@aura.local") -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        "Héllo", "text\nmore", "AURA <aura@aura.local>", [to], bcc=["b@ü.de"]
    )
    message.attach_alternative("<p>text</p>", "text/html")
    return message


def test_a_message_arrives_whole(inbox: list[tuple[str, dict[str, str], bytes]]) -> None:
    backend = get_connection("aura.core.mail.SandboxInbox")
    nobody = EmailMultiAlternatives("to nobody", "x", "aura@aura.local", [])
    assert backend.send_messages([mail(), nobody]) == 1
    path, headers, body = inbox[0]
    assert path == "/inbox"
    assert headers["content-type"] == "message/rfc822"
    assert headers["x-envelope-to"] == "a@aura.local,b@xn--tda.de"
    parsed = message_from_bytes(body, policy=policy.default)
    assert parsed["subject"] == "Héllo"
    assert parsed["bcc"] is None
    assert [p.get_content_type() for p in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_a_closed_inbox_is_told_or_kept_silent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "sleep", lambda _: None)
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    with pytest.raises(Unavailable):
        get_connection("aura.core.mail.SandboxInbox").send_messages([mail()])
    assert (
        get_connection("aura.core.mail.SandboxInbox", fail_silently=True).send_messages([mail()])
        == 0
    )
