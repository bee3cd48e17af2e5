"""A user's own lists of wallets: made, filled, shared by a secret link, and taken back."""

import secrets
from collections.abc import Collection
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from aura.core.errors import LimitReached, Refused
from wallets.models import ListedWallet, Wallet, WalletList

MOST_LISTS: Final = 20
MOST_LISTED: Final = 500
NAME_LENGTH: Final = 64
# 192 bits: nobody finds a list by trying.
TOKEN_BYTES: Final = 24


@transaction.atomic
def create_list(user: Any, *, name: str) -> WalletList:
    """Make an empty list. Raises Refused for a bad or taken name, LimitReached at twenty."""
    tidy = _name(name)
    _one_at_a_time(user)
    _not_taken(user, tidy)
    if WalletList.objects.filter(user=user).count() >= MOST_LISTS:
        raise LimitReached(
            f"You have {MOST_LISTS} lists, as many as there can be. Delete one first.",
            limit=MOST_LISTS,
            lifted_by="deleting a list",
        )
    return WalletList.objects.create(user=user, name=tidy)


@transaction.atomic
def rename_list(user: Any, *, list_id: int, name: str) -> WalletList:
    """Give a list another name. Raises Refused for a bad or taken one, or another's list."""
    tidy = _name(name)
    _one_at_a_time(user)
    kept = _own(user, list_id)
    _not_taken(user, tidy, but=kept)
    kept.name = tidy
    kept.save(update_fields=["name"])
    return kept


@transaction.atomic
def delete_list(user: Any, *, list_id: int) -> None:
    """Delete a list; its wallets stay followed. Raises Refused for another's list."""
    _own(user, list_id).delete()


@transaction.atomic
def add_to_list(user: Any, *, list_id: int, wallet: Wallet) -> bool:
    """Put a wallet the user sees on a list of his; say whether it is new there.

    Raises Refused for another's list or a wallet he does not see, LimitReached at 500 wallets.
    """
    _one_at_a_time(user)
    return _add(_own(user, list_id), wallet)


@transaction.atomic
def remove_from_list(user: Any, *, list_id: int, wallet: Wallet) -> None:
    """Take a wallet off a list. Raises Refused for another's list."""
    ListedWallet.objects.filter(list=_own(user, list_id), wallet=wallet).delete()


@transaction.atomic
def place_on_lists(
    user: Any, *, wallet: Wallet, list_ids: Collection[int], new_name: str = ""
) -> None:
    """Let a wallet be on exactly these lists of the user's, and on a new one when it is named.

    Raises as create_list and add_to_list do; then nothing has changed.
    """
    _one_at_a_time(user)
    wanted = {_own(user, list_id) for list_id in set(list_ids)}
    if new_name:
        wanted.add(create_list(user, name=new_name))
    on = ListedWallet.objects.filter(list__user=user, wallet=wallet)
    on.exclude(list__in=wanted).delete()
    for kept in wanted:
        _add(kept, wallet)


@transaction.atomic
def share_list(user: Any, *, list_id: int) -> str:
    """Return the secret that lets others read a list, making it when there is none yet.

    Raises Refused for another's list.
    """
    kept = _own(user, list_id)
    if not kept.share_token:
        kept.share_token = secrets.token_urlsafe(TOKEN_BYTES)
        kept.save(update_fields=["share_token"])
    return kept.share_token


@transaction.atomic
def unshare_list(user: Any, *, list_id: int) -> None:
    """Take the link back: it leads nowhere from now on. Raises Refused for another's list."""
    kept = _own(user, list_id)
    kept.share_token = None
    kept.save(update_fields=["share_token"])


def _one_at_a_time(user: Any) -> None:
    """Let two requests of a user count one after the other."""
    get_user_model()._default_manager.select_for_update().get(pk=user.pk)


def _own(user: Any, list_id: int) -> WalletList:
    kept = WalletList.objects.visible_to(user).select_for_update().filter(pk=list_id).first()
    if kept is None:
        raise Refused("There is no such list of yours.")
    return kept


def _add(kept: WalletList, wallet: Wallet) -> bool:
    if ListedWallet.objects.filter(list=kept, wallet=wallet).exists():
        return False
    if not Wallet.objects.visible_to(kept.user).filter(pk=wallet.pk).exists():
        raise Refused("You do not follow this wallet.")
    if ListedWallet.objects.filter(list=kept).count() >= MOST_LISTED:
        raise LimitReached(
            f"{kept.name} holds {MOST_LISTED} wallets, as many as a list can.",
            limit=MOST_LISTED,
            lifted_by="another list",
        )
    ListedWallet.objects.create(list=kept, wallet=wallet)
    return True


def _name(given: str) -> str:
    tidy = " ".join(given.split())
    if not tidy:
        raise Refused("A list needs a name.")
    if len(tidy) > NAME_LENGTH:
        raise Refused(f"A list's name has at most {NAME_LENGTH} characters.")
    if not tidy.isprintable():
        raise Refused("A list's name holds only printable characters.")
    return tidy


def _not_taken(user: Any, name: str, *, but: WalletList | None = None) -> None:
    """Raise Refused when another list of the user's bears the name, in whatever case."""
    mine = WalletList.objects.filter(user=user).annotate(lower=Lower("name"))
    others = mine.filter(lower=Lower(Value(name)))
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise Refused(f"You have a list named {name} already.")
