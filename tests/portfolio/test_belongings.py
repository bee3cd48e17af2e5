"""Watchlists and positions as users keep them: checked, once each, and nobody else's."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from aura.core.errors import Refused
from portfolio.actions import NOTE_LENGTH, PositionTerms, note_position, watch_token
from portfolio.models import ManualPosition, WatchlistEntry
from tests.make import START, address

WIF = address("mint WIF")


def terms(**fields: Any) -> PositionTerms:
    return PositionTerms(**({"mint": WIF, "quantity": Decimal(5)} | fields))


def test_a_token_is_watched_once_and_stays_as_it_is(alice: Any) -> None:
    entry, is_new = watch_token(alice, mint=f" {WIF} ", note=" dip\0?\n ", added_at=START)
    assert (is_new, entry.mint, entry.note, entry.added_at) == (True, WIF, "dip?", START)
    again, is_new = watch_token(alice, mint=WIF, note="other")
    assert (is_new, again.pk, again.note) == (False, entry.pk, "dip?")


def test_what_is_kept_is_the_owners_alone(alice: Any, bob: Any) -> None:
    entry, _ = watch_token(alice, mint=WIF)
    watch_token(bob, mint=WIF)
    position, _ = note_position(alice, terms=terms())
    assert list(WatchlistEntry.objects.visible_to(alice)) == [entry]
    assert list(ManualPosition.objects.visible_to(alice)) == [position]
    assert list(ManualPosition.objects.visible_to(bob)) == []
    for stranger in (None, AnonymousUser()):
        assert list(WatchlistEntry.objects.visible_to(stranger)) == []
        assert list(ManualPosition.objects.visible_to(stranger)) == []


def test_a_position_is_kept_to_the_last_digit(alice: Any) -> None:
    stated = terms(
        quantity=Decimal("12345678901234567890.123456789012345678"),
        entry_price_usd=Decimal("0.000000000000000001"),
        opened_at=START,
        is_closed=True,
        closed_at=START + timedelta(hours=1),
        note="a\nb",
    )
    note_position(alice, terms=stated)
    row = ManualPosition.objects.get()
    assert {name: getattr(row, name) for name in PositionTerms.__slots__} == {
        name: getattr(stated, name) for name in PositionTerms.__slots__
    }


def test_only_what_was_imported_is_known_again(alice: Any, bob: Any) -> None:
    first, _ = note_position(alice, terms=terms(), origin="prototype 1")
    first.quantity = Decimal(7)
    first.save()
    again, is_new = note_position(alice, terms=terms(), origin="prototype 1")
    assert (is_new, again.pk, again.quantity) == (False, first.pk, 7)
    assert note_position(bob, terms=terms(), origin="prototype 1")[1]
    assert note_position(alice, terms=terms())[1]
    assert note_position(alice, terms=terms())[1], "typed in twice is two positions"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mint": "BONK"}, "no token's address: not base58: contains 'O'"),
        ({"quantity": Decimal(0)}, "quantity is not above zero"),
        ({"quantity": Decimal(-1)}, "quantity is not above zero"),
        ({"quantity": Decimal("1e-19")}, "quantity is too small"),
        ({"quantity": Decimal("1e20")}, "quantity is no number that fits"),
        ({"quantity": Decimal("NaN")}, "quantity is no number that fits"),
        ({"quantity": Decimal("sNaN")}, "quantity is no number that fits"),
        ({"quantity": Decimal("Infinity")}, "quantity is no number that fits"),
        ({"entry_price_usd": Decimal("-0.1")}, "price is below zero"),
        ({"entry_price_usd": Decimal("1e300")}, "price is no number that fits"),
        ({"closed_at": START}, "open position has no closing time"),
        (
            {"opened_at": START, "closed_at": START - timedelta(seconds=1), "is_closed": True},
            "closes before it opens",
        ),
        ({"note": "x" * (NOTE_LENGTH + 1)}, "at most 4,000 characters"),
    ],
)
def test_what_can_be_no_position_is_refused(alice: Any, fields: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        note_position(alice, terms=terms(**fields))
    assert ManualPosition.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"quantity": 0}, "position_of_some"),
        ({"entry_price_usd": -1}, "position_price_not_negative"),
        ({"closed_at": START}, "position_closed_when_it_says"),
        (
            {"opened_at": START, "closed_at": START - timedelta(1), "is_closed": True},
            "position_closed_after_opened",
        ),
        ({"origin": "prototype 1"}, "one_position_an_origin"),
    ],
)
def test_the_database_refuses_it_too(alice: Any, fields: Any, constraint: str) -> None:
    note_position(alice, terms=terms(), origin="prototype 1")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ManualPosition.objects.create(**({"user": alice, "mint": WIF, "quantity": 1} | fields))
    assert ManualPosition.objects.count() == 1
