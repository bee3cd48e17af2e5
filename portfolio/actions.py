"""Every write of the portfolio app, one verb each."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from aura.core import solana
from aura.core.errors import Refused
from portfolio.models import ManualPosition, WatchlistEntry

NOTE_LENGTH: Final = 4_000
_STEP: Final = Decimal(1).scaleb(-ManualPosition.PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTerms:
    """A position in the user's own words; quantity in tokens, the price in USD a token."""

    mint: str
    quantity: Decimal
    entry_price_usd: Decimal | None = None
    opened_at: datetime | None = None
    is_closed: bool = False
    closed_at: datetime | None = None
    note: str = ""

    def checked(self) -> "PositionTerms":
        """Return the terms as a row holds them; amounts are rounded to 18 places.

        Raises Refused for what no position can be.
        """
        price = self.entry_price_usd
        if self.closed_at is not None and not self.is_closed:
            raise Refused("An open position has no closing time.")
        if self.closed_at and self.opened_at and self.closed_at < self.opened_at:
            raise Refused("The position closes before it opens.")
        return PositionTerms(
            mint=_mint(self.mint), quantity=checked_quantity(self.quantity),
            entry_price_usd=None if price is None else checked_price(price),
            opened_at=self.opened_at, is_closed=self.is_closed, closed_at=self.closed_at,
            note=_note(self.note),
        )  # fmt: skip


def checked_quantity(given: Decimal) -> Decimal:
    """Return a quantity rounded to 18 places. Raises Refused for one that no position has."""
    quantity = _amount(given, "The quantity")
    if quantity <= 0:
        raise Refused("The quantity is not above zero.")
    return quantity


def checked_price(given: Decimal) -> Decimal:
    """Return a price in USD rounded to 18 places. Raises Refused for one that no token has."""
    price = _amount(given, "The entry price")
    if price < 0:
        raise Refused("The entry price is below zero.")
    return price


@transaction.atomic
def watch_token(
    user: Any, *, mint: str, note: str = "", added_at: datetime | None = None
) -> tuple[WatchlistEntry, bool]:
    """Put a token on the user's watchlist; say whether it is new there.

    A token that is on it already stays as it is. Raises Refused for a bad mint or a long note.
    """
    values = {"note": _note(note), "added_at": added_at or timezone.now()}
    return WatchlistEntry.objects.get_or_create(user=user, mint=_mint(mint), defaults=values)


@transaction.atomic
def note_position(
    user: Any, *, terms: PositionTerms, origin: str = ""
) -> tuple[ManualPosition, bool]:
    """Keep a position as the user states it; say whether it is new.

    `origin` names the row of an import: a position of an origin known already stays as it is,
    also where the user has changed it since. Raises Refused for what no position can be.
    """
    kept = terms.checked()
    values = {name: getattr(kept, name) for name in PositionTerms.__slots__}
    if not origin:
        return ManualPosition.objects.create(user=user, **values), True
    return ManualPosition.objects.get_or_create(user=user, origin=origin, defaults=values)


def _mint(given: str) -> str:
    try:
        return solana.address(given)
    except ValueError as error:
        raise Refused(f"That is no token's address: {error}.") from None


def _note(given: str) -> str:
    """Tidy a note: line breaks stay, other control characters go."""
    tidy = "".join(c for c in given if c.isprintable() or c in "\n\t").strip()
    if len(tidy) > NOTE_LENGTH:
        raise Refused(f"A note has at most {NOTE_LENGTH:,} characters.")
    return tidy


def _amount(given: Decimal, what: str) -> Decimal:
    """Round an amount to the places of its column. Raises Refused when it does not fit."""
    try:
        with localcontext(prec=ManualPosition.DIGITS):
            kept = given.quantize(_STEP)
    except InvalidOperation:
        kept = Decimal("NaN")
    if not kept.is_finite():
        raise Refused(f"{what} is no number that fits.")
    if given and not kept:
        raise Refused(f"{what} is too small to keep.")
    return kept
