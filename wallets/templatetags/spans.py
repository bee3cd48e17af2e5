"""How long something has lasted, for figures that are measured anew with every refresh."""

from datetime import timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from wallets.templatetags.marks import ago_text

register = template.Library()


@register.filter
def lasting(age: timedelta | None) -> SafeString:
    """Show a duration in its largest whole unit; the seconds stand in the title."""
    if age is None:
        return format_html('<span class="none" title="{}">—</span>', "nothing to measure yet")
    seconds = int(age.total_seconds())
    text = ago_text(age).removesuffix(" ago") if seconds else "0 s"
    return format_html('<span class="num" title="{} s">{}</span>', f"{seconds:,}", text)
