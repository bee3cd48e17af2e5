"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers the billing app."""

    name = "billing"
