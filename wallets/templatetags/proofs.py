"""Figures on pages, in the unit their rule gives them: value, interval, what is missing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from wallets.domain.statistics import Figure, Rule
from wallets.domain.statistics.figure import Value
from wallets.templatetags.figures import sol_gain, sol_text, usd_gain, usd_text

register = template.Library()

# Ratios that are a return: told in per cent, with a sign.
_RETURNS: Final = frozenset({"roi", "copyability"})
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_VAST: Final = 1_000
_TRADERS: Final = {"day": "day trader", "swing": "swing trader"}


def duration_text(seconds: int) -> str:
    """Write a span of time with two digits or so."""
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    for size, unit, below in ((_MINUTE, "min", 2 * _HOUR), (_HOUR, "h", 2 * _DAY)):
        if seconds < below:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds / _DAY:.{0 if seconds >= 10 * _DAY else 1}f} d"


def ratio_text(ratio: float) -> str:
    """Write a ratio; ends of an interval that say nothing are not written out."""
    if ratio >= _VAST:
        return f"over {_VAST:,}"
    return "under 0.001" if 0 < ratio < 0.001 else f"{ratio:.3g}" if ratio < 0.1 else f"{ratio:.2f}"


def return_text(ratio: float) -> str:
    """Write a return in per cent, signed; far ones without decimals."""
    percent = ratio * 100
    sign = "+" if percent > 0 else "−" if percent < 0 else ""
    size = abs(percent)
    return f"{sign}{size:,.0f}%" if size >= _VAST else f"{sign}{size:.1f}%"


def value_text(rule: Rule, value: Value) -> str:
    """Write a value of a rule as plain text, its unit with it."""
    if isinstance(value, str):
        return value
    if rule.unit == "share":
        return f"{value * 100:.1f}%"
    if rule.unit == "lamports":
        return f"{sol_text(int(value), signed=True)} SOL"
    if rule.unit == "usd":
        return usd_text(Decimal(value), signed=True)
    if rule.unit == "seconds":
        return duration_text(int(value))
    return return_text(float(value)) if rule.id in _RETURNS else ratio_text(float(value))


@register.filter
def figure_value(figure: Figure) -> SafeString:
    """Show the value of a figure; a dash with its reason where there is none."""
    value, rule = figure.value, figure.rule
    if value is None:
        return format_html('<span class="none" title="{}">—</span>', figure.missing_reason)
    if rule.unit == "lamports":
        return sol_gain(-int(value) if rule.id == "max_drawdown" else int(value))
    if rule.unit == "usd":
        return usd_gain(Decimal(value))
    if rule.id in _RETURNS:
        return return_gain(float(value))
    if rule.unit == "style":
        return format_html('<span class="badge style">{}</span>', _TRADERS.get(str(value), value))
    return format_html('<data class="num" value="{}">{}</data>', value, value_text(rule, value))


@register.filter
def return_gain(ratio: float | None) -> SafeString:
    """Show a return in per cent: arrow, sign and colour."""
    if ratio is None:
        return format_html('<span class="none" title="{}">—</span>', "not enough data")
    kind, arrow = ("up", "▲") if ratio > 0 else ("down", "▼") if ratio < 0 else ("flat", "")
    return format_html(
        '<data class="num gain {}" value="{}">'
        '<span class="arrow" aria-hidden="true">{}</span>{}</data>',
        kind, ratio, arrow, return_text(ratio),
    )  # fmt: skip


@register.filter
def ratio(value: float | None) -> SafeString:
    """Show a ratio."""
    if value is None:
        return format_html('<span class="none" title="{}">—</span>', "not enough data")
    return format_html('<data class="num" value="{}">{}</data>', value, ratio_text(value))


@register.filter
def duration(seconds: int | None) -> SafeString:
    """Show a span of time."""
    if seconds is None:
        return format_html('<span class="none" title="{}">—</span>', "not enough data")
    return format_html('<data class="num" value="{}">{}</data>', seconds, duration_text(seconds))


@register.filter
def interval(figure: Figure) -> str:
    """Write a figure's interval; empty where its rule has none."""
    if figure.low is None or figure.high is None:
        return ""
    if figure.rule.unit == "lamports":
        low, high = (sol_text(int(end), signed=True) for end in (figure.low, figure.high))
        return f"{low} to {high} SOL"
    low, high = (value_text(figure.rule, end) for end in (figure.low, figure.high))
    return low if low == high and figure.rule.unit == "style" else f"{low} to {high}"


@register.filter
def has_interval(figure: Figure) -> bool:
    """Whether the rule of a figure knows an interval, be the cases enough for it or not."""
    return not figure.rule.interval.startswith("none")


@register.filter
def in_full(figure: Figure) -> bool:
    """Whether all that should count in a figure does."""
    return figure.coverage is None or figure.coverage >= 1


@register.filter
def day_gain(lamports: int) -> SafeString:
    """Show a day's result where there is little room: arrow, sign, two or three digits of SOL."""
    arrow = "▲" if lamports > 0 else "▼" if lamports < 0 else ""
    return format_html(
        '<data class="num" value="{}" title="{}"><span class="arrow" aria-hidden="true">{}</span>'
        "{}</data>",
        lamports, f"{Decimal(lamports).scaleb(-9):,.9f} SOL", arrow, brief_sol(lamports),
    )  # fmt: skip


def brief_sol(lamports: int) -> str:
    """Write a result in SOL with about two digits; never zero for an amount that is not."""
    size = Decimal(abs(lamports)).scaleb(-9)
    sign = "+" if lamports > 0 else "−" if lamports < 0 else ""
    for scale, letter in ((Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k")):
        if size >= scale:
            return f"{sign}{size / scale:.1f}{letter}"
    if size >= 10:
        return f"{sign}{size:.0f}"
    if size >= 1:
        return f"{sign}{size:.1f}"
    if not size:
        return "0"
    return f"{sign}{size:.2f}" if size >= Decimal("0.01") else f"{sign}<.01"


@register.filter
def at(table: Mapping[str, str], key: str) -> str:
    """Look a word up."""
    return table[key]
