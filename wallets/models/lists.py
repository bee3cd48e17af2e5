"""Lists of wallets: a user's own, and the curated one with its whole history."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

from wallets.models.wallet import Wallet


class WalletListQuerySet(models.QuerySet["WalletList"]):
    """Users' lists in the words of the domain."""

    def visible_to(self, user: Any) -> Self:
        """Return only the user's own."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def shared_as(self, token: str) -> Self:
        """Return the list that this secret link leads to, if it still leads anywhere."""
        return self.filter(share_token=token) if token else self.none()


class WalletList(models.Model):
    """A user's named list of wallets; others read it only through its secret link."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wallet_lists"
    )
    name = models.CharField(max_length=64)
    wallets = models.ManyToManyField(Wallet, through="ListedWallet", related_name="lists")
    share_token = models.CharField(
        max_length=43, unique=True, null=True, blank=True, help_text="empty: not shared"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WalletListQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("user", Lower("name"), name="one_list_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the list's page for its owner."""
        return reverse("list", args=[self.pk])

    def get_shared_url(self) -> str:
        """Return the secret link's path; raises ValueError while the list is not shared."""
        if not self.share_token:
            raise ValueError("the list is not shared")
        return reverse("shared_list", args=[self.share_token])


class ListedWallet(models.Model):
    """A wallet on a user's list."""

    list = models.ForeignKey(WalletList, on_delete=models.CASCADE, related_name="entries")
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "wallet"], name="once_on_a_list")
        ]

    def __str__(self) -> str:
        return f"{self.wallet_id} on {self.list_id}"


class CuratedEntryQuerySet(models.QuerySet["CuratedEntry"]):
    """Entries of the curated list in the words of the domain."""

    def standing(self) -> Self:
        """Those of the wallets that are on the list now."""
        return self.filter(left_at=None)

    def on(self, moment: datetime) -> Self:
        """Those of the wallets that were on the list at a moment."""
        still = models.Q(left_at=None) | models.Q(left_at__gt=moment)
        return self.filter(still, entered_at__lte=moment)


class CuratedEntry(models.Model):
    """One stay of a wallet on the curated list: when and why it came, when and why it left.

    Rows are added and closed, never deleted: whoever looks back sees the losers too.
    """

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="curated_entries")
    entered_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True, help_text="why it came on the list")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="empty: an import",
    )
    figures_at_entry = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    left_at = models.DateTimeField(null=True, blank=True)
    reason_left = models.CharField(max_length=500, blank=True, help_text="why it left")
    by_left = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    figures_at_exit = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = CuratedEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "curated entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet"],
                condition=models.Q(left_at=None),
                name="once_on_the_curated_list",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at=None) | models.Q(left_at__gte=models.F("entered_at")),
                name="enters_before_it_leaves",
            ),
        ]
        indexes: ClassVar = [
            # the list's history, the latest first
            models.Index(fields=["-entered_at"], name="curated_entered"),
        ]

    def __str__(self) -> str:
        return f"{self.wallet} from {self.entered_at:%Y-%m-%d}"
