"""The Whales page, and following a wallet by its address."""

from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from aura.core.errors import Refused
from wallets import actions, queries
from wallets.forms import FollowForm, read_whale_choice

WHALES_A_PAGE = 30


@require_GET
@login_required
def whales(request: HttpRequest) -> HttpResponse:
    """Show the wallets visible to the user; search, filter, sort and page are in the URL."""
    return _whales(request, FollowForm())


def _whales(request: HttpRequest, form: FollowForm, status: int = 200) -> HttpResponse:
    choice = read_whale_choice(request.GET)
    found = queries.whales(request.user, choice)
    page = Paginator(found, WHALES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cards": queries.whale_cards(request.user),
        "choice": choice,
        "form": form,
        "page": page,
        "wallets": [(wallet, queries.stats_of(wallet)) for wallet in page],
        "tags": queries.tags_of(request.user),
        "lists": queries.lists_of(request.user),
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
