"""The doors for sockets: one, for live pages."""

import logging
from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from aura.consumers import audiences
from aura.core.live import Hub

log = logging.getLogger(__name__)


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a socket at an address we do not have."""
    await receive()
    log.info("no socket at %s", scope["path"])
    await send({"type": "websocket.close", "code": 4404})


# Django's path() is typed for views; channels takes any ASGI application here.
_routes: list[Any] = [
    path("live", cast("Any", Hub(audiences))),
    re_path(r"", cast("Any", nowhere)),
]
sockets = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(_routes)))
