"""Following wallets: whom, under what name, with which notes, and what of them is news."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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
from wallets.domain.tags import normal_tags
from wallets.models import Follow, Wallet

NICKNAME_LENGTH = 64
NOTES_LENGTH: Final = 2_000
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
    follow = _locked(user, wallet)
    follow.nickname = name
    follow.save(update_fields=["nickname"])
    return follow


@transaction.atomic
def set_threshold(user: Any, *, wallet: Wallet, min_trade_usd: Decimal | None) -> Follow:
    """Say from which value in USD on a followed wallet's trades are news; None: all of them.

    Rounded to cents. Raises Refused when the wallet is not followed, and for an amount below
    zero or above a billion.
    """
    amount = _threshold(min_trade_usd)
    follow = _locked(user, wallet)
    follow.min_trade_usd = amount
    follow.save(update_fields=["min_trade_usd"])
    return follow


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowTerms:
    """What a user keeps about a wallet he follows; the minimum in USD, None for every trade."""

    tags: Iterable[str] = ()
    notes: str = ""
    min_trade_usd: Decimal | None = None


@transaction.atomic
def edit_follow(user: Any, *, wallet: Wallet, terms: FollowTerms) -> Follow:
    """Keep a user's tags, notes and minimum for a followed wallet, in place of the former ones.

    Raises Refused when it is not followed, or when one of them is out of bounds; then nothing
    has changed.
    """
    try:
        tags = normal_tags(terms.tags)
    except ValueError as error:
        raise Refused(f"That cannot be kept: {error}.") from None
    kept = {
        "tags": tags,
        "notes": _notes(terms.notes),
        "min_trade_usd": _threshold(terms.min_trade_usd),
    }
    follow = _locked(user, wallet)
    for name, value in kept.items():
        setattr(follow, name, value)
    follow.save(update_fields=list(kept))
    return follow


@transaction.atomic
def mute_follow(user: Any, *, wallet: Wallet, at: datetime, until: datetime | None) -> Follow:
    """Keep a followed wallet's trades out of the user's feed until then, or for good (None).

    Raises Refused when it is not followed, and for a time that is over.
    """
    if until is not None and until <= at:
        raise Refused("That time is over already.")
    follow = _locked(user, wallet)
    follow.muted_at, follow.muted_until = at, until
    follow.save(update_fields=["muted_at", "muted_until"])
    return follow


@transaction.atomic
def unmute_follow(user: Any, *, wallet: Wallet) -> Follow:
    """Let a followed wallet's trades into the feed again. Raises Refused when not followed."""
    follow = _locked(user, wallet)
    follow.muted_at = follow.muted_until = None
    follow.save(update_fields=["muted_at", "muted_until"])
    return follow


def _locked(user: Any, wallet: Wallet) -> Follow:
    follow = Follow.objects.select_for_update().filter(user=user, wallet=wallet).first()
    if follow is None:
        raise Refused("You do not follow this wallet.")
    return follow


def _threshold(given: Decimal | None) -> Decimal | None:
    if given is None:
        return None
    if not (given.is_finite() and 0 <= given <= HIGHEST_THRESHOLD):
        raise Refused(f"A threshold lies between $0 and ${HIGHEST_THRESHOLD:,}.")
    return given.quantize(Decimal("0.01"))


def _notes(given: str) -> str:
    """Tidy notes: line breaks stay, one kind of them; other control characters go."""
    lines = given.replace("\r\n", "\n").replace("\r", "\n")
    tidy = "".join(c for c in lines if c.isprintable() or c in "\n\t").strip()
    if len(tidy) > NOTES_LENGTH:
        raise Refused(f"Notes have at most {NOTES_LENGTH:,} characters.")
    return tidy
