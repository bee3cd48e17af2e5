"""The portfolio app."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Registers the portfolio app."""

    name = "portfolio"
