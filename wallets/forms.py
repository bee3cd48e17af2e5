"""What a page may ask for and send: lists' filters from the URL, and the follow form."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from django import forms
from django.http import QueryDict

from aura.core.solana import LAMPORTS_PER_SOL
from wallets.models import Trade
from wallets.queries import FILTERS, MAX_SEARCH, SORTS, USUAL_SORT, TradeFilter

# How far back a repair reads; a plan's history may end sooner.
SPANS: Final[dict[str, tuple[str, timedelta | None]]] = {
    "1": ("the last day", timedelta(days=1)),
    "7": ("the last week", timedelta(days=7)),
    "30": ("the last 30 days", timedelta(days=30)),
    "all": ("as far as your plan goes", None),
}


def read_span(text: str, *, allowed: timedelta | None) -> timedelta | None:
    """Read the span of a repair, no longer than allowed; None: to the beginning.

    What nobody offered counts as the shortest.
    """
    span = SPANS.get(text, SPANS["1"])[1]
    if span is None or allowed is None:
        return span or allowed
    return min(span, allowed)


class FollowForm(forms.Form):
    """Follow a wallet by address, under a name of one's own."""

    address = forms.CharField(
        max_length=100,
        widget=forms.TextInput(
            attrs={"placeholder": "Solana address", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    nickname = forms.CharField(
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Optional", "autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True)
class WhaleChoice:
    """The Whales page's search, filter and sort, as the URL told them; nonsense is the default."""

    search: str
    only: str
    sort: str

    @classmethod
    def read(cls, sent: QueryDict) -> "WhaleChoice":
        """Read `q`, `only` and `sort`."""
        only, sort = sent.get("only", "all"), sent.get("sort", USUAL_SORT)
        return cls(
            search=_plain(sent.get("q", ""))[:MAX_SEARCH],
            only=only if only in FILTERS else "all",
            sort=sort if sort.removeprefix("-") in SORTS else USUAL_SORT,
        )


def read_trade_filter(sent: QueryDict) -> TradeFilter:
    """Read `side`, `min` (in SOL) and `followed`; what makes no sense filters nothing."""
    side = sent.get("side", "")
    return TradeFilter(
        side=side if side in Trade.Side.values else "",
        min_lamports=_lamports(sent.get("min", "")),
        followed=sent.get("followed") == "1",
    )


def read_id(text: str) -> int | None:
    """Read a row's id from the URL, or None."""
    is_id = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_id else None


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()


def _lamports(text: str) -> int:
    try:
        amount = Decimal(text.strip()[:20])
    except InvalidOperation:
        return 0
    if not amount.is_finite() or not 0 < amount < 1_000_000_000:
        return 0
    return int(amount * LAMPORTS_PER_SOL)
