"""Pools and what they held at moments."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Pool(models.Model):
    """One pool of a token, as sources told of it first; `quote_mint` is what it trades against."""

    address = models.CharField(max_length=44, primary_key=True)
    mint = models.CharField(max_length=44)
    quote_mint = models.CharField(max_length=44, blank=True)
    venue = models.CharField(max_length=32, blank=True)
    is_curve = models.BooleanField(default=False, help_text="a launch curve, left when sold out")
    opened_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(help_text="when a source last told of it")

    class Meta:
        indexes: ClassVar = [
            # pools_of(): a token's pools
            models.Index(fields=["mint"], name="pool_mint")
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.address}"


class PoolPoint(models.Model):
    """What one source told of a pool at a moment: what signals are graded by. Kept 72 hours.

    `base` and `quote` are reserves in whole coins; of a launch curve `quote` is the real one.
    """

    pool = models.CharField(max_length=44)
    mint = models.CharField(max_length=44)
    source = models.CharField(max_length=16)
    at = models.DateTimeField()
    base = models.DecimalField(max_digits=48, decimal_places=18, null=True, blank=True)
    quote = models.DecimalField(max_digits=48, decimal_places=18, null=True, blank=True)
    quote_usd = models.DecimalField(
        max_digits=40, decimal_places=18, null=True, blank=True, help_text="USD for one quote coin"
    )
    price_usd = models.DecimalField(max_digits=40, decimal_places=18, null=True, blank=True)
    liquidity_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # points_of(): a token's points between two moments; a reading told twice is one point
            models.UniqueConstraint(
                fields=["mint", "at", "pool", "source"], name="one_point_a_reading"
            )
        ]
        indexes: ClassVar = [
            # forget_market(): by age; rows come in the order of time
            BrinIndex(fields=["at"], name="pool_point_time", autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"{self.pool} at {self.at:%F %T} by {self.source}"
