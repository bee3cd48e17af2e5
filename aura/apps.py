"""The kernel as a Django app."""

from django.apps import AppConfig


class AuraConfig(AppConfig):
    """Registers the kernel's models and system checks."""

    name = "aura"
    verbose_name = "AURA"

    def ready(self) -> None:
        """Register the system checks."""
        from aura import checks  # noqa: F401  # registers on import
