"""Reading a wallet's history again or further back: what was asked and how far it has come."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from wallets.models.wallet import Wallet


class HistoryReadQuerySet(models.QuerySet["HistoryRead"]):
    """Readings in the words of the domain."""

    def open(self) -> Self:
        """Those asked for and not at their end."""
        return self.filter(state__in=HistoryRead.OPEN)


class HistoryRead(models.Model):
    """One reading of a wallet's past, newest first, in turns that may be far apart."""

    class Kind(models.TextChoices):
        BACKFILL = "backfill", "older history"
        REPAIR = "repair"

    class State(models.TextChoices):
        ASKED = "asked", "waiting"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    OPEN: ClassVar = (State.ASKED, State.RUNNING)

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="readings")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="empty: asked for by the house itself",
    )
    asked_at = models.DateTimeField(help_text="where the reading begins, going back")
    horizon = models.DateTimeField(null=True, blank=True, help_text="empty: to the beginning")
    reached_at = models.DateTimeField(null=True, blank=True, help_text="read back to here so far")
    cursor = models.TextField(blank=True, help_text="the vendor's, to go on from")
    vendor = models.CharField(max_length=32, blank=True, help_text="whose cursor it is")
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text="turns in a row")
    reason = models.CharField(max_length=300, blank=True, help_text="why it waits or ended")
    next_at = models.DateTimeField(help_text="not to be taken up again before")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HistoryReadQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet"],
                name="one_open_reading",
                condition=models.Q(state__in=["asked", "running"]),
            )
        ]
        indexes: ClassVar = [
            # read_history(): whose turn is next
            models.Index(
                fields=["next_at"],
                name="reading_next",
                condition=models.Q(state__in=["asked", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.wallet_id}, {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in self.OPEN

    @property
    def share(self) -> float | None:
        """How much of the span is read, from 0 to 1; None where the end is not known."""
        if self.horizon is None:
            return None
        reached: datetime = self.reached_at or self.asked_at
        whole = (self.asked_at - self.horizon).total_seconds()
        part = (self.asked_at - max(reached, self.horizon)).total_seconds()
        return min(1.0, max(0.0, part / whole)) if whole > 0 else 1.0
