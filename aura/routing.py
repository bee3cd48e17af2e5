"""The doors for sockets: one, for live pages."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from aura.consumers import audiences
from aura.core.live import Hub


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a socket at an address we do not have."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


sockets = AllowedHostsOriginValidator(
    AuthMiddlewareStack(URLRouter([path("live", Hub(audiences)), re_path(r"", nowhere)]))
)
