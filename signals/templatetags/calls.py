"""Signals on pages: names of strategies and gates, outcomes, rates, what is left of a weight."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from aura.core import clock
from market.templatetags.market import price
from signals.domain.scoreboard import Lift, Rate
from signals.domain.windows import Flow
from signals.queries.pages import title_of
from signals.queries.pages_scan import gate_words
from signals.queries.pages_window import FieldRow
from wallets.templatetags.figures import MINUS, usd, usd_gain, usd_text
from wallets.templatetags.marks import ago, ago_text

register = template.Library()

register.filter("strategy_title", title_of)
register.filter("gate_words", gate_words)

_THOUSAND: Final = 1_000
_OUTCOMES: Final = {
    "open": ("open", "○", "still open"),
    "hit": ("up", "✓", "hit"),
    "miss": ("down", "✗", "miss"),
    "failed": ("down", "✗", "failed"),
    "ungraded": ("flat", "?", "ungraded"),
}


@register.filter
def outcome(told: str) -> SafeString:
    """Show an outcome by sign, word and colour."""
    kind, sign, words = _OUTCOMES[told]
    return format_html(
        '<span class="outcome {}"><span aria-hidden="true">{}</span> {}</span>', kind, sign, words
    )


@register.filter
def of_100(value: float | None) -> SafeString:
    """Show a score, a risk or a quality of 100 without decimals; the exact one in the title."""
    if value is None:
        return format_html('<span class="none" title="{}">—</span>', "not known")
    whole = f"{value:.0f}"
    return format_html('<data class="num" value="{0}" title="{0}">{1}</data>', value, whole)


@register.filter
def left(weight: float) -> str:
    """Write what is left of a weight; the page's script goes on in the same words."""
    return f"{weight * 100:.0f} % left"


@register.filter
def width(share: float) -> str:
    """Turn a share of one into the width of a bar of 100."""
    return f"{min(1.0, max(0.0, share)) * 100:.1f}"


@register.filter
def whole_percent(share: float | None) -> SafeString:
    """Show a share in per cent without decimals."""
    if share is None:
        return format_html('<span class="none" title="{}">—</span>', "not known")
    return format_html('<span class="num">{} %</span>', f"{share * 100:.0f}")


@register.filter
def rate(told: Rate) -> SafeString:
    """Show a rate with its Wilson interval and its cases; a dash without any."""
    if told.share is None or told.interval is None:
        return format_html('<span class="none" title="{}">—</span>', "no case yet")
    low, high = told.interval
    return format_html(
        '<span class="num">{} %</span><small class="under">{} to {} % · {} of {}</small>',
        f"{told.share * 100:.1f}", f"{low * 100:.0f}", f"{high * 100:.0f}", told.hits, told.n,
    )  # fmt: skip


@register.filter
def lift(told: Lift | None) -> SafeString:
    """Show a lift in points with its interval."""
    if told is None:
        return format_html('<span class="none" title="{}">—</span>', "no case on both sides yet")
    low, high = (_signed(end) for end in told.interval)
    kind = "up" if told.interval[0] > 0 else "down" if told.interval[1] < 0 else "flat"
    return format_html(
        '<span class="num gain {}">{} points</span><small class="under">{} to {}</small>',
        kind, _signed(told.points), low, high,
    )  # fmt: skip


def _signed(share: float) -> str:
    size = f"{abs(share) * 100:.1f}"
    return f"{MINUS if share < 0 else '+'}{size}"


@register.filter
def field_value(row: FieldRow) -> SafeString | str:
    """Show a field of a window in its unit."""
    if row.unit == "usd":
        return usd(row.value)
    if row.unit == "price":
        return price(row.value)
    if row.unit == "when":
        return ago(row.value)
    if row.unit == "share":
        return format_html('<span class="num">{} %</span>', f"{row.value * 100:.4g}")
    if row.unit == "count":
        return format_html('<span class="num">{}</span>', f"{row.value:,.10g}")
    return str(row.value)


@register.filter
def dollars(value: float | None) -> SafeString:
    """Show dollars that a window keeps as a float."""
    return usd(None if value is None else Decimal(repr(value)))


@register.filter
def brief_usd(value: Decimal | None) -> SafeString:
    """Show dollars where there is little room: thousands as k; the exact ones in the title."""
    if value is None or abs(value) < _THOUSAND:
        return usd(value)
    text = usd_text(value) if abs(value) >= _THOUSAND**2 else f"${value / _THOUSAND:,.0f}k"
    exact = f"${value:,}"
    return format_html('<data class="num" value="{}" title="{}">{}</data>', value, exact, text)


@register.filter
def age(opened_at: datetime | None) -> SafeString:
    """Show how long ago in a few letters."""
    if opened_at is None:
        return ago(None)
    text = ago_text(clock.now() - opened_at).removesuffix(" ago")
    exact = f"{opened_at:%Y-%m-%d %H:%M} UTC"
    return format_html('<span class="num" title="{}">{}</span>', exact, text)


@register.filter
def net_usd(flow: Flow) -> SafeString:
    """Show what was bought less what was sold."""
    if flow.buy_usd is None or flow.sell_usd is None:
        return usd(None)
    return usd_gain(Decimal(repr(flow.buy_usd - flow.sell_usd)))


@register.filter
def of(table: Mapping[Any, Any], key: Any) -> Any:
    """Look something up; nothing where it is not there."""
    return table.get(key)


@register.filter
def pairs(table: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Return names and values; a Counter would count its "items" instead."""
    return list(table.items())


@register.simple_tag
def token_page(mint: str) -> str:
    """Return the address of a token's page."""
    return reverse("token", args=[mint])
