"""The front hall's pages: Overview, and what every page has in common."""

import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_GET

from aura.core import clock
from aura.core.world import is_sandbox
from signals.queries.pages import SignalChoice, open_cards
from wallets import queries

# A visit ends when no page was asked for so long.
VISIT_GAP: Final = timedelta(minutes=30)
_NOTE_EVERY: Final = timedelta(minutes=1)
THEMES: Final = ("dark", "light")
LATEST_ROWS: Final = 15
SIGNALS_SHOWN: Final = 5
_DAY: Final = timedelta(hours=24)


def house(request: HttpRequest) -> dict[str, Any]:
    """Give every template the world, the theme, the clock and the user's own wallet names."""
    theme = request.COOKIES.get("theme", "")
    user = getattr(request, "user", None)

    @cache
    def names() -> dict[str, dict[str, Any]]:
        return queries.follows_of(user, at=clock.now()) if user is not None else {}

    return {
        "is_sandbox": is_sandbox(),
        "inbox_url": f"{settings.SANDBOX_URL}/inbox" if settings.SANDBOX_URL else "",
        "theme": theme if theme in THEMES else "",
        "now": clock.now(),
        "clock_speed": os.environ.get("AURA_CLOCK", "0:0:1").rpartition(":")[2],
        # Called by the templates that show a name, so the others ask the database nothing.
        "names": names,
    }


@require_GET
def favicon(_request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for the icon by its old name to ours."""
    return redirect(static("img/mark.svg"))


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show what happened since the last visit; a short welcome to who is not signed in."""
    if not request.user.is_authenticated:
        return render(request, "landing.html")
    since, seen_trade = _last_visit(request)
    day = queries.day_of(request.user, since=clock.now() - _DAY)
    latest = queries.latest_trades(request.user, at=clock.now())[:LATEST_ROWS]
    context = {
        "since": since,
        "new_trades": queries.recorded_after(request.user, seen_trade),
        "cards": queries.whale_cards(request.user),
        "day": day,
        "rows": queries.trade_rows(latest),
        "signals": open_cards(
            request.user, SignalChoice(), now=clock.now(), limit=SIGNALS_SHOWN
        ).cards,
    }
    return render(request, "overview.html", context)


def _last_visit(request: HttpRequest) -> tuple[datetime | None, int]:
    """Return when the visit before this one ended and the newest trade then; keep both going.

    Refreshes a page makes by itself do not prolong a visit.
    """
    session, now = request.session, clock.now()
    ended = session.get("visit_until")
    if "X-Live" in request.headers and ended:
        return _moment(session.get("visit_since")), session.get("visit_trade", 0)
    if ended is None or now - datetime.fromisoformat(ended) > VISIT_GAP:
        session["visit_since"] = ended
        session["visit_trade"] = session.get("visit_newest") or queries.newest_trade_id()
    if ended is None or now - datetime.fromisoformat(ended) > _NOTE_EVERY:
        session["visit_until"] = now.isoformat()
        session["visit_newest"] = queries.newest_trade_id()
    return _moment(session["visit_since"]), session["visit_trade"]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
