"""The signals app."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    """Registers the signals app."""

    name = "signals"
