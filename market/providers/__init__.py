"""Adapters to the outside world, one module per vendor, and the choice between them."""

from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from market.domain.sources import MarketSource, SolPriceHistory


def market_source() -> MarketSource | None:
    """Return the configured source of names and prices; None when there is none."""
    path = settings.PROVIDERS.get("market")
    return cast("MarketSource", import_string(path)()) if path else None


def sol_price_history() -> SolPriceHistory | None:
    """Return the configured source of past SOL prices; None when there is none."""
    path = settings.PROVIDERS.get("sol_price_history")
    return cast("SolPriceHistory", import_string(path)()) if path else None
