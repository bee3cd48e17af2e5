"""The web process: pages over HTTP, live fragments over sockets."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aura.settings")
os.environ.setdefault("AURA_ROLE", "web")

from django.core.asgi import get_asgi_application

# Sets Django up; whatever touches models is imported after it.
pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402  # after setup
from django.db import connection  # noqa: E402  # after setup

from aura.core.errors import Refused  # noqa: E402  # after setup
from aura.core.world import confirm_world  # noqa: E402  # after setup
from aura.routing import sockets  # noqa: E402  # after setup
from wallets.domain.sources import WEBHOOK_PATH  # noqa: E402  # after setup
from wallets.webhooks import Door  # noqa: E402  # after setup


def _confirm_world() -> None:
    try:
        confirm_world()
    finally:
        connection.close()


try:
    # In a thread: some servers import this module inside a running event loop.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(_confirm_world).result()
except Refused as error:
    raise SystemExit(str(error)) from None

door = Door()


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Lead pushed transactions to their own door and everything else to Django."""
    await (door if scope["path"] == WEBHOOK_PATH else pages)(scope, receive, send)


application = ProtocolTypeRouter({"http": answer, "websocket": sockets})
