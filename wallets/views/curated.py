"""The curated list, for everybody: who is on it, who came, who left, and with which figures."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from wallets import queries
from wallets.forms import read_day

STAYS_A_PAGE = 50


@require_GET
def the_list(request: HttpRequest) -> HttpResponse:
    """Show the curated list as it is, or as it was at the end of a day, and its whole history."""
    day = read_day(request.GET.get("on", ""), now=clock.now())
    history = queries.curated_history()
    page = Paginator(history, STAYS_A_PAGE).get_page(request.GET.get("page"))
    members = list(queries.curated_members(on=day))
    context = {
        "day": day,
        "members": [(entry, queries.stats_of(entry.wallet)) for entry in members],
        "version": queries.curated_version(on=day),
        "page": page,
        "left": history.exclude(left_at=None).count(),
        "min_closed": queries.MIN_CLOSED,
        "min_coverage": queries.RANK_COVERAGE,
    }
    return render(request, "wallets/the_list.html", context)
