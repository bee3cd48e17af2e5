"""The signals that are open, those that closed lately, and what the latest scan said."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from signals.domain.strategies import STRATEGIES
from signals.forms import TIERS, read_choice
from signals.queries.pages import CLOSED_SHOWN, OPEN_SHOWN, closed_cards, open_cards
from signals.queries.pages_scan import scan_view

# More than a market can have open at once.
ALL: Final = 2_000
TITLES: Final = {name: strategy.TITLE for name, strategy in STRATEGIES.items()}


@require_GET
@login_required
def signals(request: HttpRequest) -> HttpResponse:
    """Show open signals, the strongest first; filters are in the URL, `all` shows the weak too."""
    choice, now = read_choice(request.GET), clock.now()
    is_all = request.GET.get("all") == "1"
    context: dict[str, Any] = {
        "choice": choice,
        "open": open_cards(request.user, choice, now=now, limit=ALL if is_all else OPEN_SHOWN),
        "is_all": is_all,
        "most_open": OPEN_SHOWN,
        "closed": closed_cards(request.user, choice, now=now),
        "most_closed": CLOSED_SHOWN,
        "scanned": scan_view(),
        "titles": TITLES,
        "tiers": TIERS,
    }
    return render(request, "signals/signals.html", context)
