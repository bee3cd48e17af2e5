"""What sources say about the danger of a token, and when it changed."""

from typing import ClassVar

from django.db import models


class SafetyReport(models.Model):
    """What one source said about a token from one moment to another, in the same words.

    `fields` are those of a SafetyReading that the source tells; `score` is the source's own. A new
    row begins where an answer differs in kind or a share has moved by a hundredth; smaller moves
    are kept up to date in the row.
    """

    mint = models.CharField(max_length=44)
    source = models.CharField(max_length=16)
    since = models.DateTimeField(help_text="when it was first said so")
    read_at = models.DateTimeField(help_text="when it was last said so")
    is_latest = models.BooleanField(default=True)
    fields = models.JSONField(default=dict)
    score = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # safety_of(): what is said now
            models.UniqueConstraint(
                fields=["mint", "source"],
                condition=models.Q(is_latest=True),
                name="one_latest_report",
            ),
            # safety_changes(): what was said before
            models.UniqueConstraint(fields=["mint", "source", "since"], name="one_report"),
        ]
        indexes: ClassVar = [
            # forget_market(): reports replaced long ago
            models.Index(
                fields=["read_at"], name="report_replaced", condition=models.Q(is_latest=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.mint} by {self.source} since {self.since:%F %T}"
