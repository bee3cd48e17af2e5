"""What a page may ask for and send: lists' filters from the URL, and what is kept of a wallet."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from django import forms
from django.http import QueryDict

from aura.core.solana import LAMPORTS_PER_SOL
from wallets.actions import FollowTerms
from wallets.domain.tags import normal_tag
from wallets.models import Follow, Trade
from wallets.queries import (
    FILTERS,
    FOLLOWED,
    MAX_SEARCH,
    SORTS,
    USUAL_SORT,
    TradeFilter,
    WhaleChoice,
)

# How far back a repair reads; a plan's history may end sooner.
SPANS: Final[dict[str, tuple[str, timedelta | None]]] = {
    "1": ("the last day", timedelta(days=1)),
    "7": ("the last week", timedelta(days=7)),
    "30": ("the last 30 days", timedelta(days=30)),
    "all": ("as far as your plan goes", None),
}

# For how long a wallet can be muted, besides for good.
MUTES: Final[dict[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
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


class FollowEdit(forms.Form):
    """What a user keeps about a wallet he follows."""

    tags = forms.CharField(
        max_length=400,
        required=False,
        help_text="Separated by commas",
        widget=forms.TextInput(attrs={"placeholder": "early, memes", "autocomplete": "off"}),
    )
    min_trade_usd = forms.DecimalField(
        label="Smallest trade that is news, in USD",
        required=False,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "any", "placeholder": "0", "inputmode": "decimal"}),
    )
    notes = forms.CharField(
        max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    @classmethod
    def of(cls, follow: Follow | None) -> "FollowEdit":
        """Return the form filled with what is kept already."""
        if follow is None:
            return cls()
        return cls(
            initial={
                "tags": ", ".join(follow.tags),
                "min_trade_usd": follow.min_trade_usd,
                "notes": follow.notes,
            }
        )

    def terms(self) -> FollowTerms:
        """Return what was sent, once it is valid."""
        kept = self.cleaned_data
        return FollowTerms(
            tags=kept["tags"].split(","),
            notes=kept["notes"],
            min_trade_usd=kept["min_trade_usd"],
        )


def read_mute(text: str, *, at: datetime) -> datetime | None:
    """Read until when to mute; None: for good. What nobody offered counts as the shortest."""
    if text == "always":
        return None
    return at + MUTES.get(text, MUTES["1h"])


def read_whale_choice(sent: QueryDict) -> WhaleChoice:
    """Read `q`, `only`, `sort`, `tag` and `list`; nonsense is the default."""
    only, sort = sent.get("only", "all"), sent.get("sort", USUAL_SORT)
    listed = sent.get("list", "")
    return WhaleChoice(
        search=_plain(sent.get("q", ""))[:MAX_SEARCH],
        only=only if only in FILTERS else "all",
        sort=sort if sort.removeprefix("-") in SORTS else USUAL_SORT,
        tag=_tag(sent.get("tag", "")),
        listed=listed if listed == FOLLOWED or read_id(listed) is not None else "",
    )


def _tag(text: str) -> str:
    try:
        return normal_tag(_plain(text))
    except ValueError:
        return ""


def read_day(text: str, *, now: datetime) -> datetime | None:
    """Read a day (2026-10-31) and return its last moment, UTC; None for now and for nonsense."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    end = datetime.combine(day, time.max, tzinfo=UTC)
    return end if end < now else None


def read_trade_filter(sent: QueryDict) -> TradeFilter:
    """Read `side`, `min` (in SOL), `followed` and `muted`; what makes no sense filters nothing."""
    side = sent.get("side", "")
    return TradeFilter(
        side=side if side in Trade.Side.values else "",
        min_lamports=_lamports(sent.get("min", "")),
        followed=sent.get("followed") == "1",
        everything=sent.get("muted") == "1",
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
