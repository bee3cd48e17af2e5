"""Tokens and prices in the admin site."""

from django.contrib import admin

from market.models import SolPrice, Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin[Token]):
    """Mints and the names sources give them."""

    list_display = ("mint", "symbol", "name", "decimals", "seen_at")
    search_fields = ("mint", "symbol", "name")
    show_full_result_count = False


@admin.register(SolPrice)
class SolPriceAdmin(admin.ModelAdmin[SolPrice]):
    """The price of SOL, minute by minute."""

    list_display = ("minute", "usd", "source")
    list_filter = ("source",)
    search_fields = ("minute",)
    show_full_result_count = False
