"""Numbers on pages: exact underneath, short to read, signed, and never by colour alone."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from aura.core.solana import LAMPORTS_PER_SOL

register = template.Library()

MINUS: Final = "\N{MINUS SIGN}"
_SCALES: Final = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))


def _none(why: str) -> SafeString:
    return format_html('<span class="none" title="{}">—</span>', why)


def _trimmed(value: Decimal, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _two_digits(value: Decimal) -> str:
    """Round to two significant digits, without an exponent."""
    return f"{Decimal(f'{value:.1e}'):f}"


def _sign(value: Decimal | int, *, signed: bool = False) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value > 0 else ""


def sol_text(lamports: int, *, signed: bool = False) -> str:
    """Write lamports in SOL, shorter the larger; never zero for an amount that is not."""
    size = Decimal(abs(lamports)) / LAMPORTS_PER_SOL
    if size >= 1000:
        text = f"{size:,.0f}"
    elif size >= 1:
        text = f"{size:,.2f}"
    elif size >= Decimal("0.001"):
        text = f"{size:.4f}"
    else:
        text = _trimmed(size, 9)
    return _sign(lamports, signed=signed) + text


def usd_text(usd: Decimal, *, signed: bool = False) -> str:
    """Write dollars: cents below a thousand, two significant digits below a cent."""
    size = abs(Decimal(usd))
    for scale, letter in _SCALES:
        if size >= scale:
            return f"{_sign(usd, signed=signed)}${size / scale:,.2f}{letter}"
    if size >= 1000:
        text = f"{size:,.0f}"
    elif size >= Decimal("0.01") or not size:
        text = f"{size:,.2f}"
    else:
        text = _two_digits(size)
    return f"{_sign(usd, signed=signed)}${text}"


def amount_text(raw: int, decimals: int) -> str:
    """Write a token amount compactly: 1.23M, 45,600, 0.0012."""
    size = Decimal(abs(raw)).scaleb(-decimals)
    for scale, letter in _SCALES:
        if size >= scale:
            return f"{_sign(raw)}{_trimmed(size / scale, 2)}{letter}"
    places = 0 if size >= 1000 else 2 if size >= 1 else 6
    text = _trimmed(size, places)
    return _sign(raw) + (_two_digits(size) if text == "0" and size else text)


def _exact_sol(lamports: int) -> str:
    return f"{Decimal(lamports).scaleb(-9):,.9f} SOL"


@register.filter
def sol(lamports: int | None) -> SafeString:
    """Show an amount in SOL; the exact one stands in the title."""
    if lamports is None:
        return _none("value unknown")
    return format_html(
        '<data class="num" value="{}" title="{}">{} <small>SOL</small></data>',
        str(lamports), _exact_sol(lamports), sol_text(lamports),
    )  # fmt: skip


@register.filter
def usd(value: Decimal | None) -> SafeString:
    """Show dollars; a dash where no price is known."""
    if value is None:
        return _none("no price known")
    return format_html(
        '<data class="num" value="{}" title="${}">{}</data>',
        str(value), f"{value:,}", usd_text(value),
    )  # fmt: skip


def _gain(value: Decimal | int, exact: str, text: str, unit: str) -> SafeString:
    kind, arrow = ("up", "▲") if value > 0 else ("down", "▼") if value < 0 else ("flat", "")
    return format_html(
        '<data class="num gain {}" value="{}" title="{}">'
        '<span class="arrow" aria-hidden="true">{}</span>{}{}</data>',
        kind, str(value), exact, arrow, text,
        format_html(" <small>{}</small>", unit) if unit else "",
    )  # fmt: skip


@register.filter
def sol_gain(lamports: int | None) -> SafeString:
    """Show a result in SOL: arrow, sign and colour."""
    if lamports is None:
        return _none("cost or proceeds unknown")
    return _gain(lamports, _exact_sol(lamports), sol_text(lamports, signed=True), "SOL")


@register.filter
def usd_gain(value: Decimal | None) -> SafeString:
    """Show a result in dollars: arrow, sign and colour."""
    if value is None:
        return _none("no price known for every piece")
    return _gain(value, f"{value:,} USD", usd_text(value, signed=True), "")


@register.simple_tag
def amount(raw: int | None, decimals: int | None) -> SafeString:
    """Show a token amount; raw units, named as such, while the decimals are unknown."""
    if raw is None:
        return _none("amount unknown")
    if decimals is None:
        return format_html(
            '<data class="num" value="{}">{} <small>raw</small></data>', str(raw), f"{raw:,}"
        )
    exact = f"{Decimal(raw).scaleb(-decimals):,f}"
    return format_html(
        '<data class="num" value="{}" title="{}">{}</data>',
        str(raw), exact, amount_text(raw, decimals),
    )  # fmt: skip


@register.filter
def percent(fraction: float | None) -> SafeString:
    """Show a share of one as a percentage with one decimal."""
    if fraction is None:
        return _none("not known yet")
    return format_html('<span class="num">{}%</span>', f"{fraction * 100:.1f}")


@register.filter
def points(hundredths_of_a_percent: int) -> str:
    """Show a fee told in hundredths of a per cent as a percentage."""
    return f"{Decimal(hundredths_of_a_percent) / 100:.2f}%"


@register.filter
def grade(win_rate: float | None) -> str:
    """Grade a win rate as the original did: good above 60 %, fair above 50 %."""
    if win_rate is None:
        return "none"
    return "good" if win_rate > 0.6 else "fair" if win_rate > 0.5 else "poor"


@register.filter
def hundredths(fraction: float | None) -> str:
    """Turn a share of one into a coordinate from 0 to 100 for a drawing."""
    return f"{(fraction or 0) * 100:.2f}"


@register.simple_tag
def notch(fraction: float) -> str:
    """Return where a mark two units wide begins so that it stays within 0 to 100."""
    return f"{fraction * 98:.2f}"


@register.simple_tag
def span_of(low: float | None, high: float | None) -> str:
    """Return the width from low to high, from 0 to 100, for a drawing."""
    return f"{((high or 0) - (low or 0)) * 100:.2f}"
