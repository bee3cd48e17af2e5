"""Which tokens are looked at, and the runs that looked."""

from typing import ClassVar

from django.db import models


class Listing(models.Model):
    """Why a token is looked at: whose list named it, and when it last did.

    A source's discovery names tokens, and so do the apps above: tokens recorded wallets trade,
    tokens whose signals are open or still to be graded.
    """

    class Kind(models.TextChoices):
        WATCHED = "watched", "must be read: signals are open or to be graded"
        TRADED = "traded", "traded by recorded wallets"
        DISCOVERED = "discovered", "on a source's list"

    mint = models.CharField(max_length=44)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=16)
    name = models.CharField(max_length=32, blank=True, help_text="the list's name at its source")
    seen_at = models.DateTimeField(help_text="when it was last named")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mint", "source", "name"], name="one_listing")
        ]
        indexes: ClassVar = [
            # universe(): what was named lately
            models.Index(fields=["-seen_at"], name="listing_recent")
        ]

    def __str__(self) -> str:
        return f"{self.mint} {self.kind} by {self.source}"


class MarketRun(models.Model):
    """One reading of the market: what it asked, what it got, and what was missing.

    `told` says for each source and kind ("dexscreener pools") how many tokens it was `asked`
    about, how many readings it gave (`read`), how many items nobody could read (`odd`), how long
    it took in `seconds`, and its last `error`.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        RAN = "ran"
        SKIPPED = "skipped", "skipped: the one before was still running"
        FAILED = "failed"

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(max_length=300, blank=True)
    universe = models.PositiveIntegerField(default=0, help_text="tokens asked about")
    tokens = models.PositiveIntegerField(default=0, help_text="tokens with a price or a pool")
    discovered = models.PositiveIntegerField(default=0, help_text="tokens the lists named")
    told = models.JSONField(default=dict)
    missing = models.JSONField(default=list, help_text="sources that told nothing or not all")

    class Meta:
        indexes: ClassVar = [
            # latest_run(), and the list of runs
            models.Index(fields=["-started_at"], name="market_run_recent")
        ]

    def __str__(self) -> str:
        return f"run {self.pk} {self.state}"
