"""Following a wallet, and what a user keeps about it for himself: words, minimum, mute, lists."""

from collections.abc import Callable

from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aura.core import clock
from aura.core.errors import Refused
from wallets import actions
from wallets.forms import FollowEdit, read_id, read_mute
from wallets.models import Follow, Wallet
from wallets.views.parts import find_wallet, followed_by
from wallets.views.wallet import own_context, wallet_page


@require_http_methods(["GET", "POST"])
@login_required
def follow(request: HttpRequest, address: str) -> HttpResponse:
    """Answer with the form to follow or rename (GET), or do it (POST)."""
    shown = find_wallet(request, address)
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
    shown = find_wallet(request, address)
    actions.unfollow_wallet(get_user(request), wallet=shown)
    return _followed(request, shown, is_gone=True)


@require_POST
@login_required
def edit_follow(request: HttpRequest, address: str) -> HttpResponse:
    """Keep tags, notes and minimum of a followed wallet."""
    shown = find_wallet(request, address)
    form = FollowEdit(request.POST)
    if form.is_valid():
        try:
            actions.edit_follow(get_user(request), wallet=shown, terms=form.terms())
            return _own(request, shown)
        except Refused as error:
            form.add_error(None, str(error))
    return _own(request, shown, edit=form, status=422)


@require_POST
@login_required
def mute(request: HttpRequest, address: str) -> HttpResponse:
    """Keep a followed wallet's trades out of the feed, for as long as asked for."""
    now = clock.now()
    until = read_mute(request.POST.get("for", ""), at=now)
    shown = find_wallet(request, address)
    return _doing(
        request, shown,
        lambda: actions.mute_follow(get_user(request), wallet=shown, at=now, until=until),
    )  # fmt: skip


@require_POST
@login_required
def unmute(request: HttpRequest, address: str) -> HttpResponse:
    """Let a followed wallet's trades into the feed again."""
    shown = find_wallet(request, address)
    return _doing(request, shown, lambda: actions.unmute_follow(get_user(request), wallet=shown))


@require_POST
@login_required
def place_on_lists(request: HttpRequest, address: str) -> HttpResponse:
    """Put a wallet on the lists that are ticked, and on a new one when it is named."""
    shown = find_wallet(request, address)
    user = get_user(request)
    ticked = {pk for text in request.POST.getlist("list") if (pk := read_id(text)) is not None}
    name = request.POST.get("name", "").strip()

    def place() -> None:
        actions.place_on_lists(user, wallet=shown, list_ids=ticked, new_name=name)

    return _doing(request, shown, place)


def _doing(request: HttpRequest, shown: Wallet, verb: Callable[[], object]) -> HttpResponse:
    try:
        verb()
    except Refused as error:
        return _own(request, shown, own_error=str(error), status=422)
    return _own(request, shown)


def _own(request: HttpRequest, shown: Wallet, *, status: int = 200, **told: object) -> HttpResponse:
    """Answer a script with the user's part of the page, else lead to the page or show it."""
    if request.headers.get("HX-Request"):
        context = {"wallet": shown, **own_context(request, shown, followed_by(request, shown))}
        return render(request, "wallets/own_changed.html", context | told, status=status)
    if told:
        return wallet_page(request, shown, status=status, **told)
    return redirect(f"{shown.get_absolute_url()}#own")


def _follow_form(
    request: HttpRequest, shown: Wallet, *, error: str = "", status: int = 200
) -> HttpResponse:
    mine = followed_by(request, shown)
    context = {"wallet": shown, "follow": mine, "error": error, "in_row": True}
    return render(request, "wallets/follow_form.html", context, status=status)


def _refused(request: HttpRequest, shown: Wallet, error: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return _follow_form(request, shown, error=error, status=422)
    return wallet_page(request, shown, error=error, status=422)


def _followed(request: HttpRequest, shown: Wallet, *, is_gone: bool = False) -> HttpResponse:
    """Answer a list with the row's new state, a page with itself, or the list if it is gone."""
    if request.headers.get("HX-Request"):
        return render(request, "wallets/followed.html", {"wallet": shown, "is_gone": is_gone})
    still = Wallet.objects.visible_to(request.user).filter(pk=shown.pk).exists()
    return redirect(shown) if still else redirect("whales")
