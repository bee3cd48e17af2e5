"""Plans and subscriptions in the admin site."""

from django.contrib import admin

from billing.models import Plan, Subscription


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    """What each price buys."""

    list_display = ("name", "code", "price_usd", "own_wallets", "curated_delay_minutes", "active")
    list_editable = ("active",)
    search_fields = ("name", "code")


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin[Subscription]):
    """Who is on which plan."""

    list_display = ("user", "plan", "since")
    list_filter = ("plan",)
    search_fields = ("user__email",)
    autocomplete_fields = ("user",)
