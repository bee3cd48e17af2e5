"""What users keep themselves: tokens they watch, positions they typed in."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class OwnQuerySet(models.QuerySet[Any]):
    """Rows that belong to one user each."""

    def visible_to(self, user: Any) -> Self:
        """Return only the user's own."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(user=user)


class WatchlistEntry(models.Model):
    """A token one user keeps an eye on."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlist"
    )
    mint = models.CharField(max_length=44)
    note = models.TextField(blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watchlist entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "mint"], name="one_watch_a_mint")
        ]

    def __str__(self) -> str:
        return f"{self.mint} watched by {self.user_id}"


class ManualPosition(models.Model):
    """A position as a user says he holds it: kept as typed in, never part of a computed ledger."""

    # 38 digits with 18 places hold any token's amount and the price of the cheapest.
    DIGITS, PLACES = 38, 18

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="manual_positions"
    )
    mint = models.CharField(max_length=44)
    quantity = models.DecimalField(
        max_digits=DIGITS, decimal_places=PLACES, help_text="tokens, not raw units"
    )
    entry_price_usd = models.DecimalField(
        "entry price in USD", max_digits=DIGITS, decimal_places=PLACES, null=True, blank=True
    )
    opened_at = models.DateTimeField(null=True, blank=True)
    is_closed = models.BooleanField("closed", default=False)
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="empty while it is open, or when nobody remembers"
    )
    note = models.TextField(blank=True)
    origin = models.CharField(
        max_length=64, blank=True, help_text="which row of which import; empty when typed in here"
    )

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="position_of_some"),
            models.CheckConstraint(
                condition=models.Q(entry_price_usd=None) | models.Q(entry_price_usd__gte=0),
                name="position_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(is_closed=True),
                name="position_closed_when_it_says",
            ),
            models.CheckConstraint(
                condition=models.Q(opened_at=None)
                | models.Q(closed_at=None)
                | models.Q(closed_at__gte=models.F("opened_at")),
                name="position_closed_after_opened",
            ),
            models.UniqueConstraint(
                fields=["user", "origin"],
                name="one_position_an_origin",
                condition=~models.Q(origin=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.mint} of {self.user_id}"
