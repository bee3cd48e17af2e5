"""What came in and what it says happened: deliveries, raw transactions, trades, transfers."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from aura.core.fields import RawAmountField
from market.models import SolPrice
from market.queries import PRICE_HOLDS
from wallets.domain.money import DOLLARS
from wallets.models.wallet import Wallet


class Delivery(models.Model):
    """A body that arrived, kept before anything is decided about it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RECORDED = "recorded"
        QUARANTINED = "quarantined"

    source = models.CharField(max_length=16, help_text="webhook, stream, sweep, replay")
    body = models.BinaryField(help_text="zlib")
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            # record_waiting(): the oldest undone first
            models.Index(
                fields=["id"], name="delivery_waiting", condition=models.Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk} {self.state}"


class QuarantinedPayload(models.Model):
    """A payload that could not be read as a transaction, with the reason, for a person to see."""

    digest = models.CharField(max_length=64, unique=True, help_text="sha-256 of the payload")
    source = models.CharField(max_length=16)
    reason = models.TextField()
    payload = models.BinaryField(help_text="zlib")
    count = models.PositiveIntegerField(default=1, help_text="how often it came")
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.reason[:60]}"


class RawTransactionQuerySet(models.QuerySet["RawTransaction"]):
    """Transactions in the words of the chain."""

    def standing(self) -> Self:
        """Those that count: everything but what the chain has dropped."""
        return self.exclude(status=RawTransaction.Status.VOID)

    def to_ask(self, status: "RawTransaction.Status", at: datetime) -> Self:
        """Those of a status for which the chain is to be asked by then, the longest due first."""
        return self.filter(ask_at__lte=at, status=status).order_by("ask_at", "pk")


class RawTransaction(models.Model):
    """One transaction as the chain told it; everything below can be derived from it again."""

    class Status(models.TextChoices):
        PROVISIONAL = "provisional", "confirmed, not final yet"
        FINAL = "final"
        VOID = "void", "dropped by the chain"

    signature = models.CharField(max_length=88, unique=True)
    slot = models.BigIntegerField()
    tx_index = models.IntegerField(null=True, blank=True, help_text="place in the slot, if told")
    block_time = models.DateTimeField(null=True, blank=True)
    version = models.CharField(max_length=8)
    failed = models.BooleanField()
    fee_payer = models.CharField(max_length=44)
    fee_lamports = models.BigIntegerField()
    owners = ArrayField(
        models.CharField(max_length=44), help_text="signers and owners of changed token accounts"
    )
    payload = models.BinaryField(help_text="zlib of the JSON")
    source = models.CharField(max_length=16)
    received_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.PROVISIONAL)
    status_at = models.DateTimeField(default=timezone.now, help_text="since when it has the status")
    ask_at = models.DateTimeField(
        null=True, blank=True, help_text="when the chain is to be asked for it; empty: never again"
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, help_text="the node did not know it then, nor since"
    )
    compared = models.PositiveSmallIntegerField(
        default=0, help_text="legs of which events or logs gave a second opinion"
    )
    disagreements = models.TextField(blank=True, help_text="where the second opinion differs")

    objects = RawTransactionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # unsettled(): what the chain is to be asked for, the longest due first
            models.Index(
                fields=["ask_at"], name="raw_ask", condition=models.Q(ask_at__isnull=False)
            ),
            # the Operations page: what was voided lately
            models.Index(fields=["status_at"], name="raw_void", condition=models.Q(status="void")),
            # the Operations page: how often balances and events disagree
            models.Index(
                fields=["id"], name="raw_disagreeing", condition=~models.Q(disagreements="")
            ),
            # derive_wallet(): what an address took part in
            GinIndex(fields=["owners"], name="raw_owners"),
            # the watch for hot wallets: what happened within the hour
            models.Index(fields=["block_time"], name="raw_time"),
            # what shares a slot, and the newest of the chain
            models.Index(fields=["-slot"], name="raw_slot"),
            # the loop that asks for missing block times
            models.Index(fields=["slot"], name="raw_timeless", condition=models.Q(block_time=None)),
            # the loop that asks for missing places: the latest that came without
            models.Index(fields=["-id"], name="raw_unplaced", condition=models.Q(tx_index=None)),
        ]

    def __str__(self) -> str:
        return self.signature


class PoolLeg(models.Model):
    """What one pool took in and gave out in a transaction: the second opinion beside balances."""

    transaction = models.ForeignKey(RawTransaction, on_delete=models.CASCADE, related_name="legs")
    no = models.PositiveSmallIntegerField()
    owner = models.CharField(max_length=44, blank=True, help_text="for whom, where that is known")
    program = models.CharField(max_length=44)
    venue = models.CharField(max_length=32)
    pool = models.CharField(max_length=44, blank=True)
    mint_in = models.CharField(max_length=44)
    raw_in = RawAmountField()
    mint_out = models.CharField(max_length=44)
    raw_out = RawAmountField()
    reserve_in = RawAmountField(
        null=True, blank=True, help_text="what the pool prices by after the leg, of mint_in"
    )
    reserve_out = RawAmountField(null=True, blank=True, help_text="the same of mint_out")
    fee_points = models.PositiveIntegerField(
        null=True, blank=True, help_text="told by the venue; empty: as the table of fees has it"
    )
    token = models.CharField(
        max_length=44, blank=True, help_text="what the pool trades against SOL, if it does"
    )
    slot = models.BigIntegerField(null=True, blank=True, help_text="the transaction's")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transaction", "no"], name="one_leg_a_number")
        ]
        indexes: ClassVar = [
            # pool_quotes(): a token's pools, and of each its latest leg
            models.Index(
                fields=["token", "pool", "-slot"],
                name="leg_pool_recent",
                condition=~models.Q(token="") & ~models.Q(pool=""),
            )
        ]

    def __str__(self) -> str:
        return f"leg {self.no} of {self.transaction_id} on {self.venue}"


