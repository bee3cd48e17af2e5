"""The one door out: timeouts, retries, metering and errors of every call to a vendor.

A URL may hold a key. It never leaves this module: errors carry the vendor's name and what it
answered, and are raised outside the handler of the client's own exception, so no chain leads to it.
"""

import email.utils
import logging
import math
import os
import random
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypedDict, Unpack

import httpx

from aura.core import exact, quota
from aura.core.errors import Denied, Garbled, ProviderError, RateLimited, Unavailable
from aura.core.logs import scrub

TRIES: Final = 4
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
QUOTA_WAIT: Final = 15.0
BODY_LIMIT: Final = 64 * 1024 * 1024
_KEPT_OF_BODY: Final = 256 * 1024
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_UNMETERED: Final = frozenset({"sandbox"})  # a program of our own
# The month's credits are used up, in the vendor's words. The status does not tell: it is 429 as
# for the rate, or 400, and on Helius' RPC 200 is seen too.
# https://www.helius.dev/docs/billing/credits · https://docs.birdeye.so/docs/compute-unit-cost
_USED_UP: Final = (b"max usage reached", b"compute units usage limit exceeded")
_SHORT_ANSWER: Final = 500
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-api-gateway-request-id", "cf-ray")

log = logging.getLogger(__name__)
sleep = time.sleep

_client: httpx.Client | None = None
_client_lock = threading.Lock()


class Options(TypedDict, total=False):
    """What a call may say beside its address.

    `credits` and `calls` are what one try costs of the vendor's budget (credits=0: not metered);
    `timeout` is the longest silence in seconds, an answer takes at most six times as long
    altogether; `retry` says whether a call that is not idempotent may be repeated; a status in
    `none_for` gives None.
    """

    params: Mapping[str, str | int]
    headers: Mapping[str, str]
    credits: int
    calls: int
    retry: bool
    timeout: float
    none_for: Collection[int]


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A successful answer: status, body (decompressed) and the vendor's id of the request."""

    status: int
    body: bytes
    request_id: str


@dataclass(frozen=True, slots=True, repr=False)
class _Call:
    """One call to make, as often as it takes."""

    vendor: str
    method: str
    base_url: str
    path: str
    content: bytes | None
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    credits: int = 1
    calls: int = 1
    retry: bool = False
    timeout: float = 20.0
    none_for: Collection[int] = ()

    def url(self) -> httpx.URL:
        base = self.base_url.rstrip("/") if self.path else self.base_url
        url = httpx.URL(base + self.path).copy_merge_params(dict(self.params))
        if url.scheme not in ("http", "https") or not url.host:
            raise httpx.UnsupportedProtocol("not an address of the web")
        return url


def request_json(
    vendor: str,
    method: str,
    base_url: str,
    path: str = "",
    *,
    json: Any = None,
    **options: Unpack[Options],
) -> Any:
    """Call a vendor and parse its JSON with exact decimals; None for an empty body.

    As `request`, and Garbled when the body is not JSON.
    """
    content = None if json is None else _written(json)
    headers = {"Accept": "application/json", **options.get("headers", {})}
    if content is not None:
        headers["Content-Type"] = "application/json"
    options["headers"] = headers
    answer = request(vendor, method, base_url, path, content=content, **options)
    if answer is None or not answer.body:
        return None
    try:
        return exact.loads(answer.body)
    except ValueError as error:
        reason = scrub(str(error)[:100])
    raise Garbled(
        vendor,
        f"answered no JSON: {reason}",
        payload=answer.body[:_KEPT_OF_BODY],
        request_id=answer.request_id,
    )


def request_text(
    vendor: str, method: str, base_url: str, path: str = "", **options: Unpack[Options]
) -> str:
    """Call a vendor and return its body as text, UTF-8. As `request`, and Garbled if it is not."""
    answer = request(vendor, method, base_url, path, **options)
    body = b"" if answer is None else answer.body
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    raise Garbled(vendor, "answered no text", payload=body[:_KEPT_OF_BODY])


def request(
    vendor: str,
    method: str,
    base_url: str,
    path: str = "",
    *,
    content: bytes | None = None,
    **options: Unpack[Options],
) -> Answer | None:
    """Call a vendor; every try is metered first. Returns None for a status in `none_for`.

    Up to four tries on 408, 429, 5xx and network trouble, 1 s apart, doubling, ±25 %, or as
    Retry-After says: for idempotent methods, and for others with `retry`, because a write whose
    outcome is unknown must not be repeated. Redirects are never followed.
    Raises Unavailable, RateLimited, Denied (401, 402, 403) or Garbled (any other status, a body
    over 64 MB); none has a message, cause or attribute that holds the URL.
    """
    call = _Call(vendor, method, base_url, path, content, **options)
    attempt = 1
    while True:
        is_metered = bool(call.credits) and vendor not in _UNMETERED
        is_probe = is_metered and quota.spend(
            vendor, call.credits, calls=call.calls, wait=QUOTA_WAIT
        )
        outcome = _try_once(call)
        if not isinstance(outcome, ProviderError):
            if is_probe:
                quota.clear_exhausted(vendor)
            return outcome
        if is_metered:
            quota.note_error(vendor, str(outcome))
        pause = _pause_after(outcome, attempt)
        again = call.retry or method in _IDEMPOTENT
        if not again or attempt == TRIES or pause is None:
            raise outcome
        log.debug("%s; try %d of %d in %.1f s", outcome, attempt + 1, TRIES, pause)
        sleep(pause)
        attempt += 1


