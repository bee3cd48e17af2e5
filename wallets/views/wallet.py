"""One wallet's page, one position's, and what may be read of its history."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from aura.core import clock
from aura.core.errors import Refused
from billing.entitlements import entitlements
from wallets import actions, queries
from wallets.forms import SPANS, FollowEdit, read_span
from wallets.models import Follow, HistoryRead, Position, Trade, Wallet
from wallets.views.figures import figures_context
from wallets.views.parts import find_wallet, followed_by, trade_page

POSITIONS_A_PAGE = 15
TRADES_A_PAGE = 30


@require_GET
@login_required
def wallet(request: HttpRequest, address: str) -> HttpResponse:
    """Show one wallet: its figures, positions, trades and holdings."""
    return wallet_page(request, find_wallet(request, address))


def wallet_page(
    request: HttpRequest, shown: Wallet, *, status: int = 200, **told: Any
) -> HttpResponse:
    """Render a wallet's page; `told` are errors and forms of what was just refused."""
    follow = followed_by(request, shown)
    positions = Paginator(queries.positions_of(shown), POSITIONS_A_PAGE).get_page(
        request.GET.get("positions")
    )
    trades = queries.with_status(Trade.objects.filter(wallet=shown))
    context = {
        "wallet": shown,
        "stats": queries.stats_of(shown),
        "stays": list(queries.stays_of(shown)),
        "positions": positions,
        "position_rows": queries.position_rows(positions),
        "holdings": queries.holdings_of(shown),
        **own_context(request, shown, follow),
        **figures_context(request, shown),
        **_history(shown, may_read=_may_read(request, follow)),
        **trade_page(request, trades.order_by("-slot", "-tx_index", "-id"), TRADES_A_PAGE),
        **told,
    }
    return render(request, "wallets/wallet.html", context, status=status)


def own_context(request: HttpRequest, shown: Wallet, follow: Follow | None) -> dict[str, Any]:
    """Return what the user himself keeps about a wallet: his follow, its form, his lists."""
    return {
        "follow": follow,
        "is_muted": follow is not None and follow.is_muted(clock.now()),
        "edit": FollowEdit.of(follow),
        "lists": list(queries.lists_beside(request.user, shown)),
    }


def _may_read(request: HttpRequest, follow: Follow | None) -> bool:
    """Whether the user may have history read: it costs the house credits."""
    return follow is not None or request.user.is_staff


def _history(shown: Wallet, *, may_read: bool) -> dict[str, Any]:
    return {
        "reading": HistoryRead.objects.filter(wallet=shown).order_by("-pk").first(),
        "may_read": may_read,
        "spans": [(value, label) for value, (label, _) in SPANS.items()],
        "hot_cap": settings.HOT_WALLET,
    }


@require_POST
@login_required
def read_again(request: HttpRequest, address: str) -> HttpResponse:
    """Have a wallet's history read again, back as far as asked for and the plan goes."""
    shown = find_wallet(request, address)
    if not _may_read(request, followed_by(request, shown)):
        return wallet_page(request, shown, read_error="Follow this wallet first.", status=403)
    now = clock.now()
    allowed = entitlements(get_user(request)).history
    span = read_span(request.POST.get("span", ""), allowed=allowed)
    try:
        actions.ask_reading(
            shown, kind=HistoryRead.Kind.REPAIR, horizon=None if span is None else now - span,
            at=now, by=get_user(request),
        )  # fmt: skip
    except Refused as error:
        return wallet_page(request, shown, read_error=str(error), status=422)
    return redirect(f"{shown.get_absolute_url()}#history-title")


@require_POST
@login_required
def cancel_reading(request: HttpRequest, address: str) -> HttpResponse:
    """Cancel the reading of a wallet's history; what was recorded stays."""
    shown = find_wallet(request, address)
    if not _may_read(request, followed_by(request, shown)):
        return wallet_page(request, shown, read_error="Follow this wallet first.", status=403)
    actions.cancel_reading(shown, at=clock.now(), by=get_user(request))
    return redirect(f"{shown.get_absolute_url()}#history-title")


@require_GET
@login_required
def position(request: HttpRequest, address: str, mint: str, no: int) -> HttpResponse:
    """Open one position to the lots and pieces that make its result."""
    owner = find_wallet(request, address)
    found = get_object_or_404(Position, wallet=owner, mint=mint, no=no)
    context = {"wallet": owner, "story": queries.position_story(found)}
    return render(request, "wallets/position.html", context)