class Activity(models.Model):
    """A wallet's part in a transaction: what it paid, and what could not be explained."""

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="activities")
    transaction = models.ForeignKey(
        RawTransaction, on_delete=models.CASCADE, related_name="activities"
    )
    network_lamports = models.BigIntegerField(default=0)
    tip_lamports = models.BigIntegerField(default=0)
    platform_lamports = models.BigIntegerField(default=0)
    rent_lamports = models.BigIntegerField(default=0, help_text="deposit; negative is a refund")
    other_lamports = models.BigIntegerField(
        default=0, help_text="plain SOL moved; minus is received"
    )
    has_trade = models.BooleanField(default=False)
    ambiguous = models.CharField(max_length=200, blank=True, help_text="why it is no trade")

    class Meta:
        verbose_name_plural = "activities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "transaction"], name="one_activity")
        ]

    def __str__(self) -> str:
        return f"{self.wallet_id} in {self.transaction_id}"


class Placed(models.Model):
    """Something of a wallet at a place in the chain's order (slot, index, signature, leg)."""

    slot = models.BigIntegerField()
    tx_index = models.IntegerField(null=True, blank=True)
    block_time = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    signature = models.CharField(max_length=88)
    leg = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True

    @property
    def at(self) -> datetime:
        """When it happened: the chain's time, or until that is known the time it reached us."""
        return self.block_time or self.received_at


class TradeQuerySet(models.QuerySet["Trade"]):
    """Trades in the words of the domain."""

    def priceable(self) -> Self:
        """Trades recorded before there was a price of SOL for their minute, where now there is."""
        at = Coalesce("block_time", "received_at")
        price = SolPrice.objects.filter(
            minute__lte=models.OuterRef("moment"),
            minute__gte=models.OuterRef("moment") - PRICE_HOLDS,
        )
        for_dollars = models.Q(mint_in__in=DOLLARS) | models.Q(mint_out__in=DOLLARS)
        unpriced = self.filter(value_usd=None, value_lamports__isnull=False).exclude(for_dollars)
        waiting = unpriced.annotate(moment=at)
        return waiting.filter(models.Exists(price)).order_by("pk")


class Trade(Placed):
    """One swap of one wallet: what went in, what came out, net of fee, tip and rent."""

    class Side(models.TextChoices):
        BUY = "buy"
        SELL = "sell"
        SWAP = "swap", "token to token"

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="trades")
    transaction = models.ForeignKey(RawTransaction, on_delete=models.CASCADE, related_name="trades")
    side = models.CharField(max_length=4, choices=Side.choices)
    mint = models.CharField(max_length=44, help_text="the token bought or sold")
    mint_in = models.CharField(max_length=44)
    raw_in = RawAmountField()
    mint_out = models.CharField(max_length=44)
    raw_out = RawAmountField()
    value_lamports = models.BigIntegerField(
        null=True, blank=True, help_text="worth in SOL at the trade; empty when no leg tells"
    )
    costs_lamports = models.BigIntegerField(help_text="network fee, tip, platform and other costs")
    value_usd = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    venue = models.CharField(max_length=32, blank=True)
    program = models.CharField(max_length=44, blank=True)

    objects = TradeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wallet", "transaction", "leg"], name="one_trade_a_leg")
        ]
        indexes: ClassVar = [
            # a wallet's page: its latest trades
            models.Index(
                fields=["wallet", "-slot", "-tx_index", "-id"], name="trade_wallet_recent"
            ),
            # a book's fold: the trades of one wallet in one mint
            models.Index(fields=["wallet", "mint_in"], name="trade_wallet_in"),
            models.Index(fields=["wallet", "mint_out"], name="trade_wallet_out"),
            # priceable(): trades that wait for a price
            models.Index(
                fields=["id"],
                name="trade_unpriced",
                condition=models.Q(value_usd=None, value_lamports__isnull=False),
            ),
            # the Overview: what was traded since a moment
            models.Index(fields=["block_time"], name="trade_time"),
            # a token's last trade, and the first after a moment, whoever made it
            models.Index(fields=["mint", "block_time"], name="trade_mint_time"),
            # the live feed: the latest trades of many wallets
            models.Index(fields=["-slot", "-tx_index", "-id"], name="trade_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.mint} in {self.signature}"


class Transfer(Placed):
    """Tokens that came or went without a swap."""

    class Kind(models.TextChoices):
        RECEIVE = "receive"
        SEND = "send"
        LIQUIDITY = "liquidity"

    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="transfers")
    transaction = models.ForeignKey(
        RawTransaction, on_delete=models.CASCADE, related_name="transfers"
    )
    mint = models.CharField(max_length=44)
    raw = RawAmountField(help_text="signed: minus went out")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet", "transaction", "leg"], name="one_transfer_a_leg"
            )
        ]
        indexes: ClassVar = [
            # a book's fold: the transfers of one wallet in one mint
            models.Index(fields=["wallet", "mint"], name="transfer_wallet_mint")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mint} in {self.signature}"
