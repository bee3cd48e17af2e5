"""What several pages look up in the same way."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from wallets import queries
from wallets.forms import read_id
from wallets.models import Follow, Trade, Wallet


def find_wallet(request: HttpRequest, address: str) -> Wallet:
    """Return a wallet the user sees, with its figures; 404 for any other."""
    visible = Wallet.objects.visible_to(request.user).select_related("stats")
    return get_object_or_404(visible, address=address)


def followed_by(request: HttpRequest, shown: Wallet) -> Follow | None:
    """Return the user's follow of a wallet, if he follows it."""
    return Follow.objects.visible_to(request.user).filter(wallet=shown).first()


def after_last(
    request: HttpRequest, trades: "QuerySet[Trade]"
) -> tuple["QuerySet[Trade]", Trade | None]:
    """Narrow newest-first trades to those after the one named by `before` in the URL, if any."""
    last_id = read_id(request.GET.get("before", ""))
    last = trades.filter(pk=last_id).first() if last_id else None
    return (trades if last is None else queries.older_than(trades, last)), last


def trade_page(request: HttpRequest, trades: "QuerySet[Trade]", size: int) -> dict[str, Any]:
    """Cut one page out of newest-first trades, after the one named by `before` in the URL."""
    trades, last = after_last(request, trades)
    found = list(trades[: size + 1])
    return {
        "rows": queries.trade_rows(found[:size]),
        "older": found[size - 1].pk if len(found) > size else None,
        "is_newest": last is None,
    }
