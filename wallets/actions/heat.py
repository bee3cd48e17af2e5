"""Wallets too busy to be followed live: capped, said so, and taken up again when they calm down."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from aura.core.events import announce
from aura.core.locks import again_after_deadlock
from wallets.events import CoverageChanged
from wallets.models import Activity, Wallet

WINDOW: Final = timedelta(hours=1)
PUSH_RETURNS: Final = timedelta(minutes=2)


@again_after_deadlock
@transaction.atomic
def mark_hot_wallets(*, at: datetime) -> int:
    """Compare each wallet's last hour with the cap; return how many turned hot or calm.

    Over settings.HOT_WALLET transactions an hour (by the chain's own time) a wallet is hot: live
    push leaves it out and sweeps read it, at a tenth of the credits. Under half of that it is
    calm again. Nothing is lost either way: the sweep goes on from its cursor.
    """
    lately = Activity.objects.filter(
        transaction__block_time__gt=at - WINDOW, transaction__block_time__lte=at
    )
    busy = dict(lately.values_list("wallet_id").annotate(n=Count("pk")).order_by())
    turning = {pk for pk, n in busy.items() if n > settings.HOT_WALLET}
    still = {pk for pk, n in busy.items() if n > settings.HOT_WALLET // 2}
    hot = Q(pk__in=turning, hot_since=None)
    calm = Q(hot_since__isnull=False) & ~Q(pk__in=still)
    changing = list(Wallet.objects.filter(hot | calm).order_by("pk").select_for_update())
    heated = [wallet.pk for wallet in changing if wallet.hot_since is None]
    calmed = [wallet.pk for wallet in changing if wallet.hot_since is not None]
    Wallet.objects.filter(pk__in=heated).update(hot_since=at, sweep_due_at=at)
    # What happens until push is asked for it again is swept once that stands.
    Wallet.objects.filter(pk__in=calmed).update(hot_since=None, sweep_due_at=at + PUSH_RETURNS)
    if heated or calmed:
        announce(CoverageChanged(sorted({*heated, *calmed})))
    return len(heated) + len(calmed)
