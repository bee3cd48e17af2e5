"""Tokens and the price of SOL in dollars."""

from typing import ClassVar

from django.db import models


class Token(models.Model):
    """A mint, with the names a market source gives it (anyone can choose them: never trust)."""

    mint = models.CharField(max_length=44, primary_key=True)
    decimals = models.PositiveSmallIntegerField()
    symbol = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=96, blank=True)
    image_url = models.URLField(max_length=500, blank=True)
    named_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            # names_wanted(): mints no source has named yet, newest first
            models.Index(
                fields=["-seen_at"], name="token_unnamed", condition=models.Q(named_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.symbol or self.mint


class SolPrice(models.Model):
    """The price of one SOL in USD in one minute, with its source."""

    minute = models.DateTimeField(primary_key=True)
    usd = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=32)

    class Meta:
        ordering: ClassVar = ["-minute"]

    def __str__(self) -> str:
        return f"{self.usd} USD at {self.minute:%F %H:%M}"
