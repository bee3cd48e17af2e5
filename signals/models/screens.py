"""Screens: a user's kept filters of the screener."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


class ScreenQuerySet(models.QuerySet["Screen"]):
    """Kept filters in the words of the domain."""

    def visible_to(self, user: Any) -> Self:
        """Return only the user's own."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class Screen(models.Model):
    """Filters and order of the screener under a name, as the words of its address."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="screens"
    )
    name = models.CharField(max_length=40)
    filters = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScreenQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("user", Lower("name"), name="one_screen_a_name")
        ]

    def __str__(self) -> str:
        return self.name
