"""Why this number: any figure of a wallet opened to what makes it, as a page and as data."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from aura.core import clock, exact
from wallets import queries
from wallets.domain.statistics.following import DELAYS, SIZES_USD
from wallets.domain.statistics.rules import RULES, Rule
from wallets.models import Wallet
from wallets.queries.followers import copy_table
from wallets.queries.openings import PositionPart
from wallets.queries.why import MOST, OPENED, Part, SoldPart, Why, why
from wallets.queries.why_worth import HeldPart
from wallets.views.choices import read_count, read_follower, read_window
from wallets.views.figures import window_context
from wallets.views.parts import find_wallet

PARTS_A_PAGE: Final = 10
# Beyond it no wallet has parts, and the database takes no larger offset.
_FARTHEST: Final = 10**9

# What a figure is reckoned from, in the order of reading; names are its sums.
RECKONED: Final[dict[str, tuple[str, ...]]] = {
    "win_rate": ("wins", "÷", "closed"),
    "win_rate_strict": ("wins", "÷", "(", "closed", "+", "dead_open", ")"),
    "win_rate_adjusted": ("adjusted_wins", "÷", "adjusted_closed"),
    "win_rate_shrunk": ("wins", "of", "closed"),
    "profit_factor": ("gain_lamports", "÷", "loss_lamports"),
    "expectancy": ("(", "gain_lamports", "−", "loss_lamports", ")", "÷", "closed"),
    "payoff_ratio": (
        "(", "gain_lamports", "÷", "wins", ")", "÷", "(", "loss_lamports", "÷", "losses", ")",
    ),
    "roi": ("settled_gain_lamports", "÷", "settled_cost_lamports"),
    "hold_time": ("closed",),
    "style": ("closed",),
    "realised": ("realised_lamports", "of", "pieces"),
    "realised_usd": ("pieces", "−", "unpriced"),
    "equity": ("realised_lamports", "of", "pieces"),
    "max_drawdown": ("pieces",),
    "coverage": ("known_lamports", "÷", "sold_lamports"),
    "unrealised": ("worth_lamports", "−", "priced_cost_lamports"),
    "unrealised_mark": ("worth_lamports", "−", "priced_cost_lamports"),
    "copyability": ("(", "got_lamports", "−", "paid_lamports", ")", "÷", "paid_lamports"),
}  # fmt: skip
SUMS: Final = {
    "wins": "won",
    "losses": "lost",
    "closed": "closed, full basis",
    "dead_open": "open on dead tokens",
    "adjusted_wins": "won, of those kept",
    "adjusted_closed": "closed and kept",
    "gain_lamports": "all gains",
    "loss_lamports": "all losses",
    "settled": "opened and settled",
    "settled_gain_lamports": "result of settled ones",
    "settled_cost_lamports": "cost of settled ones",
    "opened": "opened in the window",
    "opened_cost_lamports": "cost of all opened",
    "realised_lamports": "realised",
    "pieces": "pieces sold",
    "unpriced": "pieces without a price of SOL",
    "known_lamports": "fetched by units of known cost",
    "sold_lamports": "fetched by all sales",
    "sold": "pieces sold, cost known or not",
    "worth_lamports": "worth now",
    "priced_cost_lamports": "cost of what has a price",
    "cost_lamports": "cost of all that is held",
    "paid_lamports": "put in by the follower",
    "got_lamports": "taken out",
}
# Reasons for which a figure leaves positions out, or counts them as lost.
_REASONS: Final = {
    "win_rate_adjusted": ("dust", "wash_w1", "wash_w3"),
    "win_rate_strict": ("dead",),
    "unrealised_mark": ("dead",),
}


@require_GET
@login_required
@vary_on_headers("Accept")
def why_figure(request: HttpRequest, address: str, figure: str) -> HttpResponse:
    """Open a figure: a page, or with `format=json` (or by Accept) the same as data.

    `offset` and `limit` page through its parts; `delay` and `size` choose the follower.
    """
    if figure not in OPENED:
        raise Http404
    shown = find_wallet(request, address)
    delay, size = read_follower(request.GET)
    offset = min(read_count(request.GET.get("offset", ""), 0), _FARTHEST)
    limit = max(1, min(read_count(request.GET.get("limit", ""), PARTS_A_PAGE), MOST))
    opened = why(
        shown, figure, read_window(request.GET), now=clock.now(), limit=limit, offset=offset,
        delay=delay, size_usd=size,
    )  # fmt: skip
    if _wants_data(request):
        return HttpResponse(exact.dumps(opened.told()), content_type="application/json")
    context = _context(shown, opened, limit) | {"delay": delay, "size": size}
    if figure == "copyability" and not offset:
        context["copies"] = _copies(shown, opened)
    return render(request, "wallets/why.html", context)


def _wants_data(request: HttpRequest) -> bool:
    asked = request.GET.get("format", "")
    if asked:
        return asked == "json"
    best = request.get_preferred_type(["text/html", "application/json"])
    return best == "application/json"


def _context(shown: Wallet, opened: Why, limit: int) -> dict[str, Any]:
    rule = opened.figure.rule
    tokens = queries.tokens_of(_mints(opened.parts))
    named = RECKONED[rule.id]
    last = opened.offset + len(opened.parts)
    return {
        **window_context(opened.window),
        "wallet": shown,
        "why": opened,
        "figure": opened.figure,
        "rule": rule,
        "exactly": _exactly(named, opened.sums),
        "reckoned": [_term(token, opened.sums) for token in named],
        "others": [_term(name, opened.sums) for name in opened.sums if name not in named],
        "reasons": _reasons(rule),
        "parts": [(part, _kind(part), tokens[_mint(part)]) for part in opened.parts],
        "first": opened.offset + 1,
        "last": last,
        "earlier": max(0, opened.offset - limit) if opened.offset else None,
        "later": last if last < opened.total else None,
    }


def _term(token: str, sums: dict[str, int]) -> dict[str, Any]:
    if token not in SUMS:
        return {"op": token}
    return {"label": SUMS[token], "value": sums[token], "is_sol": token.endswith("_lamports")}


def _exactly(named: Iterable[str], sums: dict[str, int]) -> str:
    """Write a reckoning in lamports out to the last one; empty where it is not in lamports."""
    tokens = list(named)
    if not any(token.endswith("_lamports") for token in tokens):
        return ""
    return " ".join(str(sums[token]) if token in sums else token for token in tokens)


def _reasons(rule: Rule) -> list[Rule]:
    return [RULES[reason] for reason in _REASONS.get(rule.id, ())]


def _kind(part: Part) -> str:
    """Name the template that opens a part."""
    if isinstance(part, PositionPart):
        return "position"
    if isinstance(part, SoldPart):
        return "sold"
    return "held" if isinstance(part, HeldPart) else "followed"


def _mint(part: Part) -> str:
    return part.piece.mint if isinstance(part, SoldPart) else part.mint


def _mints(parts: Iterable[Part]) -> set[str]:
    return {_mint(part) for part in parts}


def _copies(shown: Wallet, opened: Why) -> list[tuple[int, list[tuple[int, Any]]]]:
    """Return copyability at every delay and size that is offered, by delay."""
    told = copy_table(shown, opened.window, now=opened.as_of)
    return [(delay, [(size, told[delay, size]) for size in SIZES_USD]) for delay in DELAYS]
