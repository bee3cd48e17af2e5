"""Numbers of the market on pages: prices, shares, changes, and what a name means."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What each source is to a reader.
_SOURCES: Final = {
    "trades": "recorded trades",
    "chain": "the chain",
    "dexscreener": "DexScreener",
    "jupiter": "Jupiter",
    "birdeye": "Birdeye",
    "rugcheck": "RugCheck",
    "signals": "our signals",
}
_SPANS: Final = {
    "1m": "1 minute",
    "5m": "5 minutes",
    "15m": "15 minutes",
    "1h": "1 hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "1d": "1 day",
}


def price_text(usd: Decimal) -> str:
    """Write a price: four digits that count, without an exponent, cents from a thousand on."""
    if usd >= 1000:
        return f"${usd:,.2f}"
    text = f"{Decimal(f'{usd:.3e}'):f}"
    return "$" + (text.rstrip("0").rstrip(".") if "." in text else text)


@register.filter
def price(usd: Decimal | float | None) -> SafeString:
    """Show the price of one coin; the exact one stands in the title."""
    if usd is None:
        return mark_safe('<span class="none" title="no source tells a price">—</span>')
    exact = Decimal(repr(usd)) if isinstance(usd, float) else usd
    return format_html(
        '<data class="num" value="{}" title="${}">{}</data>',
        f"{exact:f}", f"{exact:f}", price_text(exact),
    )  # fmt: skip


@register.filter
def change(fraction: Decimal | None) -> SafeString:
    """Show a change: arrow, sign, colour."""
    if fraction is None:
        return mark_safe('<span class="none" title="no source tells it">—</span>')
    kind, arrow, sign = (
        ("up", "▲", "+")
        if fraction > 0
        else ("down", "▼", "−")
        if fraction < 0
        else ("flat", "", "")
    )
    size = abs(fraction) * 100
    return format_html(
        '<data class="num gain {}" value="{}">'
        '<span class="arrow" aria-hidden="true">{}</span>{}{} %</data>',
        kind, f"{fraction:f}", arrow, sign, f"{size:,.0f}" if size >= 100 else f"{size:.1f}",
    )  # fmt: skip


@register.filter
def share(fraction: Decimal | None) -> SafeString:
    """Show a share of a whole as a percentage."""
    if fraction is None:
        return mark_safe('<span class="none" title="no source tells it">—</span>')
    return format_html('<span class="num">{} %</span>', f"{fraction * 100:.1f}")


@register.filter
def source(name: str) -> str:
    """Say who a source is."""
    return _SOURCES.get(name, name)


@register.filter
def span(name: str) -> str:
    """Say how long a span is."""
    return _SPANS.get(name, name)
