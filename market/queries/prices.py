"""Prices of SOL at a moment, and what is still to be asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Q

from market.domain.prices import SolQuote, minute_of
from market.models import SolPrice, Token

PRICE_HOLDS: Final = timedelta(minutes=10)
ASK_AGAIN: Final = timedelta(days=1)


def sol_price_at(times: Iterable[datetime]) -> dict[datetime, Decimal | None]:
    """Return SOL's price in USD at each moment: of the nearest minute at or before it.

    A price older than ten minutes is none. One query, whatever the number of moments.
    """
    asked = sorted(set(times))
    if not asked:
        return {}
    table = connection.ops.quote_name(SolPrice._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT asked.at, (SELECT usd FROM {table}"  # noqa: S608  # our own table's name
            " WHERE minute <= asked.at AND minute >= asked.at - %s::interval"
            " ORDER BY minute DESC LIMIT 1)"
            " FROM unnest(%s::timestamptz[]) AS asked(at)",
            [f"{PRICE_HOLDS.total_seconds():.0f} seconds", asked],
        )
        found: dict[datetime, Decimal | None] = dict(cursor.fetchall())
    return {at: found[at] for at in asked}


def latest_sol_price() -> SolQuote | None:
    """Return the newest price of SOL there is, however old; None before the first."""
    row = SolPrice.objects.order_by("-minute").first()
    return None if row is None else SolQuote(row.minute, row.usd, row.source)


def names_wanted(now: datetime, *, limit: int) -> list[str]:
    """Return mints to ask names for: those never asked for, newest first, then those unanswered.

    A mint that had no answer is asked for again after a day, and not for ever: only in the
    thirty days after it was first seen.
    """
    new = Token.objects.filter(named_at=None).order_by("-seen_at").values_list("pk", flat=True)
    wanted = list(new[:limit])
    if len(wanted) < limit:
        silent = Token.objects.filter(
            Q(symbol="", name=""),
            named_at__lt=now - ASK_AGAIN,
            seen_at__gt=now - 30 * ASK_AGAIN,
        )
        oldest_first = silent.order_by("named_at").values_list("pk", flat=True)
        wanted += oldest_first[: limit - len(wanted)]
    return wanted


def minutes_without_price(since: datetime, until: datetime) -> list[datetime]:
    """Return the whole minutes from `since` to `until`, both included, that have no price yet."""
    first, last = minute_of(since), minute_of(until)
    known = set(
        SolPrice.objects.filter(minute__range=(first, last)).values_list("minute", flat=True)
    )
    count = int((last - first).total_seconds()) // 60 + 1
    minutes = (first + timedelta(minutes=i) for i in range(count))
    return [minute for minute in minutes if minute not in known]
