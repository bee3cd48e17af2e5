"""What the ledger makes of trades and transfers: holdings, lots, disposals, positions, figures."""

from typing import ClassVar

from django.db import models

from aura.core.fields import RawAmountField
from wallets.models.wallet import Wallet


class Holding(models.Model):
    """The head of one book (a wallet in a mint): what is held, and how far it is folded."""

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="holdings")
    mint = models.CharField(max_length=44)
    raw = RawAmountField(default=0)
    cost_lamports = models.BigIntegerField(default=0, help_text="cost of what is held")
    unknown_raw = RawAmountField(default=0, help_text="the part whose cost nobody knows")
    folded_slot = models.BigIntegerField()
    folded_index = models.IntegerField(null=True, blank=True)
    folded_signature = models.CharField(max_length=88)
    folded_rank = models.PositiveSmallIntegerField(help_text="0 a trade, 1 a transfer")
    folded_leg = models.PositiveSmallIntegerField()
    next_lot = models.PositiveIntegerField(default=0)
    next_disposal = models.PositiveIntegerField(default=0)
    next_position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "mint"], name="one_holding_a_mint")
        ]

    def __str__(self) -> str:
        return f"{self.raw} {self.mint} of {self.wallet_id}"


class InBook(models.Model):
    """A numbered row of one book; `no` counts from zero in the book's order."""

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE)
    mint = models.CharField(max_length=44)
    no = models.PositiveIntegerField()

    class Meta:
        abstract = True


class Lot(InBook):
    """A quantity acquired at one moment, with its total cost; unit cost is derived, never kept."""

    class Origin(models.TextChoices):
        BUY = "buy"
        TRANSFER = "transfer"
        LIQUIDITY = "liquidity"
        UNKNOWN = "unknown"
        DUST = "dust"

    origin = models.CharField(max_length=10, choices=Origin.choices)
    signature = models.CharField(max_length=88, help_text="the transaction that brought it")
    acquired_at = models.DateTimeField(null=True, blank=True)
    position_no = models.PositiveIntegerField()
    raw = RawAmountField()
    raw_left = RawAmountField()
    cost_lamports = models.BigIntegerField(null=True, blank=True, help_text="empty: basis unknown")
    cost_left_lamports = models.BigIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "mint", "no"], name="one_lot_a_number")
        ]
        indexes: ClassVar = [
            # a book's fold goes on from the lots that have something left
            models.Index(
                fields=["wallet", "mint"], name="lot_open", condition=models.Q(raw_left__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"lot {self.no} of {self.mint}"


class Disposal(InBook):
    """A piece of one lot that left, by a sale or a transfer out, and what it fetched."""

    lot_no = models.PositiveIntegerField()
    position_no = models.PositiveIntegerField()
    signature = models.CharField(max_length=88)
    disposed_at = models.DateTimeField(null=True, blank=True)
    raw = RawAmountField()
    proceeds_lamports = models.BigIntegerField(
        null=True, blank=True, help_text="empty: sent away, or the sale has no known value"
    )
    cost_lamports = models.BigIntegerField(null=True, blank=True, help_text="empty: basis unknown")
    gain_lamports = models.BigIntegerField(
        null=True, blank=True, help_text="proceeds minus cost, where both are known"
    )
    gain_usd = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "mint", "no"], name="one_disposal_a_number")
        ]
        indexes: ClassVar = [
            # the Overview: what was realised since a moment
            models.Index(fields=["disposed_at"], name="disposal_time"),
            # a position's page: the pieces that made its result
            models.Index(fields=["wallet", "mint", "position_no"], name="disposal_position"),
        ]

    def __str__(self) -> str:
        return f"{self.raw} from lot {self.lot_no} of {self.mint}"


class Position(InBook):
    """A round trip: from nothing through buys back to (dust) nothing."""

    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=True)
    full_basis = models.BooleanField(default=True, help_text="bought and sold, all of it")
    buys = models.PositiveIntegerField(default=0)
    sells = models.PositiveIntegerField(default=0)
    bought_raw = RawAmountField(default=0)
    sold_raw = RawAmountField(default=0)
    peak_raw = RawAmountField(default=0)
    cost_lamports = models.BigIntegerField(default=0, help_text="paid for all that was bought")
    proceeds_lamports = models.BigIntegerField(default=0, help_text="of the matched sales")
    realised_lamports = models.BigIntegerField(default=0)
    realised_usd = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    unknown_proceeds_lamports = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "mint", "no"], name="one_position_a_number")
        ]
        indexes: ClassVar = [
            # a wallet's page: its latest positions
            models.Index(fields=["wallet", "-opened_at"], name="position_wallet_recent")
        ]

    def __str__(self) -> str:
        return f"position {self.no} in {self.mint}"


class WalletStats(models.Model):
    """A wallet's figures, kept beside the ledger they come from."""

    wallet = models.OneToOneField(
        Wallet, on_delete=models.CASCADE, related_name="stats", primary_key=True
    )
    trades = models.PositiveIntegerField(default=0)
    volume_lamports = models.BigIntegerField(default=0)
    volume_usd = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="empty: a price is missing",
    )
    closed_positions = models.PositiveIntegerField(
        default=0, help_text="closed, with full basis: what the win rate counts"
    )
    wins = models.PositiveIntegerField(default=0)
    win_rate = models.FloatField(null=True, blank=True)
    win_rate_low = models.FloatField(null=True, blank=True, help_text="Wilson 95 %, lower end")
    win_rate_high = models.FloatField(null=True, blank=True, help_text="Wilson 95 %, upper end")
    open_positions = models.PositiveIntegerField(default=0)
    realised_lamports = models.BigIntegerField(default=0)
    realised_usd = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    unknown_proceeds_lamports = models.BigIntegerField(default=0)
    fees_lamports = models.BigIntegerField(default=0, help_text="paid outside trades")
    coverage = models.FloatField(
        null=True, blank=True, help_text="share of sale proceeds with known basis"
    )
    last_trade_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "wallet stats"
        indexes: ClassVar = [
            # the Whales page, in its usual order
            models.Index(fields=["-win_rate_low"], name="stats_win_rate"),
            models.Index(fields=["-realised_lamports"], name="stats_realised"),
        ]

    def __str__(self) -> str:
        return f"figures of {self.wallet_id}"
