"""Following wallets."""

from decimal import Decimal
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction

from aura.core import clock
from aura.core.errors import LimitReached, Refused
from aura.core.live import refresh_audiences
from billing.entitlements import entitlements
from wallets.actions.readings import ask_backfill
from wallets.actions.tracking import track_wallet
from wallets.models import Follow, Wallet

NICKNAME_LENGTH = 64
# Less than the column holds, more than any trade is worth.
HIGHEST_THRESHOLD: Final = Decimal(1_000_000_000)


def _nickname(text: str) -> str:
    """Tidy a nickname. Raises Refused when it is too long or holds invisible characters."""
    tidy = " ".join(text.split())
    if len(tidy) > NICKNAME_LENGTH:
        raise Refused(f"A nickname has at most {NICKNAME_LENGTH} characters.")
    if not tidy.isprintable():
        raise Refused("A nickname holds only printable characters.")
    return tidy


@transaction.atomic
def follow_wallet(
    user: Any, *, address: str, nickname: str = "", beyond_plan: bool = False
) -> Follow:
    """Follow a wallet by address, recording it from now on if nobody did yet.

    Following again changes the nickname when one is given. Raises Refused for a bad address and
    LimitReached when the plan's own wallets are used up; then nothing has changed. The owner of
    the installation, who imports his own data, is not stopped by the plan: `beyond_plan`.
    """
    name = _nickname(nickname)
    # Two requests at once count one after the other.
    get_user_model()._default_manager.select_for_update().get(pk=user.pk)
    allowed = entitlements(user)
    existing = Follow.objects.filter(user=user, wallet__address=address.strip()).first()
    is_full = Follow.objects.filter(user=user).count() >= allowed.own_wallets
    if existing is None and is_full and not beyond_plan:
        raise LimitReached(
            f"Your {allowed.plan_name} plan follows {allowed.own_wallets} wallets. "
            "Unfollow one, or choose a larger plan.",
            limit=allowed.own_wallets,
            lifted_by="a larger plan",
        )
    wallet, _ = track_wallet(address)
    follow, created = Follow.objects.get_or_create(
        user=user, wallet=wallet, defaults={"nickname": name}
    )
    # The plan may reach further back than what is recorded.
    ask_backfill(wallet, at=clock.now())
    if not created and name and follow.nickname != name:
        follow.nickname = name
        follow.save(update_fields=["nickname"])
    transaction.on_commit(lambda: refresh_audiences(user.pk), robust=True)
    return follow


@transaction.atomic
def unfollow_wallet(user: Any, *, wallet: Wallet) -> None:
    """Stop following; what was recorded stays for the others."""
    Follow.objects.filter(user=user, wallet=wallet).delete()
    transaction.on_commit(lambda: refresh_audiences(user.pk), robust=True)


@transaction.atomic
def rename_follow(user: Any, *, wallet: Wallet, nickname: str) -> Follow:
    """Give a followed wallet another nickname. Raises Refused when it is not followed."""
    name = _nickname(nickname)
    follow = Follow.objects.select_for_update().filter(user=user, wallet=wallet).first()
    if follow is None:
        raise Refused("You do not follow this wallet.")
    follow.nickname = name
    follow.save(update_fields=["nickname"])
    return follow


@transaction.atomic
def set_threshold(user: Any, *, wallet: Wallet, min_trade_usd: Decimal | None) -> Follow:
    """Say from which value in USD on a followed wallet's trades are news; None: all of them.

    Rounded to cents. Raises Refused when the wallet is not followed, and for an amount below
    zero or above a billion.
    """
    if min_trade_usd is not None:
        if not (min_trade_usd.is_finite() and 0 <= min_trade_usd <= HIGHEST_THRESHOLD):
            raise Refused(f"A threshold lies between $0 and ${HIGHEST_THRESHOLD:,}.")
        min_trade_usd = min_trade_usd.quantize(Decimal("0.01"))
    follow = Follow.objects.select_for_update().filter(user=user, wallet=wallet).first()
    if follow is None:
        raise Refused("You do not follow this wallet.")
    follow.min_trade_usd = min_trade_usd
    follow.save(update_fields=["min_trade_usd"])
    return follow
