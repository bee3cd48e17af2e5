"""Logs without secrets, in both formats, and Sentry through the same scrubber."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import sentry_sdk
import structlog
from pytest_django import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from aura.core import logs

SECRETS = {
    "HELIUS_API_KEY": "helius-0123456789",
    "AURA_HOOK_SECRET": 'needs "quotes" & é',
    "EMAIL_HOST_PASSWORD": "mail-pass-42",
}


@pytest.fixture
def secrets(settings: Settings) -> Iterator[None]:
    for name, value in SECRETS.items():
        setattr(settings, name, value)
    settings.DATABASES["default"]["PASSWORD"], kept = (
        "pg-hunter2",
        settings.DATABASES["default"]["PASSWORD"],
    )
    logs._secrets.cache_clear()
    yield
    settings.DATABASES["default"]["PASSWORD"] = kept
    logs._secrets.cache_clear()


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure({"format": getattr(request, "param", "json"), "level": "DEBUG"})
    stream = io.StringIO()
    ours = root.handlers[0]
    assert isinstance(ours, logging.StreamHandler)
    ours.setStream(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("GET /?api-key=abc123&x=1 done", "GET /?api-key=***&x=1 done"),
        ("wss://host/?apiKey=abc123", "wss://host/?apiKey=***"),
        ("{'X-API-KEY': 'abc123'}", "{'X-API-KEY': '***'}"),
        ('{"authHeader": "abc", "n": 1}', '{"authHeader": "***", "n": 1}'),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("/bot123456:AAE-x_y/sendMessage", "/bot***/sendMessage"),
        ("https://discord.com/api/webhooks/42/tok-en_1?wait", "https://discord.com/api/webhooks/42/***?wait"),
        ("postgresql://aura:pw@host/db", "postgresql://aura:***@host/db"),
        ("host=db password=pw dbname=x", "host=db password=*** dbname=x"),
        ("token BONK at 12:30, slot 7, http://127.0.0.1:8000/x", "token BONK at 12:30, slot 7, http://127.0.0.1:8000/x"),
    ],
)  # fmt: skip
def test_scrubs_by_shape(text: str, scrubbed: str) -> None:
    assert logs.scrub(text) == scrubbed


@pytest.mark.parametrize("lines", ["json", "console"], indirect=True)
def test_no_line_holds_a_configured_secret(lines: io.StringIO, secrets: None) -> None:
    log = logging.getLogger("house")
    everything = " ".join([*SECRETS.values(), "pg-hunter2"])
    log.info("plain %s", everything)
    log.warning("args %(all)s", {"all": everything})
    try:
        raise RuntimeError(f"failed with {everything}")
    except RuntimeError:
        log.exception("exception")
    structlog.get_logger("house").error("event", password="short", nested={"k": everything})
    written = lines.getvalue()
    assert written.count("***") >= 12
    for secret in (*SECRETS.values(), "pg-hunter2", "short"):
        assert secret not in written
        assert json.dumps(secret)[1:-1] not in written


def test_a_json_line_has_the_request_it_belongs_to(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("house").info("kept %d", 3)
        structlog.get_logger("house").info("recorded", trades=2)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {"event": "kept 3", "level": "info", "logger": "house", "request_id": "r-1"}
    assert second["trades"] == 2
    assert second["request_id"] == "r-1"


def test_a_failed_request_keeps_its_traceback_and_a_missing_page_is_one_line(
    lines: io.StringIO,
) -> None:
    django = logging.getLogger("django.request")
    try:
        raise ValueError("broken")
    except ValueError:
        django.exception("Internal Server Error: /x", extra={"status_code": 500})
    django.warning("Not Found: /y", extra={"status_code": 404})
    failed, missing = (json.loads(line) for line in lines.getvalue().splitlines())
    assert "ValueError: broken" in failed["exception"]
    assert failed["status_code"] == 500
    assert missing["level"] == "warning"
    assert "exception" not in missing


def test_talkative_clients_are_quiet(lines: io.StringIO) -> None:
    for name in ("httpx", "httpcore.connection", "websockets.client"):
        logging.getLogger(name).info("GET https://host/?api-key=abc")
    assert lines.getvalue() == ""


class Kept(Transport):
    """Keeps what would have been sent."""

    envelopes: list[bytes]

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope.serialize())


def test_sentry_gets_nothing_secret(
    settings: Settings, secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENTRY_DSN = "http://public@127.0.0.1:1/1"
    start = sentry_sdk.init
    kept = Kept()
    kept.envelopes = []
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: start(transport=kept, **options))
    assert logs.start_sentry()
    try:
        for_locals = SECRETS["HELIUS_API_KEY"]
        logging.getLogger("house").info("crumb api-key=abcdef %s", for_locals)
        try:
            raise RuntimeError(f"failed with {for_locals} and Bearer abcdef")
        except RuntimeError as error:
            sentry_sdk.capture_exception(error)
        sentry_sdk.flush()
    finally:
        sentry_sdk.get_global_scope().set_client(None)
    sent = b"".join(kept.envelopes).decode()
    assert "failed with *** and Bearer ***" in sent
    assert "crumb api-key=***" in sent
    assert for_locals not in sent
    assert "abcdef" not in sent


def test_sentry_stays_off_without_an_address(settings: Settings) -> None:
    settings.SENTRY_DSN = ""
    assert logs.start_sentry() is False
