"""The figures of one wallet on its page: cards by window, equity curve, calendar of results."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from aura.core import clock
from wallets.domain.statistics import Figure, Window
from wallets.domain.statistics.figure import missing
from wallets.domain.statistics.rates import NONE_CLOSED
from wallets.domain.statistics.rules import RULES
from wallets.models import Wallet, WindowStats
from wallets.queries.figures import WalletFigures, calendar_of, figures_of
from wallets.views.choices import WINDOWS, read_month, read_window
from wallets.views.curves import curve_of, drawn, is_by_month, tabled
from wallets.views.months import month_of

# Rule ids in the order in which the cards stand.
GROUPS: Final = (
    ("How often it wins", (
        "win_rate", "win_rate_adjusted", "win_rate_strict", "win_rate_shrunk",
    )),
    ("What it earns", (
        "realised", "realised_usd", "unrealised", "unrealised_mark", "roi", "profit_factor",
        "expectancy", "payoff_ratio", "max_drawdown",
    )),
    ("How it trades", ("hold_time", "style", "coverage", "copyability")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that belong together."""

    title: str
    figures: list[Figure]


def figures_context(request: HttpRequest, shown: Wallet) -> dict[str, Any]:
    """Return what the figures' part of a wallet's page needs; the URL chooses window and month."""
    window, now = read_window(request.GET), clock.now()
    found = figures_of(shown, window, now=now)
    all_days = found.calendar if window == Window.ALL else calendar_of(shown, Window.ALL, now=now)
    return {
        **window_context(window),
        "groups": grouped(found, _stored(shown, window)),
        "equity": equity_context(found),
        "month": month_of(all_days, read_month(request.GET.get("month", "")), now.date()),
        "undated": next((day for day in all_days if day.day is None), None),
    }


def window_context(window: Window) -> dict[str, Any]:
    """Return what the switch between windows needs."""
    words = {value: long for value, _, long in WINDOWS}
    return {"window": window, "windows": WINDOWS, "window_words": words[window]}


def grouped(found: WalletFigures, stored: WindowStats | None) -> list[Group]:
    """Return all figures in the groups and the order in which they are shown."""
    made = found.figures | {"copyability": copied(stored)}
    return [Group(title, [made[rule_id] for rule_id in ids]) for title, ids in GROUPS]


def copied(stored: WindowStats | None) -> Figure:
    """Return copyability as the last inspection stored it.

    Working it out walks through every trade of the wallet, which a page has no time for.
    """
    if stored is None or not stored.closed:
        return missing("copyability", NONE_CLOSED)
    share = stored.copy_share
    if stored.copy_return is None:
        reason = "not looked through yet" if share is None else "no closed position is measurable"
        return missing("copyability", reason, coverage=share)
    return Figure(
        RULES["copyability"], stored.copy_return, stored.copy_n, stored.copy_low, stored.copy_high,
        coverage=share, note="15 s later with $500",
    )  # fmt: skip


def equity_context(found: WalletFigures) -> dict[str, Any]:
    """Return the curve for its chart and for its table."""
    rows = curve_of(found.calendar)
    return {
        "end": found["equity"],
        "fall": found["max_drawdown"],
        "chart": {"kind": "equity", "points": drawn(rows, until=found.as_of.date())},
        "rows": tabled(rows),
        "by_month": is_by_month(rows),
    }


def _stored(shown: Wallet, window: Window) -> WindowStats | None:
    return WindowStats.objects.filter(wallet=shown, window=window).first()
