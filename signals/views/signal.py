"""One signal: why it was called, what the scanner saw, how it ended, and the same once more."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from signals.domain.grading import HORIZONS
from signals.queries.pages_replay import replay
from signals.queries.pages_signal import chart_of, detail_of


@require_GET
@login_required
def signal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a signal; with `replay` in the URL its window is judged once more."""
    now = clock.now()
    detail = detail_of(request.user, pk, now=now)
    if detail is None:
        raise Http404("no such signal")
    context = {
        "detail": detail,
        "card": detail.card,
        "signal": detail.card.signal,
        "chart": chart_of(detail, now=now),
        "horizons": list(HORIZONS),
        "replayed": replay(detail.card.signal) if "replay" in request.GET else None,
    }
    return render(request, "signals/signal.html", context)