def _written(value: Any) -> bytes:
    return exact.dumps(value).encode()


def _pause_after(error: ProviderError, attempt: int) -> float | None:
    """Say how long to wait before the next try; None when trying again is no use."""
    jitter = random.uniform(0.75, 1.25)  # noqa: S311  # spreads callers, keeps no secret
    backoff = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * jitter
    if isinstance(error, RateLimited):
        wait = max(backoff, error.retry_after)
        return wait if wait <= LONGEST_WAIT * 1.25 else None
    return backoff if isinstance(error, Unavailable) else None


def _try_once(call: _Call) -> Answer | ProviderError | None:
    """Make one call; errors are returned, not raised, so that they carry no context."""
    started = time.monotonic()
    try:
        with client().stream(
            call.method,
            call.url(),
            content=call.content,
            headers=dict(call.headers),
            timeout=call.timeout,
        ) as response:
            status, request_id = response.status_code, _request_id(response)
            retry_after = _retry_after(response.headers.get("retry-after"))
            body = _read(response, started + call.timeout * 6)
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError):
        return Denied(call.vendor, "its address or a header in the settings is not usable")
    except _TooLargeError:
        return Garbled(call.vendor, f"its answer is larger than {BODY_LIMIT >> 20} MB")
    except _TooSlowError:
        return Unavailable(call.vendor, "its answer took too long")
    except (httpx.RequestError, OSError) as error:
        return Unavailable(call.vendor, f"no answer: {type(error).__name__}")
    log.debug("%s answered %d in %.3f s", call.vendor, status, time.monotonic() - started)
    if status in call.none_for:
        return None
    is_short = len(body) < _SHORT_ANSWER
    if is_short and any(words in body.lower() for words in _USED_UP):
        message = f"its credits are used up: it answered {status}{_said(body)}"
        rest = quota.note_exhausted(call.vendor, said=message)
        return RateLimited(call.vendor, message, retry_after=rest, request_id=request_id)
    if 200 <= status < 300:
        return Answer(status, body, request_id)
    return _error_for(call.vendor, status, body, retry_after, request_id)


def _error_for(
    vendor: str, status: int, body: bytes, retry_after: float | None, request_id: str
) -> ProviderError:
    message = f"answered {status}{_said(body)}"
    if status == 429:
        wait = FIRST_WAIT if retry_after is None else retry_after
        return RateLimited(vendor, message, retry_after=wait, request_id=request_id)
    if status == 503 and retry_after is not None:
        return RateLimited(vendor, message, retry_after=retry_after, request_id=request_id)
    if status == 408 or status >= 500:
        return Unavailable(vendor, message, request_id=request_id)
    if status in (401, 402, 403):
        return Denied(vendor, message, request_id=request_id)
    return Garbled(vendor, message, payload=body[:_KEPT_OF_BODY], request_id=request_id)


def _said(body: bytes) -> str:
    """Quote the vendor's own words from an error body, where it is JSON, scrubbed and short."""
    try:
        said = exact.loads(body[:_KEPT_OF_BODY])
    except ValueError:
        return ""
    for name in ("error", "message", "details"):
        if isinstance(said, dict) and said.get(name):
            said = said[name]
    return quote(said) if isinstance(said, str) else ""


def quote(said: str) -> str:
    """Quote a vendor's own words for an error message: scrubbed, printable, short."""
    words = scrub("".join(c for c in said[:200] if c.isprintable()))
    return f": {words}" if words else ""


def _read(response: httpx.Response, deadline: float) -> bytes:
    """Read the body in pieces, within the size limit and the deadline."""
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > BODY_LIMIT:
            raise _TooLargeError
        if time.monotonic() > deadline:
            raise _TooSlowError
        pieces.append(piece)
    return b"".join(pieces)


class _TooLargeError(Exception):
    """The body passed the size limit."""


class _TooSlowError(Exception):
    """The body dripped in past the deadline."""


def _request_id(response: httpx.Response) -> str:
    for name in _REQUEST_ID_HEADERS:
        if name in response.headers:
            return str(response.headers[name])[:100]
    return ""


def _retry_after(text: str | None) -> float | None:
    """Read Retry-After: seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), 86_400.0) if math.isfinite(seconds) else None


def client() -> httpx.Client:
    """Return this process's client: its connections are kept alive and shared by its threads."""
    global _client  # noqa: PLW0603  # one pool a process
    with _client_lock:
        if _client is None:
            for name in ("httpx", "httpcore"):
                # They log whole URLs, keys included, whatever the logging configuration.
                logging.getLogger(name).setLevel(logging.WARNING)
            _client = httpx.Client(
                follow_redirects=False,
                limits=httpx.Limits(max_connections=50, max_keepalive_connections=20),
                headers={"User-Agent": "AURA/1.0"},
                # A proxy of the environment is for vendors, not for the sandbox beside us.
                mounts={"all://127.0.0.1": None, "all://localhost": None},
            )
        return _client


def _forget_client() -> None:
    """Start afresh in a forked child: sockets and locks of the parent are not its own."""
    global _client, _client_lock  # noqa: PLW0603  # one pool a process
    _inherited.append(_client)
    _client = None
    _client_lock = threading.Lock()


_inherited: list[httpx.Client | None] = []
os.register_at_fork(after_in_child=_forget_client)
