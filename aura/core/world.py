"""One installation, one world: stored at first start, checked at every start."""

from typing import Literal

from django.apps import apps
from django.conf import settings

from aura.core.errors import Refused

World = Literal["sandbox", "solana"]


def is_sandbox() -> bool:
    """Say whether this installation runs in the simulated market."""
    return bool(settings.WORLD == "sandbox")


def confirm_world() -> None:
    """Store the world at the first start; raise Refused when it is another one now."""
    installation = apps.get_model("aura", "Installation")
    row, _ = installation.objects.get_or_create(pk=1, defaults={"world": settings.WORLD})
    if row.world != settings.WORLD:
        raise Refused(
            f"This installation holds the {row.world} world and was started as {settings.WORLD}. "
            f"Start it with --world {row.world}, or give the other world its own AURA_STATE_DIR "
            "and database."
        )
