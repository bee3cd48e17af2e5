"""The wallets app."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    """Registers the wallets app."""

    name = "wallets"
