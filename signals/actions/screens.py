"""A user's kept filters of the screener: saved under a name, and deleted."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from aura.core.errors import LimitReached, Refused
from signals.models import Screen

MOST_SCREENS: Final = 20
NAME_LENGTH: Final = 40


@transaction.atomic
def save_screen(user: Any, *, name: str, filters: Mapping[str, str]) -> Screen:
    """Keep filters under a name; the name of another screen of the user's is refused.

    Raises Refused for a bad or taken name, LimitReached at twenty.
    """
    tidy = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(tidy) <= NAME_LENGTH:
        raise Refused(f"A name has 1 to {NAME_LENGTH} characters.")
    # Two savings at once would both find room, or both find the name free.
    get_user_model().objects.select_for_update().get(pk=user.pk)
    mine = Screen.objects.filter(user=user)
    if mine.annotate(low=Lower("name")).filter(low=Lower(Value(tidy))).exists():
        raise Refused(f"You have a screen named “{tidy}” already.")
    if mine.count() >= MOST_SCREENS:
        raise LimitReached(
            f"You have {MOST_SCREENS} screens, as many as there can be. Delete one first.",
            limit=MOST_SCREENS,
            lifted_by="deleting a screen",
        )
    kept = Screen(user=user, name=tidy, filters=dict(filters))
    kept.save()
    return kept


@transaction.atomic
def delete_screen(user: Any, *, screen_id: int) -> None:
    """Delete a screen; another's is left alone and so is one that is gone already."""
    Screen.objects.filter(user=user, pk=screen_id).delete()
