"""The wallets app's pages: Whales, one wallet, one position, the live feed, following."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aura.core import clock
from aura.core.errors import Refused
from billing.entitlements import entitlements
from wallets import actions, queries
from wallets.forms import SPANS, FollowForm, WhaleChoice, read_id, read_span, read_trade_filter
from wallets.models import Follow, HistoryRead, Position, Trade, Wallet

WHALES_A_PAGE = 30
POSITIONS_A_PAGE = 15
TRADES_A_PAGE = 30
FEED_ROWS = 60


def _wallet(request: HttpRequest, address: str) -> Wallet:
    visible = Wallet.objects.visible_to(request.user).select_related("stats")
    return get_object_or_404(visible, address=address)


def _trade_page(request: HttpRequest, trades: "QuerySet[Trade]", size: int) -> dict[str, Any]:
    """Cut one page out of newest-first trades, after the one named by `before` in the URL."""
    last_id = read_id(request.GET.get("before", ""))
    last = trades.filter(pk=last_id).first() if last_id else None
    if last is not None:
        trades = queries.older_than(trades, last)
    found = list(trades[: size + 1])
    return {
        "rows": queries.trade_rows(found[:size]),
        "older": found[size - 1].pk if len(found) > size else None,
        "is_newest": last is None,
    }


@require_GET
@login_required
def whales(request: HttpRequest) -> HttpResponse:
    """Show the wallets visible to the user; search, filter, sort and page are in the URL."""
    return _whales(request, FollowForm())


def _whales(request: HttpRequest, form: FollowForm, status: int = 200) -> HttpResponse:
    choice = WhaleChoice.read(request.GET)
    found = queries.whales(request.user, search=choice.search, only=choice.only, sort=choice.sort)
    page = Paginator(found, WHALES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cards": queries.whale_cards(request.user),
        "choice": choice,
        "form": form,
        "page": page,
        "wallets": [(wallet, queries.stats_of(wallet)) for wallet in page],
    }
    return render(request, "wallets/whales.html", context, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def add_wallet(request: HttpRequest) -> HttpResponse:
    """Follow a wallet by its address; a refusal is shown beside the form.

    GET leads to Whales: it is what a reload after a refusal asks for.
    """
    if request.method == "GET":
        return redirect("whales")
    form = FollowForm(request.POST)
    if form.is_valid():
        try:
            follow = actions.follow_wallet(get_user(request), **form.cleaned_data)
            return redirect(follow.wallet)
        except Refused as error:
            form.add_error("address", str(error))
    # The form stands below the table: the browser scrolls to what has the focus.
    form.fields["address"].widget.attrs["autofocus"] = True
    return _whales(request, form, status=422)


@require_GET
@login_required
def wallet(request: HttpRequest, address: str) -> HttpResponse:
    """Show one wallet: its figures, positions, trades and holdings."""
    return _wallet_page(request, _wallet(request, address))


def _wallet_page(
    request: HttpRequest,
    shown: Wallet,
    *,
    error: str = "",
    read_error: str = "",
    status: int = 200,
) -> HttpResponse:
    follow = _followed_by(request, shown)
    positions = Paginator(queries.positions_of(shown), POSITIONS_A_PAGE).get_page(
        request.GET.get("positions")
    )
    trades = queries.with_status(Trade.objects.filter(wallet=shown))
    context = {
        "wallet": shown,
        "stats": queries.stats_of(shown),
        "follow": follow,
        "error": error,
        "positions": positions,
        "position_rows": queries.position_rows(positions),
        "holdings": queries.holdings_of(shown),
        **_history(shown, read_error, may_read=_may_read(request, follow)),
        **_trade_page(request, trades.order_by("-slot", "-tx_index", "-id"), TRADES_A_PAGE),
    }
    return render(request, "wallets/wallet.html", context, status=status)


def _followed_by(request: HttpRequest, shown: Wallet) -> Follow | None:
    return Follow.objects.visible_to(request.user).filter(wallet=shown).first()


def _may_read(request: HttpRequest, follow: Follow | None) -> bool:
    """Whether the user may have history read: it costs the house credits."""
    return follow is not None or request.user.is_staff


def _history(shown: Wallet, error: str, *, may_read: bool) -> dict[str, Any]:
    return {
        "reading": HistoryRead.objects.filter(wallet=shown).order_by("-pk").first(),
        "may_read": may_read,
        "spans": [(value, label) for value, (label, _) in SPANS.items()],
        "hot_cap": settings.HOT_WALLET,
        "read_error": error,
    }


@require_POST
@login_required
def read_again(request: HttpRequest, address: str) -> HttpResponse:
    """Have a wallet's history read again, back as far as asked for and the plan goes."""
    shown = _wallet(request, address)
    if not _may_read(request, _followed_by(request, shown)):
        return _wallet_page(request, shown, read_error="Follow this wallet first.", status=403)
    now = clock.now()
    allowed = entitlements(get_user(request)).history
    span = read_span(request.POST.get("span", ""), allowed=allowed)
    try:
        actions.ask_reading(
            shown, kind=HistoryRead.Kind.REPAIR, horizon=None if span is None else now - span,
            at=now, by=get_user(request),
        )  # fmt: skip
    except Refused as error:
        return _wallet_page(request, shown, read_error=str(error), status=422)
    return redirect(f"{shown.get_absolute_url()}#history-title")


