"""The screener, its presets, and the screens a user keeps."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from aura.core import clock
from aura.core.errors import Refused
from signals import actions
from signals.forms import read_screen
from signals.models import Screen
from signals.queries.pages import title_of
from signals.queries.pages_screener import (
    PRESETS,
    RANGES,
    STATES,
    ScreenChoice,
    gates_of,
    screen,
    venues_of,
)
from signals.views.board import TITLES


@require_GET
@login_required
def screener(request: HttpRequest) -> HttpResponse:
    """Show the tokens of the latest reading; filters, order and page are in the URL."""
    return _page(request, request.GET)


def _page(request: HttpRequest, sent: Mapping[str, str], **told: Any) -> HttpResponse:
    choice = read_screen(sent)
    screened = screen(choice, page=sent.get("page", ""), now=clock.now())
    context = {
        "choice": choice,
        "query": urlencode(choice.plain),
        "screened": screened,
        "bounds": _bounds(choice),
        "venues": venues_of(screened.run),
        "gates": gates_of(screened.scan),
        "titles": TITLES,
        "states": STATES,
        "ranges": RANGES,
        "columns": [(name, one) for name, one in RANGES.items() if one.head],
        "presets": [
            (title_of(name), words, _address(preset.plain), preset == choice)
            for name, (words, preset) in PRESETS.items()
        ],
        "screens": [
            (kept, _address(kept.filters), kept.filters == choice.plain)
            for kept in Screen.objects.visible_to(request.user).order_by("created_at", "pk")
        ],
    }
    return render(request, "signals/screener.html", context | told, status=422 if told else 200)


def _bounds(choice: ScreenChoice) -> list[tuple[str, Any, str, str]]:
    """Return for each range its name, itself, and the bounds as they were asked."""
    asked = choice.plain
    return [
        (name, one, asked.get(f"{name}_min", ""), asked.get(f"{name}_max", ""))
        for name, one in RANGES.items()
    ]


def _address(plain: Mapping[str, str]) -> str:
    query = urlencode(plain)
    return reverse("screener") + (f"?{query}" if query else "")


@require_POST
@login_required
def save_screen(request: HttpRequest) -> HttpResponse:
    """Keep the filters that were sent under a name."""
    choice = read_screen(request.POST)
    try:
        actions.save_screen(
            get_user(request), name=request.POST.get("name", ""), filters=choice.plain
        )
    except Refused as refusal:
        return _page(request, choice.plain, error=str(refusal))
    return redirect(_address(choice.plain))


@require_POST
@login_required
def delete_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of the user's screens."""
    get_object_or_404(Screen.objects.visible_to(request.user), pk=pk)
    actions.delete_screen(get_user(request), screen_id=pk)
    return redirect("screener")
