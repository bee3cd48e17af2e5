"""The live feed."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from wallets import queries
from wallets.forms import read_trade_filter
from wallets.views.parts import trade_page

FEED_ROWS = 60


@require_GET
@login_required
def feed(request: HttpRequest) -> HttpResponse:
    """Show the trades of visible wallets as they happen; filters are in the URL."""
    only = read_trade_filter(request.GET)
    context = {"only": only, "min": request.GET.get("min", "") if only.min_lamports else ""}
    news = queries.latest_trades(request.user, at=clock.now(), only=only)
    return render(request, "wallets/feed.html", context | trade_page(request, news, FEED_ROWS))
