"""Structured logs that hold no secret: one line an event, with the request it belongs to."""

import json
import logging
import logging.config
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import quote

import structlog
from django.conf import settings
from django.core.signals import setting_changed

MASK: Final = "***"
_SECRET_NAMES: Final = ("_KEY", "_SECRET", "_PASSWORD", "_TOKEN", "_DSN")
_SECRET_FIELDS: Final = (
    "api_key", "auth_header", "authorization", "cookie", "password", "secret"
)  # fmt: skip
_SHORTEST_SECRET: Final = 6

# Clients that write whole URLs, keys included, at INFO or DEBUG.
_TALKATIVE: Final = ("daphne", "django-q", "httpx", "httpcore", "websockets", "urllib3", "hpack")

_PATTERNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (
            r"""((?:x-)?api[-_]?key|auth[-_]?header|access[-_]?token|password|passwd|secret)"""
            r"""(\\?["']?\s*[=:]\s*\\?["']?)[^\s"'&<>,;)}\\]+""",
            rf"\1\2{MASK}",
        ),
        (r"\bBearer\s+[^\s\"'<>,;)}\\]+", f"Bearer {MASK}"),
        # https://core.telegram.org/bots/api#authorizing-your-bot
        (r"\bbot\d{5,}:[\w-]+", f"bot{MASK}"),
        # https://discord.com/developers/docs/resources/webhook#execute-webhook
        (r"(/webhooks/\d+/)[\w-]+", rf"\1{MASK}"),
        (r"([a-z][a-z0-9+.-]*://[^\s:/@\"']*):[^\s@/\"']+@", rf"\1:{MASK}@"),
    )
)


@lru_cache(maxsize=1)
def _secrets() -> tuple[str, ...]:
    """Collect the settings named like secrets, as they may be written, longest first."""
    values = [
        value
        for name in dir(settings)
        if name.endswith(_SECRET_NAMES) and isinstance(value := getattr(settings, name), str)
    ]
    values += [str(database.get("PASSWORD") or "") for database in settings.DATABASES.values()]
    long_enough = {v for v in values if len(v) >= _SHORTEST_SECRET}
    written = long_enough | {json.dumps(v)[1:-1] for v in long_enough}
    return tuple(sorted(written | {quote(v, safe="") for v in long_enough}, key=len, reverse=True))


# Settings change in tests only; the cache must not outlive them.
setting_changed.connect(lambda **_: _secrets.cache_clear(), weak=False)


def scrub(text: str) -> str:
    """Mask keys, tokens and passwords: by the shapes they come in and by the configured values."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    for secret in _secrets():
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def scrub_all(value: Any) -> Any:
    """Scrub every string inside dicts, lists and tuples; other values are returned as they are."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {key: _scrub_field(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_all(item) for item in value]
    return value


def _scrub_field(name: Any, value: Any) -> Any:
    """Mask a string by its field's name as well: a header's value says nothing of itself."""
    if isinstance(name, str) and isinstance(value, str) and value:
        bare = name.lower().replace("-", "_")
        if bare.endswith(_SECRET_FIELDS):
            return MASK
    return scrub_all(value)


def _scrub_event(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {
        key: value if key[0] == "_" else _scrub_field(key, value) for key, value in event.items()
    }


class ScrubbedFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record and scrubs the finished line, which args and tracebacks have joined."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line for the record."""
        return scrub(super().format(record))


def configure(options: Mapping[str, Any]) -> None:
    """Send all logging to standard error; `options` are format ("console" or "json") and level."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = {
        "()": ScrubbedFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_renderers(options["format"]),
        ],
        "foreign_pre_chain": [*before, structlog.stdlib.ExtraAdder(allow=("status_code",))],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {name: {"level": "WARNING"} for name in _TALKATIVE}
            | {"django": {"handlers": [], "propagate": True}},
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _renderers(form: str) -> list[structlog.typing.Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            _scrub_event,
            structlog.processors.JSONRenderer(sort_keys=True, default=str),
        ]
    return [
        _scrub_event,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def start_sentry() -> bool:
    """Start error reporting when SENTRY_DSN is set, through the same scrubber; say whether it did.

    Local variables and request bodies are never sent: they hold what a message does not.
    """
    if not settings.SENTRY_DSN:
        return False
    # Imported here: it takes longer than a short command runs.
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration

    def scrubbed(event: Any, _: Any) -> Any:
        return cast("dict[str, Any]", scrub_all(event))

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        # The enabling of whatever is installed imports every vendor's SDK: eight seconds.
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration()],
        environment=settings.WORLD,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=scrubbed,
        before_send_transaction=scrubbed,
        before_breadcrumb=scrubbed,
    )
    return True
