"""Which tokens the next run looks at, and whose safety is to be asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from market.domain.money import MONEY
from market.models import Listing, MarketRun, SafetyReport

LISTED_FOR: Final = timedelta(hours=24)
NEW_FOR: Final = timedelta(minutes=30)
SAFETY_HOLDS: Final = timedelta(minutes=10)
# Lists are asked for anew with every so manieth run.
DISCOVER_EVERY: Final = 5

# First what must be read, then what is new and nobody has told of yet, then what is traded most;
# at last tokens listed by nobody that were seen in trades, the newest first. A token that no source
# knows falls behind all others once it is no longer new.
_UNIVERSE: Final = """
WITH listed AS (
  SELECT mint, bool_or(kind = 'watched') AS is_watched, min(seen_at) AS first, max(seen_at) AS last
    FROM market_listing WHERE seen_at > %(listed_since)s AND seen_at <= %(now)s GROUP BY mint
), placed AS (
  SELECT l.mint,
         CASE WHEN l.is_watched THEN 0
              WHEN s.mint IS NULL AND l.first > %(new_since)s THEN 1
              WHEN s.mint IS NOT NULL THEN 2 ELSE 4 END AS place,
         coalesce(s.volume_1h_usd, 0) AS volume, l.last AS seen_at
    FROM listed l LEFT JOIN market_tokenstate s USING (mint)
), seen AS (
  SELECT t.mint, 3 AS place, 0::numeric AS volume, t.seen_at
    FROM market_token t
   WHERE NOT EXISTS (SELECT FROM listed l WHERE l.mint = t.mint)
   ORDER BY t.seen_at DESC LIMIT %(limit)s
)
SELECT mint FROM (SELECT * FROM placed UNION ALL SELECT * FROM seen) a
 WHERE mint <> ALL(%(money)s)
 ORDER BY place, volume DESC, seen_at DESC, mint LIMIT %(limit)s
"""


def universe(now: datetime, *, limit: int) -> list[str]:
    """Return the mints to look at, the most important first; one query."""
    given: dict[str, Any] = {
        "now": now, "listed_since": now - LISTED_FOR, "new_since": now - NEW_FOR,
        "money": sorted(MONEY), "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_UNIVERSE, given)
        return [mint for (mint,) in cursor.fetchall()]


def is_discovery_due() -> bool:
    """Whether no run of the last few has asked the lists."""
    ran = MarketRun.objects.filter(state=MarketRun.State.RAN).order_by("-started_at")
    return not any(ran.values_list("discovered", flat=True)[: DISCOVER_EVERY - 1])


def safety_wanted(mints: Sequence[str], source: str, *, now: datetime, limit: int) -> list[str]:
    """Return those of the mints, in their order, whose report by a source is due.

    Never asked about goes before asked about more than ten minutes ago, the oldest first.
    """
    told = SafetyReport.objects.filter(mint__in=mints, source=source, is_latest=True)
    read_at = dict(told.values_list("mint", "read_at"))
    never = [mint for mint in mints if mint not in read_at]
    due = [mint for mint in mints if mint in read_at and read_at[mint] <= now - SAFETY_HOLDS]
    due.sort(key=lambda mint: read_at[mint])
    return [*never, *due][:limit]


def listings_of(mint: str) -> list[Listing]:
    """Return which lists name a token, the latest first."""
    return list(Listing.objects.filter(mint=mint).order_by("-seen_at", "source", "name"))
