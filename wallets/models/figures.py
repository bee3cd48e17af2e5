"""Figures kept for sorting many wallets, and why a position does not count in some of them."""

from typing import ClassVar

from django.db import models

from wallets.domain.statistics.windows import Window
from wallets.models.wallet import Wallet


class WindowStats(models.Model):
    """A wallet's sortable figures over one window, as of the moment they were worked out.

    They follow from the ledger and the clock and can be worked out again at any time.
    """

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="windows")
    window = models.CharField(max_length=3, choices=[(w.value, w.value) for w in Window])
    as_of = models.DateTimeField()
    changes_at = models.DateTimeField(
        null=True, blank=True, help_text="when time alone makes it wrong; all: the next inspection"
    )
    trades = models.PositiveIntegerField(default=0)
    volume_lamports = models.BigIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0, help_text="with full basis")
    wins = models.PositiveIntegerField(default=0)
    win_rate = models.FloatField(null=True, blank=True)
    win_rate_low = models.FloatField(null=True, blank=True, help_text="Wilson 95 %, lower end")
    win_rate_high = models.FloatField(null=True, blank=True, help_text="Wilson 95 %, upper end")
    strict_closed = models.PositiveIntegerField(
        default=0, help_text="closed, and open on dead tokens"
    )
    strict_low = models.FloatField(null=True, blank=True)
    adjusted_closed = models.PositiveIntegerField(default=0)
    adjusted_wins = models.PositiveIntegerField(default=0)
    adjusted_low = models.FloatField(null=True, blank=True)
    profit_factor = models.FloatField(null=True, blank=True)
    expectancy_lamports = models.BigIntegerField(null=True, blank=True)
    payoff_ratio = models.FloatField(null=True, blank=True)
    realised_lamports = models.BigIntegerField(default=0)
    realised_usd = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="empty: a price is missing",
    )
    roi = models.FloatField(
        null=True, blank=True, help_text="open positions at executable prices of the last look"
    )
    hold_seconds = models.BigIntegerField(null=True, blank=True)
    style = models.CharField(max_length=8, blank=True)
    coverage = models.FloatField(null=True, blank=True)
    copy_return = models.FloatField(
        null=True, blank=True, help_text="a follower's, 15 s later with $500, impact included"
    )
    copy_low = models.FloatField(null=True, blank=True)
    copy_high = models.FloatField(null=True, blank=True)
    copy_n = models.PositiveIntegerField(default=0, help_text="positions measurable")
    copy_share = models.FloatField(null=True, blank=True, help_text="of positions measurable")

    class Meta:
        verbose_name_plural = "window stats"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "window"], name="one_window_a_wallet")
        ]
        indexes: ClassVar = [
            # the leaderboard, in its usual order
            models.Index(fields=["window", "-win_rate_low"], name="window_win_rate"),
            models.Index(fields=["window", "-realised_lamports"], name="window_realised"),
            # refresh_windows(): what time alone has changed
            models.Index(
                fields=["changes_at"],
                name="window_due",
                condition=models.Q(changes_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.window} of {self.wallet_id}"


class PositionFlag(models.Model):
    """A reason to look at a position with care: a rule's id, and since when it holds."""

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE)
    mint = models.CharField(max_length=44)
    position_no = models.PositiveIntegerField()
    reason = models.CharField(max_length=16)
    since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet", "mint", "position_no", "reason"], name="one_flag_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}: position {self.position_no} in {self.mint}"
