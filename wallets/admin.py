"""Wallets and everything recorded of them in the admin site; the ledger is for looking only."""

from typing import Any

from django.contrib import admin

from aura.admin import ReadOnly
from wallets import actions, models


class Ledger(ReadOnly, admin.ModelAdmin[Any]):
    """Derived or received rows: staff look, nobody edits; `rebuild` makes them anew."""

    show_full_result_count = False


@admin.register(models.Wallet)
class WalletAdmin(admin.ModelAdmin[models.Wallet]):
    """Recorded wallets; the curated list is kept here."""

    list_display = (
        "address",
        "curated",
        "character",
        "kind",
        "swept_at",
        "complete_since",
        "unseen",
    )
    list_filter = ("curated", "kind", "character", "unseen", "is_partial", "hot_since")
    search_fields = ("address",)
    readonly_fields = (
        "address",
        "swept_at",
        "sweep_slot",
        "sweep_due_at",
        "complete_since",
        "whole_history",
        "is_partial",
        "unseen",
        "missed",
        "missed_at",
        "hot_since",
    )

    def save_model(self, request: Any, obj: models.Wallet, form: Any, change: Any) -> None:
        """Save through the verb, so that open pages and the audit log hear of it.

        Only what the form holds is written: a sweep may have moved the rest meanwhile.
        """
        if change:
            obj.save(update_fields=["kind"])
        else:
            super().save_model(request, obj, form, change)
        actions.curate_wallet(obj, curated=obj.curated, character=obj.character, by=request.user)


@admin.register(models.Follow)
class FollowAdmin(admin.ModelAdmin[models.Follow]):
    """Who follows whom."""

    list_display = ("user", "wallet", "nickname", "created_at")
    search_fields = ("user__email", "wallet__address", "nickname")
    raw_id_fields = ("user", "wallet")


@admin.register(models.Delivery)
class DeliveryAdmin(Ledger):
    """What arrived."""

    list_display = ("id", "source", "state", "reason", "received_at", "done_at")
    list_filter = ("state", "source")
    search_fields = ("reason",)
    exclude = ("body",)


@admin.register(models.QuarantinedPayload)
class QuarantinedPayloadAdmin(Ledger):
    """What could not be read, and why."""

    list_display = ("digest", "reason", "source", "count", "received_at")
    list_filter = ("source",)
    search_fields = ("digest", "reason")
    exclude = ("payload",)


@admin.register(models.RawTransaction)
class RawTransactionAdmin(Ledger):
    """Transactions as the chain told them."""

    list_display = ("signature", "slot", "tx_index", "block_time", "failed", "source")
    list_filter = ("failed", "source", "version")
    search_fields = ("signature", "fee_payer")
    exclude = ("payload",)


@admin.register(models.PoolLeg)
class PoolLegAdmin(Ledger):
    """What pools took in and gave out."""

    list_display = ("transaction", "no", "venue", "pool", "mint_in", "mint_out")
    list_filter = ("venue",)
    search_fields = ("transaction__signature", "pool", "mint_in", "mint_out")
    list_select_related = ("transaction",)


@admin.register(models.HistoryRead)
class HistoryReadAdmin(Ledger):
    """Repairs and older history."""

    list_display = ("wallet", "kind", "state", "horizon", "reached_at", "read", "new", "reason")
    list_filter = ("kind", "state")
    search_fields = ("wallet__address",)
    list_select_related = ("wallet",)


@admin.register(models.Activity)
class ActivityAdmin(Ledger):
    """A wallet's part in a transaction."""

    list_display = ("wallet", "transaction", "has_trade", "ambiguous")
    list_filter = ("has_trade",)
    search_fields = ("wallet__address", "transaction__signature")
    list_select_related = ("wallet", "transaction")


@admin.register(models.Trade)
class TradeAdmin(Ledger):
    """Swaps."""

    list_display = ("signature", "wallet", "side", "mint", "value_lamports", "block_time", "venue")
    list_filter = ("side", "venue")
    search_fields = ("signature", "mint", "wallet__address")
    list_select_related = ("wallet",)


@admin.register(models.Transfer)
class TransferAdmin(Ledger):
    """Tokens that moved without a swap."""

    list_display = ("signature", "wallet", "kind", "mint", "raw", "block_time")
    list_filter = ("kind",)
    search_fields = ("signature", "mint", "wallet__address")
    list_select_related = ("wallet",)


@admin.register(models.Holding)
class HoldingAdmin(Ledger):
    """What is held."""

    list_display = ("wallet", "mint", "raw", "cost_lamports", "unknown_raw")
    search_fields = ("mint", "wallet__address")
    list_select_related = ("wallet",)


@admin.register(models.Lot, models.Disposal, models.Position)
class BookAdmin(Ledger):
    """The ledger's rows."""

    list_display = ("wallet", "mint", "no")
    search_fields = ("mint", "wallet__address")
    list_select_related = ("wallet",)


@admin.register(models.WalletStats)
class WalletStatsAdmin(Ledger):
    """A wallet's figures."""

    list_display = ("wallet", "trades", "closed_positions", "wins", "realised_lamports")
    search_fields = ("wallet__address",)
    list_select_related = ("wallet",)


@admin.register(models.PushRegistration)
class PushRegistrationAdmin(admin.ModelAdmin[models.PushRegistration]):
    """The webhooks vendors keep for us."""

    list_display = ("vendor", "remote_id", "url", "confirmed_at")
    search_fields = ("vendor", "remote_id", "url")
