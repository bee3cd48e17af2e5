"""Series of a token's market: five-minute buckets for the scanner, candles for pages.

Numbers of charts and statistics, never of a ledger: double precision.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Bucket(models.Model):
    """Five minutes of a token that ended at `at`, as storable sources told. Kept 72 hours.

    Prices are of every reading in them; volume, counts and depth are those of the last reading,
    whose own five minutes end up to one run before the bucket's.
    """

    mint = models.CharField(max_length=44)
    at = models.DateTimeField()
    read_at = models.DateTimeField(help_text="the last reading in it")
    open_usd = models.FloatField(null=True, blank=True)
    high_usd = models.FloatField(null=True, blank=True)
    low_usd = models.FloatField(null=True, blank=True)
    close_usd = models.FloatField(null=True, blank=True)
    volume_usd = models.FloatField(null=True, blank=True)
    buys = models.BigIntegerField(null=True, blank=True)
    sells = models.BigIntegerField(null=True, blank=True)
    buyers = models.BigIntegerField(null=True, blank=True)
    sellers = models.BigIntegerField(null=True, blank=True)
    buy_usd = models.FloatField(null=True, blank=True)
    sell_usd = models.FloatField(null=True, blank=True)
    liquidity_usd = models.FloatField(null=True, blank=True)
    units = models.FloatField(null=True, blank=True)
    holders = models.BigIntegerField(null=True, blank=True)
    pool = models.CharField(max_length=44, blank=True, help_text="whose units these are")

    class Meta:
        constraints: ClassVar = [
            # buckets_of(): a token's buckets between two moments
            models.UniqueConstraint(fields=["mint", "at"], name="one_bucket")
        ]
        indexes: ClassVar = [
            # forget_market(): by age; rows come in the order of time
            BrinIndex(fields=["at"], name="bucket_time", autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"{self.mint} until {self.at:%F %R}"


class Candle(models.Model):
    """Prices of a token in a span that began at `at`, from recorded trades or from quotes.

    Of quotes no volume is known within a minute; over longer spans it is what sources tell.
    """

    class Span(models.TextChoices):
        M1 = "1m", "1 minute"
        M5 = "5m", "5 minutes"
        H1 = "1h", "1 hour"
        D1 = "1d", "1 day"

    class Source(models.TextChoices):
        TRADES = "trades", "trades of recorded wallets"
        QUOTES = "quotes", "prices told by sources"

    mint = models.CharField(max_length=44)
    span = models.CharField(max_length=2, choices=Span.choices)
    source = models.CharField(max_length=6, choices=Source.choices)
    at = models.DateTimeField(help_text="where it begins")
    read_at = models.DateTimeField(help_text="the last price in it")
    open_usd = models.FloatField()
    high_usd = models.FloatField()
    low_usd = models.FloatField()
    close_usd = models.FloatField()
    volume_usd = models.FloatField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # candles_of(): a token's candles between two moments
            models.UniqueConstraint(fields=["mint", "span", "at", "source"], name="one_candle")
        ]
        indexes: ClassVar = [
            # forget_market() and roll_candles(): by age; rows come in the order of time
            BrinIndex(fields=["at"], name="candle_time", autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"{self.mint} {self.span} from {self.at:%F %R} by {self.source}"
