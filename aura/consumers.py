"""What an open page may hear."""

from typing import Any

from channels.db import database_sync_to_async

from aura.core.live import EVERYONE
from wallets.models import Wallet


@database_sync_to_async  # type: ignore[untyped-decorator]  # channels ships no types
def audiences(user: Any) -> frozenset[str]:
    """Name the audiences of a user's sockets: his own, and every wallet visible to him."""
    visible = Wallet.objects.visible_to(user).values_list("pk", flat=True)
    return frozenset({EVERYONE, f"user:{user.pk}", *(f"wallet:{pk}" for pk in visible)})
