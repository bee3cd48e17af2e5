"""The market app."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Registers the market app."""

    name = "market"
