"""Adapters to the outside world, one module per vendor, and the choice between them."""

from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from market.domain.sources import (
    Discovery,
    MarketSource,
    PoolSource,
    SafetySource,
    SolPriceHistory,
    TokenSource,
)


def market_source() -> MarketSource | None:
    """Return the configured source of names and prices; None when there is none."""
    path = settings.PROVIDERS.get("market")
    return cast("MarketSource", import_string(path)()) if path else None


def sol_price_history() -> SolPriceHistory | None:
    """Return the configured source of past SOL prices; None when there is none."""
    path = settings.PROVIDERS.get("sol_price_history")
    return cast("SolPriceHistory", import_string(path)()) if path else None


def pool_sources() -> list[PoolSource]:
    """Return the sources of pools that are not switched off, the preferred first."""
    return _sources("pools")


def token_sources() -> list[TokenSource]:
    """Return the sources of tokens that are not switched off, the preferred first."""
    return _sources("tokens")


def safety_sources() -> list[SafetySource]:
    """Return the judges of tokens that are not switched off, the preferred first."""
    return _sources("safety")


def discoveries() -> list[Discovery]:
    """Return the sources of lists that are not switched off, the preferred first."""
    return _sources("discovery")


def _sources(capability: str) -> list[Any]:
    """Make the adapters of a capability; a system check looks at how what is off is spelt."""
    off = set(settings.SOURCES_OFF)
    made = [import_string(path)() for path in settings.MARKET_SOURCES[capability]]
    return [one for one in made if off.isdisjoint({one.source, f"{capability}:{one.source}"})]
