"""System checks of the market app."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from market.domain.readings import TERMS


@register
def check_sources(**_: Any) -> list[CheckMessage]:
    """Find sources to switch off that are spelt wrong: a slip would leave them on."""
    known = {*TERMS, *(f"{name}:{source}" for name in settings.MARKET_SOURCES for source in TERMS)}
    unknown = sorted(set(settings.SOURCES_OFF) - known)
    if not unknown:
        return []
    return [
        Error(
            f"AURA_SOURCES_OFF names {', '.join(unknown)}",
            hint=f"Known are {', '.join(sorted(TERMS))}, alone or after a capability: "
            f"{', '.join(f'{name}:' for name in sorted(settings.MARKET_SOURCES))}",
            id="aura.E006",
        )
    ]
