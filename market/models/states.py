"""The latest of every token."""

from typing import ClassVar

from django.db import models

from market.models.runs import MarketRun


class TokenState(models.Model):
    """The latest snapshot of a token, and in columns what lists sort and filter by.

    `kept` is the same snapshot without sources whose data may not be stored: empty where there are
    none. Before the snapshot is three minutes old it takes the place of the whole one.
    """

    mint = models.CharField(max_length=44, primary_key=True)
    run = models.ForeignKey(
        MarketRun, null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    at = models.DateTimeField()
    read_at = models.DateTimeField(help_text="when its oldest price or liquidity was read")
    price_usd = models.DecimalField(max_digits=40, decimal_places=18, null=True, blank=True)
    is_verified = models.BooleanField(default=False, help_text="two sources agree on the price")
    liquidity_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    market_cap_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    volume_5m_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    volume_1h_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    volume_24h_usd = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    change_5m = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    change_1h = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    change_24h = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    holders = models.BigIntegerField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    venue = models.CharField(max_length=32, blank=True)
    snapshot = models.JSONField()
    kept = models.JSONField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            # states_of_run(): what a run has just read
            models.Index(fields=["run"], name="state_run"),
            # screens of what is traded most
            models.Index(fields=["-volume_1h_usd"], name="state_volume"),
            # forget_unstorable(): what must not be kept longer
            models.Index(
                fields=["at"], name="state_unstorable", condition=models.Q(kept__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mint} at {self.at:%F %T}"
