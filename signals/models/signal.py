"""Signals, the strategies that made them, and when they were announced."""

import json
from typing import Any, ClassVar, Self

from django.db import models


class SignalQuerySet(models.QuerySet["Signal"]):
    """Phrases over signals."""

    def visible_to(self, user: Any) -> Self:
        """Everything published, to everybody who is logged in; shadows were published to nobody."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(is_shadow=False)

    def open(self) -> Self:
        """Those neither expired nor invalidated."""
        return self.filter(closed_at=None)

    def of_world(self, world: str) -> Self:
        """Those of one world: figures of two are never mixed."""
        return self.filter(world=world)


class Signal(models.Model):
    """A token called at a moment.

    What was published never changes afterwards and stands in the record: score, quality, risk,
    tier, the assessment, and whether it was a watch or a shadow, are those of the moment. What
    follows it is `strength`, the score of the latest scan that had one, `peak`, the highest so
    far, and `lane`.
    """

    class Lane(models.TextChoices):
        ALERT = "alert"
        WATCH = "watch"
        SHADOW = "shadow"

    class Direction(models.TextChoices):
        LONG = "long"
        EXIT = "exit"

    scan = models.ForeignKey("Scan", null=True, blank=True, on_delete=models.SET_NULL)
    world = models.CharField(max_length=16)
    mint = models.CharField(max_length=44)
    direction = models.CharField(max_length=4, choices=Direction)
    kind = models.CharField(
        max_length=32, help_text="the strategy that weighs most, or the exit companion"
    )
    opened_at = models.DateTimeField(help_text="the moment of the snapshot it was made from")
    published_at = models.DateTimeField(help_text="grading counts from here")
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(help_text="the moment of the latest snapshot judged")
    lane = models.CharField(max_length=6, choices=Lane)
    strength = models.FloatField()
    peak = models.FloatField()
    announced_at = models.DateTimeField(null=True, blank=True)
    announced_score = models.FloatField(null=True, blank=True)
    score = models.FloatField()
    quality = models.FloatField(null=True, blank=True)
    risk = models.FloatField(null=True, blank=True)
    tier = models.PositiveSmallIntegerField(null=True, blank=True)
    is_shadow = models.BooleanField(default=False)
    is_watch = models.BooleanField(default=False)
    rules = models.CharField(max_length=32)
    grading = models.CharField(max_length=32)
    assessment = models.TextField(help_text="canonical JSON of the whole assessment")
    window = models.BinaryField(default=bytes, help_text="zlib of the window's canonical JSON")
    window_hash = models.CharField(max_length=64, help_text="SHA-256 of the window as it was seen")
    window_note = models.CharField(
        max_length=200, blank=True, help_text="what of the window is not kept, and why"
    )
    liquidity_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mint", "direction", "is_shadow"],
                name="one_open_signal",
                condition=models.Q(closed_at=None),
            )
        ]
        indexes: ClassVar = [
            # track_record(), scoreboard_of(): published signals, newest first
            models.Index(fields=["world", "-published_at"], name="signal_published"),
            # a token's page: its signals
            models.Index(fields=["mint", "-published_at"], name="signal_of_mint"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.direction} {self.mint}"

    @property
    def assessed(self) -> dict[str, Any]:
        """The assessment as it was made."""
        return dict(json.loads(self.assessment))


class ComponentQuerySet(models.QuerySet["Component"]):
    """Phrases over parts of signals."""

    def published(self) -> Self:
        """Parts the signal had when it was published: the record counts these alone."""
        return self.filter(joined_at__lte=models.F("signal__published_at"))


class Component(models.Model):
    """A strategy's part in a signal, at its raising or joined later; kept when it has faded.

    It halves with every half-life since `fired_at`, when its rule last held. It is void once the
    price is under `void_under` no later than `void_until`.
    """

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="components")
    strategy = models.CharField(max_length=32)
    joined_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    strength = models.FloatField()
    half_life_s = models.PositiveIntegerField()
    void_under = models.FloatField(null=True, blank=True)
    void_until = models.DateTimeField(null=True, blank=True)
    is_void = models.BooleanField(default=False)
    verdict = models.JSONField()

    objects = ComponentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["signal", "strategy"], name="one_part_a_strategy")
        ]

    def __str__(self) -> str:
        return f"{self.strategy} in {self.signal_id}"


class Announcement(models.Model):
    """A signal told of again while it is open, and why."""

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="announcements")
    at = models.DateTimeField()
    score = models.FloatField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["signal", "at"], name="one_announcement_a_moment")
        ]

    def __str__(self) -> str:
        return f"{self.signal_id} announced again at {self.at:%F %T}"