@require_POST
@login_required
def cancel_reading(request: HttpRequest, address: str) -> HttpResponse:
    """Cancel the reading of a wallet's history; what was recorded stays."""
    shown = _wallet(request, address)
    if not _may_read(request, _followed_by(request, shown)):
        return _wallet_page(request, shown, read_error="Follow this wallet first.", status=403)
    actions.cancel_reading(shown, at=clock.now(), by=get_user(request))
    return redirect(f"{shown.get_absolute_url()}#history-title")


@require_GET
@login_required
def position(request: HttpRequest, address: str, mint: str, no: int) -> HttpResponse:
    """Open one position to the lots and pieces that make its result."""
    owner = _wallet(request, address)
    found = get_object_or_404(Position, wallet=owner, mint=mint, no=no)
    context = {"wallet": owner, "story": queries.position_story(found)}
    return render(request, "wallets/position.html", context)


@require_GET
@login_required
def feed(request: HttpRequest) -> HttpResponse:
    """Show the trades of visible wallets as they happen; filters are in the URL."""
    only = read_trade_filter(request.GET)
    context = {"only": only, "min": request.GET.get("min", "") if only.min_lamports else ""}
    context |= _trade_page(request, queries.latest_trades(request.user, only=only), FEED_ROWS)
    return render(request, "wallets/feed.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def follow(request: HttpRequest, address: str) -> HttpResponse:
    """Answer with the form to follow or rename (GET), or do it (POST)."""
    shown = _wallet(request, address)
    if request.method == "GET":
        return _follow_form(request, shown)
    nickname = request.POST.get("nickname", "")
    try:
        if Follow.objects.visible_to(request.user).filter(wallet=shown).exists():
            actions.rename_follow(get_user(request), wallet=shown, nickname=nickname)
        else:
            actions.follow_wallet(get_user(request), address=shown.address, nickname=nickname)
    except Refused as error:
        return _refused(request, shown, str(error))
    return _followed(request, shown)


@require_POST
@login_required
def unfollow(request: HttpRequest, address: str) -> HttpResponse:
    """Stop following; the wallet may leave the user's sight with it."""
    shown = _wallet(request, address)
    actions.unfollow_wallet(get_user(request), wallet=shown)
    return _followed(request, shown)


def _follow_form(
    request: HttpRequest, shown: Wallet, *, error: str = "", status: int = 200
) -> HttpResponse:
    mine = Follow.objects.visible_to(request.user).filter(wallet=shown).first()
    context = {"wallet": shown, "follow": mine, "error": error, "in_row": True}
    return render(request, "wallets/follow_form.html", context, status=status)


def _refused(request: HttpRequest, shown: Wallet, error: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return _follow_form(request, shown, error=error, status=422)
    return _wallet_page(request, shown, error=error, status=422)


def _followed(request: HttpRequest, shown: Wallet) -> HttpResponse:
    """Answer a list with the row's new state, a page with itself, or the list if it is gone."""
    if request.headers.get("HX-Request"):
        return render(request, "wallets/followed.html", {"wallet": shown})
    still = Wallet.objects.visible_to(request.user).filter(pk=shown.pk).exists()
    return redirect(shown) if still else redirect("whales")
