"""Who, what and when on pages: names over addresses, tokens, times, icons."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from aura.core import clock
from aura.core.solana import short
from wallets.models import Wallet
from wallets.queries import TokenView

register = template.Library()

# Drawn by hand on a grid of 16, one stroke; shown only beside words or a label.
_ICONS: Final = {
    "home": "M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z",
    "whale": "M2 9c0-3 2.5-5 5.5-5 3.6 0 5.5 2.6 6.5 5-1.2 2.3-3.2 4-6.5 4C4 13 2 11.5 2 9z"
    "m0 0 -.5-4M5.5 8h.1",
    "ranks": "M2.5 13.5v-4h3v4M6.5 13.5v-11h3v11M10.5 13.5v-7h3v7M1.5 13.5h13",
    "feed": "M1.5 8h3l2-5 3 10 2-5h3",
    "copy": "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
    "out": "M6.5 3.5h-4v10h10v-4M9.5 2.5h4v4M13.5 2.5 7.5 8.5",
    "theme": "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
    "search": "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3 3",
    "pause": "M5.5 3v10M10.5 3v10",
    "user": "M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z"
    "M2.8 13.5c.6-2.4 2.6-3.6 5.2-3.6s4.6 1.2 5.2 3.6",
    "signal": "M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6"
    "M3 13a7 7 0 0 1 0-10M13 3a7 7 0 0 1 0 10",
    "screen": "M2 3h12l-4.7 5.5v5L6.7 12V8.5z",
    "score": "M2.5 8.5 5 11l3-3M2.5 3.5h11M9.5 8h4M9.5 12h4",
    "check": "M3 8.5 6.5 12 13 4.5",
}


@register.simple_tag
@lru_cache
def icon(name: str) -> SafeString:
    """Draw an icon; the words beside it say what it means."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>',
        _ICONS[name],
    )


@register.simple_tag(takes_context=True)
def who(context: Any, wallet: Wallet) -> SafeString:
    """Name a wallet: by the viewer's nickname where a page knows it, else by its short address.

    A fragment pushed to many holds no nicknames; each page lays its own over the address.
    """
    names = context.get("names")
    known: dict[str, dict[str, Any]] = names() if names else {}
    name = known.get(wallet.address, {}).get("name")
    return format_html(
        '<bdi class="{}" data-wallet="{}">{}</bdi>',
        "who named" if name else "who", wallet.address, name or short(wallet.address),
    )  # fmt: skip


@register.filter
def is_muted_in(wallet: Wallet, names: Any) -> bool:
    """Whether the viewer muted a wallet; in a fragment pushed to many nobody did."""
    known: dict[str, dict[str, Any]] = names() if callable(names) else names or {}
    return "muted" in known.get(wallet.address, {})


@register.simple_tag
def token(view: TokenView) -> SafeString:
    """Name a token: its symbol, and its shortened mint, which nobody can forge."""
    if not view.symbol:
        return format_html(
            '<span class="token"><bdi class="mono" title="{}">{}</bdi></span>',
            view.mint, view.short,
        )  # fmt: skip
    return format_html(
        '<span class="token" title="{}"><bdi>{}</bdi> <small class="mono">{}</small></span>',
        view.mint, view.symbol, view.short,
    )  # fmt: skip


def ago_text(age: timedelta) -> str:
    """Say how long ago; the page's script says it in the same words."""
    seconds = int(age.total_seconds())
    if seconds < 1:
        return "now"
    for size, word in ((60, "s"), (60, "min"), (24, "h")):
        if seconds < size:
            return f"{seconds} {word} ago"
        seconds //= size
    return f"{seconds} d ago"


@register.filter
def ago(when: datetime | None) -> SafeString:
    """Show a moment as its age, with the exact moment in the title."""
    if when is None:
        return mark_safe('<span class="none" title="the chain has not told the time yet">—</span>')
    exact = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-ago>{}</time>',
        exact.isoformat(timespec="seconds").replace("+00:00", "Z"),
        f"{exact:%Y-%m-%d %H:%M:%S}",
        ago_text(clock.now() - exact),
    )
