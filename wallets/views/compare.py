"""Up to five wallets beside each other: figures with their intervals, curves over one another."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from aura.core import clock
from wallets import queries
from wallets.domain.statistics import RULES, Figure
from wallets.models import Wallet, WindowStats
from wallets.queries.figures import WalletFigures, figures_of
from wallets.queries.ranking import population_prior
from wallets.views.choices import MOST_COMPARED, read_addresses, read_window
from wallets.views.curves import CurveRow, curve_of, drawn, is_by_month, tabled
from wallets.views.figures import GROUPS, grouped, window_context

# Wallets suggested while typing; whoever is not among them is added by address.
SUGGESTED: Final = 200


@require_GET
@login_required
def compare(request: HttpRequest) -> HttpResponse:
    """Show the wallets named by `w` beside each other; what the user does not see is left out."""
    asked = read_addresses(request.GET)
    visible = Wallet.objects.visible_to(request.user)
    by_address = {w.address: w for w in visible.filter(address__in=asked[:100])}
    known = [by_address[address] for address in asked if address in by_address]
    wallets = known[:MOST_COMPARED]
    context = {
        **_beside(request, wallets),
        "hidden": len(asked) - len(known),
        "too_many": len(known) - len(wallets),
        "most": MOST_COMPARED,
        "suggested": _suggested(request.user, wallets) if len(wallets) < MOST_COMPARED else [],
    }
    return render(request, "wallets/compare.html", context)


def _beside(request: HttpRequest, wallets: list[Wallet]) -> dict[str, Any]:
    window, now = read_window(request.GET), clock.now()
    prior = population_prior(window)
    stored = {
        row.wallet_id: row for row in WindowStats.objects.filter(wallet__in=wallets, window=window)
    }
    found = [figures_of(wallet, window, now=now, prior=prior) for wallet in wallets]
    columns = [
        {figure.rule.id: figure for group in grouped(one, stored.get(wallet.pk))
         for figure in group.figures}
        for wallet, one in zip(wallets, found, strict=True)
    ]  # fmt: skip
    return {
        **window_context(window),
        "wallets": [(wallet, _without(request, wallets, wallet)) for wallet in wallets],
        "groups": [(title, [_row(rule_id, wallets, columns) for rule_id in ids])
                   for title, ids in GROUPS],
        **_curves(wallets, found),
    }  # fmt: skip


def _row(rule_id: str, wallets: list[Wallet], columns: list[dict[str, Figure]]) -> dict[str, Any]:
    cells = [(w, column[rule_id]) for w, column in zip(wallets, columns, strict=True)]
    return {"rule": RULES[rule_id], "cells": cells}


def _without(request: HttpRequest, wallets: list[Wallet], gone: Wallet) -> str:
    """Return the address of the same comparison without one of its wallets."""
    rest = QueryDict(mutable=True)
    rest.setlist("w", [wallet.address for wallet in wallets if wallet != gone])
    if window := request.GET.get("window"):
        rest["window"] = window
    return f"{reverse('compare')}?{rest.urlencode()}"


def _curves(wallets: list[Wallet], found: list[WalletFigures]) -> dict[str, Any]:
    """Return the curves for the chart, and as a table of days by wallets."""
    curves = [curve_of(one.calendar) for one in found]
    until = found[0].as_of.date() if found else None
    by_month = is_by_month([row for curve in curves for row in curve])
    return {
        "chart": {
            "kind": "compare",
            "lines": [
                {"address": wallet.address, "points": drawn(curve, until=until)}
                for wallet, curve in zip(wallets, curves, strict=True)
                if until
            ],
        },
        "has_curve": any(curves),
        "by_month": by_month,
        "curve_rows": _together([tabled(curve) for curve in curves]),
    }


def _together(curves: list[list[CurveRow]]) -> list[tuple[Any, list[CurveRow | None]]]:
    """Join the tables of several curves by day, the latest first."""
    by_day = [{row.day: row for row in curve} for curve in curves]
    days = sorted({day for curve in by_day for day in curve}, reverse=True)
    return [(day, [curve.get(day) for curve in by_day]) for day in days]


def _suggested(user: Any, wallets: list[Wallet]) -> list[tuple[str, str]]:
    """Return addresses to choose from with the user's own names, the named ones first."""
    names = queries.follows_of(user, at=clock.now())
    taken = {wallet.address for wallet in wallets}
    others = Wallet.objects.visible_to(user).exclude(address__in=taken).order_by("address")
    found = [(address, str(names.get(address, {}).get("name", "")))
             for address in others.values_list("address", flat=True)[:SUGGESTED]]  # fmt: skip
    return sorted(found, key=lambda one: (not one[1], one[1].lower(), one[0]))
