"""What an open page may hear."""

from typing import Any

from channels.db import database_sync_to_async

from aura.core.live import EVERYONE
from signals.queries.pages import AUDIENCE as SIGNALS
from wallets.models import Wallet


@database_sync_to_async  # type: ignore[untyped-decorator]  # channels ships no types
def audiences(user: Any) -> frozenset[str]:
    """Name the audiences of a user's sockets: his own, the signals, every wallet he sees."""
    visible = Wallet.objects.visible_to(user).values_list("pk", flat=True)
    return frozenset({EVERYONE, SIGNALS, f"user:{user.pk}", *(f"wallet:{pk}" for pk in visible)})
