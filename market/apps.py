"""The market app."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Registers the market app."""

    name = "market"

    def ready(self) -> None:
        """Register the system checks."""
        from market import checks  # noqa: F401  # registers on import
