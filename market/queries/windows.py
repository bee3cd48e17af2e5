"""What the scanner and the graders read of many tokens at once, one query each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import OuterRef, Subquery

from market.domain.snapshots import Snapshot, read
from market.models import Pool, PoolPoint, TokenState


class BucketRow(NamedTuple):
    """Five minutes of a token that ended at `at` (Unix seconds), in plain numbers."""

    at: int
    open_usd: float | None
    high_usd: float | None
    low_usd: float | None
    close_usd: float | None
    volume_usd: float | None
    buys: int | None
    sells: int | None
    buyers: int | None
    sellers: int | None
    buy_usd: float | None
    sell_usd: float | None
    liquidity_usd: float | None
    units: float | None
    holders: int | None
    pool: str = ""


class PoolState(NamedTuple):
    """What a pool held at a moment; reserves in whole coins, `quote_usd` USD for a quote coin."""

    at: datetime
    pool: str
    venue: str
    base: Decimal | None
    quote: Decimal | None
    quote_usd: Decimal | None
    price_usd: Decimal | None
    liquidity_usd: Decimal | None
    source: str


# A row a mint, its buckets as columns: rows of their own cost three times the CPU of reading them.
_BUCKETS: Final = f"""
SELECT mint, array_agg(extract(epoch FROM at)::int8 ORDER BY at),
       {", ".join(f"array_agg({name} ORDER BY at)" for name in BucketRow._fields[1:])}
  FROM market_bucket WHERE mint = ANY(%s) AND at > %s AND at <= %s GROUP BY mint
"""  # noqa: S608  # our own columns


def states_of(mints: Iterable[str]) -> dict[str, Snapshot]:
    """Return the latest snapshot of each mint that has one; its `at` tells its age."""
    return dict(_snapshots(TokenState.objects.filter(mint__in=list(mints))))


def states_of_run(run_id: int) -> dict[str, Snapshot]:
    """Return the snapshots a run made that no later run has replaced."""
    return dict(_snapshots(TokenState.objects.filter(run_id=run_id)))


def _snapshots(states: "Any") -> Iterator[tuple[str, Snapshot]]:
    for mint, snapshot in states.order_by("mint").values_list("mint", "snapshot"):
        yield mint, read(snapshot)


def buckets_of(
    mints: Iterable[str], since: datetime, until: datetime
) -> dict[str, list[BucketRow]]:
    """Return the buckets of each mint that ended after `since` and by `until`, oldest first.

    Give the moment of a snapshot as `until`, and its running bucket is left out.
    """
    with _binary_cursor() as cursor:
        cursor.execute(_BUCKETS, [list(mints), since, until])
        return {
            mint: [BucketRow._make(row) for row in zip(*columns, strict=True)]
            for mint, *columns in cursor
        }


def _binary_cursor() -> CursorWrapper:
    """Return a cursor of Django's that is answered in binary: floats at half the CPU of text."""
    connection.ensure_connection()
    raw: Any = psycopg.Cursor(connection.connection)
    raw.format = psycopg.pq.Format.BINARY
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(raw)


def points_of(mint: str, since: datetime, until: datetime) -> list[PoolState]:
    """Return what a token's pools held from `since` to `until`, both included, oldest first."""
    return points_of_many([mint], since, until).get(mint, [])


def points_of_many(
    mints: Iterable[str], since: datetime, until: datetime
) -> dict[str, list[PoolState]]:
    """Return what the pools of several tokens held from `since` to `until`, oldest first."""
    venue = Pool.objects.filter(address=OuterRef("pool")).values("venue")
    points = PoolPoint.objects.filter(mint__in=list(mints), at__gte=since, at__lte=until)
    found: dict[str, list[PoolState]] = defaultdict(list)
    for mint, *values in points.order_by("mint", "at", "pool", "source").values_list(
        "mint", "at", "pool", Subquery(venue), "base", "quote", "quote_usd", "price_usd",
        "liquidity_usd", "source",
    ):  # fmt: skip
        found[mint].append(PoolState(*values))
    return dict(found)
