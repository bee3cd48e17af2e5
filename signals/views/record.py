"""How signals ended: the scoreboard, and the public record."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from signals.domain import grading, scoreboard
from signals.domain.rules import CURRENT
from signals.forms import read_group
from signals.queries.board import Group, retired_strategies
from signals.queries.pages_record import board_of, exported_lines, headline, record_page

GROUP_WORDS: Final[dict[Group, str]] = {
    "alert": "Alerts",
    "watch": "Watch",
    "exit": "Exit",
    "shadow": "Shadows",
}
_LINES_A_PIECE: Final = 200


@require_GET
@login_required
def scoreboard_page(request: HttpRequest) -> HttpResponse:
    """Show what each strategy's record proves, and how they overlap."""
    group = read_group(request.GET)
    board = board_of(group)
    context = {
        "group": group,
        "groups": GROUP_WORDS,
        "board": board,
        "names": [line.name for line in board.lines],
        "horizons": [*grading.HORIZONS, "exit"],
        "retired": retired_strategies(),
        "headline_at": scoreboard.HEADLINE_AT,
        "claim_at": scoreboard.CLAIM_AT,
        "rules": CURRENT.version,
        "grading": grading.VERSION,
    }
    return render(request, "signals/scoreboard.html", context)


@require_GET
def record(request: HttpRequest) -> HttpResponse:
    """Show every published signal and how it ended, to everybody."""
    context = {
        "record": record_page(request.GET.get("page", ""), now=clock.now()),
        "line": headline(),
        "rules": CURRENT.version,
        "grading": grading.VERSION,
        "retired": retired_strategies(),
    }
    return render(request, "signals/record.html", context)


@require_GET
def export_record(request: HttpRequest) -> HttpResponseBase:
    """Send the record as a file that `bin/manage verify_record` checks."""
    pieces = _pieces(exported_lines())
    sent = _one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(sent, content_type="application/jsonl; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="aura-record.jsonl"'
    return answer


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) == _LINES_A_PIECE:
            yield "\n".join(held) + "\n"
            held.clear()
    if held:
        yield "\n".join(held) + "\n"


async def _one_by_one(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Fetch each piece in a thread: an asynchronous server would collect a plain one whole."""
    fetch = sync_to_async(lambda: next(pieces, None))
    while (piece := await fetch()) is not None:
        yield piece
