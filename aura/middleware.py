"""What every response carries: a request id, and a policy that lets no foreign code in."""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Final, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bound_contextvars

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

# What a proxy in front may hand us as an id; anything else could forge log lines.
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


class _Middleware:
    """Serves both the threaded and the asynchronous chain, whichever it is put into."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)  # type: ignore[type-var]  # stubs want a function

    def ask(self, request: HttpRequest) -> HttpResponseBase:
        """Call the rest of a synchronous chain."""
        return cast("HttpResponseBase", self.get_response(request))

    async def ask_async(self, request: HttpRequest) -> HttpResponseBase:
        """Call the rest of an asynchronous chain."""
        return await cast("Awaitable[HttpResponseBase]", self.get_response(request))


class RequestIdMiddleware(_Middleware):
    """Gives each request an id: in its log lines, and in the response's X-Request-Id."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer with the id in the header; a sane id sent by the client is kept."""
        sent = request.headers.get("X-Request-Id", "")
        name = sent if _SANE_ID.fullmatch(sent) else uuid.uuid4().hex
        if self.is_async:
            return self._answer_async(request, name)
        with bound_contextvars(request_id=name):
            response = self.ask(request)
        response.headers["X-Request-Id"] = name
        return response

    async def _answer_async(self, request: HttpRequest, name: str) -> HttpResponseBase:
        with bound_contextvars(request_id=name):
            response = await self.ask_async(request)
        response.headers["X-Request-Id"] = name
        return response


class ContentSecurityMiddleware(_Middleware):
    """Sets the content security policy: our own files only, nothing inline, no framing."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer with the policy, unless a view has set one of its own."""
        if self.is_async:
            return self._answer_async(request)
        return _with_policy(request, self.ask(request))

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        return _with_policy(request, await self.ask_async(request))


def _with_policy(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", policy(request))
    return response


def policy(request: HttpRequest) -> str:
    """Return the policy for a request; sockets are allowed to the host it was made to."""
    try:
        host = request.get_host()
    except DisallowedHost:
        host = ""
    # 'self' covers sockets only in newer browsers, so the host is named.
    sockets = f" ws://{host} wss://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self'{sockets}",
            "img-src 'self' data: https:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
