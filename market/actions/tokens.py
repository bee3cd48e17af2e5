"""Tokens, their names, and the price of SOL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from market.domain.prices import SolQuote, TokenName, minute_of
from market.models import SolPrice, Token


def note_mints(decimals: Mapping[str, int]) -> None:
    """Make sure there is a row for each mint; rows that exist stay as they are.

    A mint has one byte for its decimals; one that claims another number is not noted.
    """
    rows = [
        Token(mint=mint, decimals=places)
        for mint, places in sorted(decimals.items())
        if 0 <= places <= 255
    ]
    Token.objects.bulk_create(rows, ignore_conflicts=True)


def name_tokens(names: Iterable[TokenName], asked: Sequence[str], *, at: datetime) -> int:
    """Set the names a source gave for the mints it was asked about; return how many it gave.

    Mints without an answer are marked as asked too, so that they are not asked for at every
    turn. A name given before is not taken back by a source's silence.
    """
    given = {name.mint: name for name in names}
    with transaction.atomic():
        rows = Token.objects.select_for_update().filter(mint__in=asked).order_by("mint")
        named = []
        for token in rows:
            token.named_at = at
            if (name := given.get(token.mint)) is not None:
                token.symbol, token.name = name.symbol, name.name
                token.image_url = name.image_url or token.image_url
            named.append(token)
        Token.objects.bulk_update(named, ["named_at", "symbol", "name", "image_url"])
    return sum(token.mint in given for token in named)


def record_sol_prices(quotes: Iterable[SolQuote]) -> None:
    """Keep prices of SOL by the minute; the first source of a minute wins, a repeat is nothing."""
    first: dict[datetime, SolQuote] = {}
    for quote in quotes:
        first.setdefault(minute_of(quote.at), quote)
    rows = [
        SolPrice(minute=minute, usd=first[minute].usd, source=first[minute].source)
        for minute in sorted(first)
    ]
    SolPrice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
