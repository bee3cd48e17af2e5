"""Wallets and who follows them."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from aura.core.solana import short


class WalletQuerySet(models.QuerySet["Wallet"]):
    """Wallets in the words of the domain."""

    def visible_to(self, user: Any) -> Self:
        """Every wallet on the curated list that was seen on chain, and those the user follows."""
        if user is None or not user.is_authenticated:
            return self.none()
        mine = models.Exists(Follow.objects.filter(user=user, wallet=models.OuterRef("pk")))
        return self.filter(models.Q(curated=True, unseen=False) | mine)

    def due(self, at: datetime) -> Self:
        """Wallets for which a sweep was asked and may start, those who wait longest first."""
        return self.filter(sweep_due_at__lte=at).order_by("sweep_due_at", "pk")

    def pushed(self) -> Self:
        """Watched wallets that live push is asked for: all but those too busy for it."""
        return self.watched().filter(hot_since=None)

    def watched(self) -> Self:
        """Wallets somebody wants watched: curated, or followed by anyone."""
        return self.filter(
            models.Q(curated=True)
            | models.Exists(Follow.objects.filter(wallet=models.OuterRef("pk")))
        )


class Wallet(models.Model):
    """One address on Solana whose transactions are recorded, for all users together."""

    class Kind(models.TextChoices):
        WALLET = "wallet"
        PROGRAM_OWNED = "program-owned", "vault or program"

    address = models.CharField(max_length=44, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.WALLET)
    curated = models.BooleanField(default=False, help_text="shown to every user from the start")
    character = models.CharField(max_length=16, blank=True, help_text="whale, smart, kol, bot …")
    added_at = models.DateTimeField(auto_now_add=True)

    swept_at = models.DateTimeField("last swept", null=True, blank=True)
    sweep_slot = models.BigIntegerField("swept up to slot", null=True, blank=True)
    sweep_due_at = models.DateTimeField(
        null=True, blank=True, help_text="a sweep was asked for and may start from then on"
    )
    complete_since = models.DateTimeField(
        null=True, blank=True, help_text="every transaction from here on is recorded"
    )
    whole_history = models.BooleanField(
        default=False, help_text="everything since its first transaction was read"
    )
    is_partial = models.BooleanField(
        default=False, help_text="read by a source that misses token-account activity"
    )
    unseen = models.BooleanField(default=False, help_text="no history on chain at the first sweep")
    missed = models.PositiveIntegerField(
        default=0, help_text="transactions that push did not bring and a sweep found"
    )
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="when a sweep last found such a one"
    )
    hot_since = models.DateTimeField(
        null=True, blank=True, help_text="too busy to be followed live; read by sweeps meanwhile"
    )

    objects = WalletQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # due(): who is swept next
            models.Index(
                fields=["sweep_due_at"],
                name="wallet_sweep_due",
                condition=models.Q(sweep_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return short(self.address)

    def get_absolute_url(self) -> str:
        """Return the wallet's page."""
        return reverse("wallet", args=[self.address])

    @property
    def short(self) -> str:
        """Return the address shortened for display."""
        return short(self.address)


class FollowQuerySet(models.QuerySet["Follow"]):
    """Follows in the words of the domain."""

    def visible_to(self, user: Any) -> Self:
        """Return only the user's own."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def quiet(self, at: datetime, *, below_usd: Any) -> Self:
        """Return those for whose followers a trade is no news at that time.

        Muted, or the trade is worth less than the follower's minimum; `below_usd` may name a
        column of an outer query. A trade whose worth is unknown is not below anything.
        """
        muted = models.Q(muted_until=None) | models.Q(muted_until__gt=at)
        muted &= models.Q(muted_at__isnull=False)
        return self.filter(muted | models.Q(min_trade_usd__gt=below_usd))


class Follow(models.Model):
    """One user watches one wallet, under a name of his own that nobody else sees."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="follows")
    nickname = models.CharField(max_length=64, blank=True)
    min_trade_usd = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="smaller trades are no news",
    )
    tags = ArrayField(
        models.CharField(max_length=24), default=list, blank=True, help_text="the user's own words"
    )
    notes = models.TextField(max_length=2_000, blank=True, help_text="only the user sees them")
    muted_at = models.DateTimeField(
        null=True, blank=True, help_text="since when its trades are no news; empty: they are"
    )
    muted_until = models.DateTimeField(null=True, blank=True, help_text="empty: for good")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "wallet"], name="one_follow_a_wallet"),
            models.CheckConstraint(
                condition=models.Q(muted_until=None) | models.Q(muted_at__isnull=False),
                name="muted_until_needs_muted_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nickname or self.wallet} for {self.user_id}"

    def is_muted(self, at: datetime) -> bool:
        """Whether its trades are no news at that time."""
        return self.muted_at is not None and (self.muted_until is None or self.muted_until > at)


class PushRegistration(models.Model):
    """The webhook a vendor keeps for us: found again after a restart, even at another address."""

    vendor = models.CharField(max_length=32, primary_key=True)
    remote_id = models.CharField(max_length=128, blank=True, help_text="empty: none is needed")
    url = models.URLField(max_length=500)
    confirmed_at = models.DateTimeField(help_text="when the vendor last showed it to be in order")

    def __str__(self) -> str:
        return f"{self.vendor} {self.remote_id}"
