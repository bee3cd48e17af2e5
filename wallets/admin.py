"""Wallets and everything recorded of them in the admin site; the ledger is for looking only."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aura.admin import ReadOnly
from aura.core.errors import Refused
from wallets import actions, models, queries
from wallets.templatetags.figures import percent


class Ledger(ReadOnly, admin.ModelAdmin[Any]):
    """Derived or received rows: staff look, nobody edits; `rebuild` makes them anew."""

    show_full_result_count = False


class CuratedFilter(admin.SimpleListFilter):
    """Who is proposed for the curated list, and who is on it without qualifying any more."""

    title = "curated list"
    parameter_name = "list"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        """Offer the three."""
        return [
            ("proposed", "proposed, the best first"),
            ("on", "on the list"),
            ("unqualified", "on the list, does not qualify"),
        ]

    def queryset(self, _request: Any, queryset: "QuerySet[models.Wallet]") -> Any:
        """Narrow to the choice; the proposed are ranked by the lower end of their interval."""
        if self.value() == "proposed":
            proposed = queries.propose_curated().values("pk")
            return queryset.filter(pk__in=proposed).order_by("-stats__win_rate_low", "pk")
        if self.value() == "on":
            return queryset.filter(curated=True)
        if self.value() == "unqualified":
            qualified = models.Wallet.objects.filter(queries.QUALIFIES).values("pk")
            return queryset.filter(curated=True).exclude(pk__in=qualified)
        return queryset


@admin.register(models.Wallet)
class WalletAdmin(admin.ModelAdmin[models.Wallet]):
    """Recorded wallets; the curated list is kept here, each change with its reason."""

    list_display = (
        "address",
        "curated",
        "character",
        "proven",
        "closed",
        "covered",
        "kind",
        "swept_at",
        "complete_since",
        "unseen",
    )
    list_filter = (CuratedFilter, "kind", "character", "unseen", "is_partial", "hot_since")
    list_select_related = ("stats",)
    search_fields = ("address",)
    readonly_fields = (
        "address",
        "curated",
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
    actions = ("put_on_the_list", "take_off_the_list")

    @admin.display(description="win rate, low", ordering=F("stats__win_rate_low"))
    def proven(self, wallet: models.Wallet) -> str:
        """Show the lower end of the win rate's interval."""
        return percent(queries.stats_of(wallet).win_rate_low)

    @admin.display(description="closed", ordering=F("stats__closed_positions"))
    def closed(self, wallet: models.Wallet) -> int:
        """Show how many closed positions it is of."""
        return queries.stats_of(wallet).closed_positions

    @admin.display(description="coverage", ordering=F("stats__coverage"))
    def covered(self, wallet: models.Wallet) -> str:
        """Show of what share of its sales the cost is known."""
        return percent(queries.stats_of(wallet).coverage)

    def has_add_permission(self, *_: object) -> bool:
        """Refuse: a wallet is added by following or importing it, which checks its address."""
        return False

    def save_model(self, request: Any, obj: models.Wallet, form: Any, change: Any) -> None:
        """Save what staff changed and nothing else: sweeps go on beside it."""
        if change and "kind" in form.changed_data:
            obj.save(update_fields=["kind"])
        if "character" in form.changed_data:
            actions.describe_wallet(obj, character=obj.character, by=request.user)

    @admin.action(description="Put on the list", permissions=["change"])
    def put_on_the_list(self, request: HttpRequest, chosen: Any) -> HttpResponse | None:
        """Put the chosen wallets on the curated list, for a reason asked for first."""
        return self._curate(request, chosen, curated=True)

    @admin.action(description="Take off the list", permissions=["change"])
    def take_off_the_list(self, request: HttpRequest, chosen: Any) -> HttpResponse | None:
        """Take the chosen wallets off the curated list, for a reason asked for first."""
        return self._curate(request, chosen, curated=False)

    def _curate(
        self, request: HttpRequest, chosen: "QuerySet[models.Wallet]", *, curated: bool
    ) -> HttpResponse | None:
        error = ""
        if "reason" in request.POST:
            try:
                with transaction.atomic():
                    for wallet in chosen:
                        actions.curate_wallet(
                            wallet, curated=curated, by=request.user, reason=request.POST["reason"]
                        )
                self.message_user(request, "Done; the page of the list shows it.", messages.SUCCESS)
                return None
            except Refused as refusal:
                error = str(refusal)
        context = self.admin_site.each_context(request) | {
            "title": "Put on the list" if curated else "Take off the list",
            "chosen": chosen.select_related("stats"),
            "box": ACTION_CHECKBOX_NAME,
            "action": "put_on_the_list" if curated else "take_off_the_list",
            "error": error,
            "opts": self.opts,
        }
        return render(request, "admin/wallets/curate.html", context)


@admin.register(models.CuratedEntry)
class CuratedEntryAdmin(Ledger):
    """Who was on the curated list, since when and why; written by the two actions on wallets."""

    list_display = ("wallet", "entered_at", "by", "reason", "left_at", "by_left", "reason_left")
    list_filter = ("left_at",)
    search_fields = ("wallet__address", "reason", "reason_left")
    list_select_related = ("wallet", "by", "by_left")


@admin.register(models.WalletList)
class WalletListAdmin(Ledger):
    """Users' own lists."""

    list_display = ("user", "name", "is_shared", "created_at")
    search_fields = ("user__email", "name")
    list_select_related = ("user",)
    exclude = ("share_token",)

    @admin.display(boolean=True)
    def is_shared(self, kept: models.WalletList) -> bool:
        """Show whether there is a link; not which."""
        return bool(kept.share_token)


@admin.register(models.ListedWallet)
class ListedWalletAdmin(Ledger):
    """What is on users' lists."""

    list_display = ("list", "wallet", "added_at")
    search_fields = ("list__name", "wallet__address")
    list_select_related = ("list", "wallet")


@admin.register(models.Follow)
class FollowAdmin(admin.ModelAdmin[models.Follow]):
    """Who follows whom."""

    list_display = ("user", "wallet", "nickname", "created_at")
    search_fields = ("user__email", "wallet__address", "nickname")
    raw_id_fields = ("user", "wallet")
    exclude = ("notes", "tags")


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


@admin.register(models.WindowStats)
class WindowStatsAdmin(Ledger):
    """Figures by window, as leaderboards sort them."""

    list_display = ("wallet", "window", "closed", "win_rate_low", "realised_lamports", "as_of")
    list_filter = ("window",)
    search_fields = ("wallet__address",)
    list_select_related = ("wallet",)


@admin.register(models.PositionFlag)
class PositionFlagAdmin(Ledger):
    """Why positions do not count in adjusted figures."""

    list_display = ("wallet", "mint", "position_no", "reason", "since")
    list_filter = ("reason",)
    search_fields = ("wallet__address", "mint")
    list_select_related = ("wallet",)
