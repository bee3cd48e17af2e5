"""The record: controls, grades, and the chain of entries nobody can change unseen."""

from typing import ClassVar

from django.db import models

from signals.models.signal import Signal


class Control(models.Model):
    """A token drawn at random beside a signal, from the same scan: what it did meanwhile."""

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="controls")
    mint = models.CharField(max_length=44)
    drawn_at = models.DateTimeField()
    bucket = models.CharField(max_length=40, help_text="age and liquidity, as the signal's")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["signal", "mint"], name="a_control_once")
        ]

    def __str__(self) -> str:
        return f"{self.mint} beside {self.signal_id}"


class Grade(models.Model):
    """How a signal or a control ended, for one size; provisional until `settled_at`.

    Shares are fractions: 0.5 is +50 %. `r_…` is the return of what was bought at entry when sold
    after so long, costs included; `exit_return` when sold at the first barrier, else after 24
    hours. `evidence` holds the pool states that decided, so that it can be worked out on paper.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        HIT = "hit"
        MISS = "miss"
        FAILED = "failed"
        UNGRADED = "ungraded"

    signal = models.ForeignKey(
        Signal, null=True, blank=True, on_delete=models.CASCADE, related_name="grades"
    )
    control = models.ForeignKey(
        Control, null=True, blank=True, on_delete=models.CASCADE, related_name="grades"
    )
    size_usd = models.PositiveIntegerField()
    grading = models.CharField(max_length=32)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    entry_at = models.DateTimeField(null=True, blank=True)
    entry_price_usd = models.DecimalField(max_digits=40, decimal_places=20, null=True, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)
    r_5m = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    r_15m = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    r_1h = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    r_4h = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    r_24h = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    exit_return = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    mfe = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    mae = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    evidence = models.JSONField(default=dict)
    points = models.PositiveIntegerField(default=0)
    points_hash = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(signal=None) ^ models.Q(control=None), name="grade_of_one"
            ),
            models.UniqueConstraint(fields=["signal", "size_usd"], name="one_grade_a_size"),
            models.UniqueConstraint(fields=["control", "size_usd"], name="one_grade_of_control"),
        ]
        indexes: ClassVar = [
            # grade_due(): what is to be looked at, those who wait longest first
            models.Index(fields=["due_at"], name="grade_due", condition=models.Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.size_usd} USD"


class RecordEntry(models.Model):
    """One link of the chain. PostgreSQL refuses to change or delete it (migration 0001).

    `body` is canonical JSON and `hash` the SHA-256 of `prev_hash` and `body`; the other columns
    repeat what the body says, to find entries by.
    """

    class Kind(models.TextChoices):
        SIGNAL = "signal"
        CONTROL = "control"
        OUTCOME = "outcome"
        RETIRED = "retired"

    no = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind)
    signal = models.ForeignKey(
        Signal, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    control = models.ForeignKey(
        Control, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    day = models.DateField(db_index=True)
    body = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name_plural = "record entries"
        ordering: ClassVar = ["no"]
        constraints: ClassVar = [
            # an entry says its subject once, whoever tries again
            models.UniqueConstraint(
                fields=["kind", "signal", "control"],
                name="one_entry_a_subject",
                nulls_distinct=False,
                condition=~models.Q(kind="retired"),
            )
        ]

    def __str__(self) -> str:
        return f"entry {self.no} {self.kind}"


class StrategyState(models.Model):
    """A strategy that was retired under a version of the rules, with its final figures."""

    world = models.CharField(max_length=16)
    strategy = models.CharField(max_length=32)
    rules = models.CharField(max_length=32)
    retired_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    figures = models.JSONField(default=dict)
    entry = models.ForeignKey(RecordEntry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["world", "strategy", "rules"], name="retired_once_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy} retired under {self.rules}"
