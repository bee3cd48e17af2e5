"""A user's own lists: made, shown, filled, shared by a secret link."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aura.core.errors import Refused
from wallets import actions, queries
from wallets.domain.addresses import is_address
from wallets.models import Wallet, WalletList


@require_http_methods(["GET", "POST"])
@login_required
def lists(request: HttpRequest) -> HttpResponse:
    """Show the user's lists (GET), or make one (POST)."""
    error = ""
    if request.method == "POST":
        try:
            kept = actions.create_list(get_user(request), name=request.POST.get("name", ""))
            return redirect(kept)
        except Refused as refusal:
            error = str(refusal)
    context = {"lists": queries.lists_of(request.user), "error": error}
    return render(request, "wallets/lists.html", context, status=422 if error else 200)


@require_GET
@login_required
def one_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of the user's lists with its wallets."""
    return _list_page(request, _list(request, pk))


def _list(request: HttpRequest, pk: int) -> WalletList:
    mine = WalletList.objects.visible_to(request.user).select_related("user")
    return get_object_or_404(mine, pk=pk)


def _list_page(request: HttpRequest, kept: WalletList, **told: Any) -> HttpResponse:
    context = {
        "list": kept,
        "link": _link(request, kept),
        "wallets": _with_figures(kept),
        "unseen": list(queries.listed(kept, visible=False)),
    }
    status = 422 if told else 200
    return render(request, "wallets/list.html", context | told, status=status)


def _link(request: HttpRequest, kept: WalletList) -> str:
    """Return the whole address of a shared list, empty while it is not shared."""
    if not kept.share_token:
        return ""
    return request.build_absolute_uri(kept.get_shared_url())


def _with_figures(kept: WalletList) -> list[tuple[Wallet, Any]]:
    return [(wallet, queries.stats_of(wallet)) for wallet in queries.listed(kept)]


@require_POST
@login_required
def rename_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a list another name."""
    name = request.POST.get("name", "")
    return _doing(
        request, pk, lambda: actions.rename_list(get_user(request), list_id=pk, name=name)
    )


@require_POST
@login_required
def delete_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a list; its wallets stay followed."""
    _list(request, pk)
    actions.delete_list(get_user(request), list_id=pk)
    return redirect("lists")


@require_POST
@login_required
def add_to_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a wallet the user sees on a list, by its address."""
    address = request.POST.get("address", "").strip()
    seen = Wallet.objects.visible_to(request.user)
    found = seen.filter(address=address).first() if is_address(address) else None

    def add() -> None:
        if found is None:
            raise Refused("You see no wallet of this address. Follow it first, then add it.")
        actions.add_to_list(get_user(request), list_id=pk, wallet=found)

    return _doing(request, pk, add)


@require_POST
@login_required
def remove_from_list(request: HttpRequest, pk: int, address: str) -> HttpResponse:
    """Take a wallet off a list, also one the user does not see any more."""
    gone = get_object_or_404(Wallet, address=address, lists=_list(request, pk))
    return _doing(
        request, pk, lambda: actions.remove_from_list(get_user(request), list_id=pk, wallet=gone)
    )


@require_POST
@login_required
def share_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the secret link under which others read a list."""
    return _doing(request, pk, lambda: actions.share_list(get_user(request), list_id=pk))


@require_POST
@login_required
def unshare_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the link back."""
    return _doing(request, pk, lambda: actions.unshare_list(get_user(request), list_id=pk))


def _doing(request: HttpRequest, pk: int, verb: Callable[[], object]) -> HttpResponse:
    kept = _list(request, pk)
    try:
        verb()
    except Refused as error:
        return _list_page(request, kept, error=str(error))
    return redirect(kept)


@never_cache
@require_GET
def shared_list(request: HttpRequest, token: str) -> HttpResponse:
    """Show a shared list to whoever has its link: wallets and figures, no word of its owner's.

    A link that was taken back leads to 404. Search engines are asked to stay away.
    """
    kept = get_object_or_404(WalletList.objects.shared_as(token).select_related("user"))
    context = {"list": kept, "wallets": _with_figures(kept)}
    answer = render(request, "wallets/shared_list.html", context)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
