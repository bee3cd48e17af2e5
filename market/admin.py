"""The market's rows in the admin site."""

from django.contrib import admin

from aura.admin import ReadOnly
from market.models import (
    Bucket,
    Candle,
    Listing,
    MarketRun,
    Pool,
    PoolPoint,
    SafetyReport,
    SolPrice,
    Token,
    TokenState,
)


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


@admin.register(MarketRun)
class MarketRunAdmin(ReadOnly, admin.ModelAdmin[MarketRun]):
    """Runs that read the market, with what was missing."""

    list_display = ("started_at", "ended_at", "state", "universe", "tokens", "missing", "reason")
    list_filter = ("state",)
    search_fields = ("reason",)
    show_full_result_count = False


@admin.register(Listing)
class ListingAdmin(ReadOnly, admin.ModelAdmin[Listing]):
    """Why tokens are looked at."""

    list_display = ("mint", "kind", "source", "name", "seen_at")
    list_filter = ("kind", "source")
    search_fields = ("mint",)
    show_full_result_count = False


@admin.register(TokenState)
class TokenStateAdmin(ReadOnly, admin.ModelAdmin[TokenState]):
    """The latest of every token."""

    list_display = ("mint", "at", "price_usd", "is_verified", "liquidity_usd", "volume_1h_usd")
    list_filter = ("is_verified",)
    search_fields = ("mint",)
    show_full_result_count = False


@admin.register(Pool)
class PoolAdmin(ReadOnly, admin.ModelAdmin[Pool]):
    """Pools."""

    list_display = ("address", "mint", "venue", "is_curve", "opened_at", "seen_at")
    list_filter = ("is_curve",)
    search_fields = ("address", "mint")
    show_full_result_count = False


@admin.register(PoolPoint)
class PoolPointAdmin(ReadOnly, admin.ModelAdmin[PoolPoint]):
    """What pools held."""

    list_display = ("at", "pool", "mint", "source", "base", "quote", "price_usd")
    search_fields = ("mint",)
    show_full_result_count = False


@admin.register(Bucket)
class BucketAdmin(ReadOnly, admin.ModelAdmin[Bucket]):
    """Five minutes at a time."""

    list_display = ("mint", "at", "close_usd", "volume_usd", "buys", "sells", "liquidity_usd")
    search_fields = ("mint",)
    show_full_result_count = False


@admin.register(Candle)
class CandleAdmin(ReadOnly, admin.ModelAdmin[Candle]):
    """Candles."""

    list_display = ("mint", "span", "at", "source", "open_usd", "close_usd", "volume_usd")
    list_filter = ("span", "source")
    search_fields = ("mint",)
    show_full_result_count = False


@admin.register(SafetyReport)
class SafetyReportAdmin(ReadOnly, admin.ModelAdmin[SafetyReport]):
    """What sources say about danger."""

    list_display = ("mint", "source", "since", "read_at", "is_latest", "score")
    list_filter = ("source", "is_latest")
    search_fields = ("mint",)
    show_full_result_count = False
