"""Plans and who is on which."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Plan(models.Model):
    """What one price buys. A null limit means no limit; seeded from billing.domain.plans."""

    code = models.SlugField(primary_key=True, max_length=32)
    name = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField(help_text="order on the pricing page")
    price_usd = models.DecimalField("price a month in USD", max_digits=8, decimal_places=2)
    price_year_usd = models.DecimalField(
        "price a year in USD", max_digits=8, decimal_places=2, null=True, blank=True
    )
    own_wallets = models.PositiveIntegerField("own tracked wallets")
    curated_delay_minutes = models.PositiveSmallIntegerField(
        help_text="how late curated whales and signals are shown"
    )
    history_days = models.PositiveIntegerField(null=True, blank=True)
    alert_rules = models.PositiveIntegerField()
    alerts_a_day = models.PositiveIntegerField(null=True, blank=True)
    export = models.BooleanField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """The plan a user is on; no row means Free."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscription"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} on {self.plan}"
