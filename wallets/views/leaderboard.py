"""Wallets ranked by what their results can prove, over a window."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from wallets.models import Wallet, WindowStats
from wallets.queries.ranking import RANK_COVERAGE, ranking
from wallets.views.choices import STYLES, BoardChoice, read_board
from wallets.views.figures import window_context

WALLETS_A_PAGE: Final = 30
# What the columns are sorted by, as told to the reader.
SORT_WORDS: Final = {
    "win": "lower end of the win rate",
    "shrunk": "win rate drawn to the population",
    "adjusted": "lower end, dust and wash left out",
    "strict": "lower end, dead tokens as lost",
    "pnl": "realised",
    "roi": "ROI",
    "profit-factor": "profit factor",
    "expectancy": "mean result of a position",
    "copy": "copyability",
    "trades": "trades",
    "hold": "hold time",
}


@require_GET
@login_required
def leaderboard(request: HttpRequest) -> HttpResponse:
    """Show the ranked wallets; window, order, filters and page are in the URL."""
    choice = read_board(request.GET)
    found = _chosen(request, choice)
    ranked = found.filter(coverage__gte=RANK_COVERAGE)
    page = Paginator(ranked, WALLETS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **window_context(choice.window),
        "choice": choice,
        "page": page,
        "unranked": found.exclude(coverage__gte=RANK_COVERAGE).count(),
        "least_coverage": RANK_COVERAGE,
        "characters": _characters(request.user),
        "styles": STYLES,
        "sorts": SORT_WORDS,
    }
    return render(request, "wallets/leaderboard.html", context)


def _chosen(request: HttpRequest, choice: BoardChoice) -> "QuerySet[WindowStats]":
    found = ranking(
        request.user, choice.window, by=choice.rank, ascending=not choice.sort.startswith("-")
    ).filter(closed__gte=choice.least)
    if choice.character:
        found = found.filter(wallet__character=choice.character)
    return found.filter(style=choice.style) if choice.style else found


def _characters(user: Any) -> list[str]:
    known = Wallet.objects.visible_to(user).exclude(character="").order_by("character")
    return list(known.values_list("character", flat=True).distinct())
