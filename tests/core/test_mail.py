"""Mail of the sandbox world arrives in its inbox, whole."""

from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from pytest_django import Settings

from aura.core import http
from aura.core.errors import Unavailable
from tests.vendor import Vendor, serving


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Vendor]:
    with serving() as vendor:
        settings.SANDBOX_URL = vendor.url
        yield vendor


def mail(to: str = "a@aura.local") -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        "Héllo", "text\nmore", "AURA <aura@aura.local>", [to], bcc=["b@ü.de"]
    )
    message.attach_alternative("<p>text</p>", "text/html")
    return message


def test_a_message_arrives_whole(inbox: Vendor) -> None:
    backend = get_connection("aura.core.mail.SandboxInbox")
    nobody = EmailMultiAlternatives("to nobody", "x", "aura@aura.local", [])
    assert backend.send_messages([mail(), nobody]) == 1
    asked = inbox.asked[0]
    assert asked.path == "/inbox"
    assert asked.headers["content-type"] == "message/rfc822"
    assert asked.headers["x-envelope-to"] == "a@aura.local,b@xn--tda.de"
    parsed = message_from_bytes(asked.body, policy=policy.default)
    assert parsed["subject"] == "Héllo"
    assert parsed["bcc"] is None
    assert [p.get_content_type() for p in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert b"\n" not in asked.body.replace(b"\r\n", b"")


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
