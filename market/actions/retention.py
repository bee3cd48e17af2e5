"""Forgetting what has done its duty, a little at a time."""

import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, models

from market.models import Bucket, Candle, Listing, MarketRun, PoolPoint, SafetyReport, TokenState

AT_ONCE: Final = 10_000
_HOURS_72: Final = timedelta(hours=72)
# Table, where, and how long it is kept.
RULES: Final[tuple[tuple[type[models.Model], str, timedelta], ...]] = (
    (Bucket, "at < %s", _HOURS_72),
    (PoolPoint, "at < %s", _HOURS_72),
    (Candle, "span = '1m' AND at < %s", timedelta(days=30)),
    (Candle, "span = '5m' AND at < %s", timedelta(days=90)),
    (Candle, "span = '1h' AND at < %s", timedelta(days=730)),
    (Listing, "seen_at < %s", timedelta(days=7)),
    (TokenState, "at < %s", timedelta(days=7)),
    (SafetyReport, "NOT is_latest AND read_at < %s", timedelta(days=180)),
    (MarketRun, "started_at < %s", timedelta(days=30)),
)


def forget_market(*, at: datetime, seconds: float) -> int:
    """Delete what is older than it is kept, for at most so many seconds; return how many rows."""
    gone, deadline = 0, time.monotonic() + seconds
    for model, where, kept in RULES:
        while time.monotonic() < deadline:
            deleted = _delete(model, where, at - kept)
            gone += deleted
            if deleted < AT_ONCE:
                break
    return gone


def _delete(model: type[models.Model], where: str, before: datetime) -> int:
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608  # our own tables
            f"SELECT ctid FROM {table} WHERE {where} LIMIT {AT_ONCE}))",
            [before],
        )
        return int(cursor.rowcount)
