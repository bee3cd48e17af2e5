"""What users keep themselves, in the admin site: staff look, nobody edits."""

from typing import Any

from django.contrib import admin

from aura.admin import ReadOnly
from portfolio.models import ManualPosition, WatchlistEntry


@admin.register(WatchlistEntry)
class WatchlistEntryAdmin(ReadOnly, admin.ModelAdmin[Any]):
    """Who watches which token."""

    list_display = ("user", "mint", "added_at")
    search_fields = ("user__email", "mint")
    list_select_related = ("user",)


@admin.register(ManualPosition)
class ManualPositionAdmin(ReadOnly, admin.ModelAdmin[Any]):
    """Positions as users typed them in."""

    list_display = ("user", "mint", "quantity", "entry_price_usd", "opened_at", "is_closed")
    list_filter = ("is_closed",)
    search_fields = ("user__email", "mint", "origin")
    list_select_related = ("user",)
