"""Recorded trades as the market's charts want them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection

from market.domain.candles import TradePoint
from wallets.models import Trade

# A minute of a mint: the index on (mint, block_time) answers each by a short range.
Minute = tuple[str, datetime]

_POINTS: Final = """
SELECT m.mint, t.block_time, t.slot, coalesce(t.tx_index, 2147483647), t.leg, t.id,
       CASE WHEN t.mint_out = m.mint THEN t.raw_out ELSE t.raw_in END AS raw, t.value_usd,
       k.decimals
  FROM unnest(%s::text[], %s::timestamptz[]) AS m(mint, minute)
  JOIN wallets_trade t ON t.mint = m.mint AND t.block_time >= m.minute
   AND t.block_time < m.minute + interval '1 minute'
  JOIN market_token k ON k.mint = m.mint
 WHERE t.value_usd > 0
"""


def minutes_of(trade_ids: Collection[int]) -> set[Minute]:
    """Return which minutes of which tokens these trades fall into; those without a time in none."""
    rows = Trade.objects.filter(pk__in=trade_ids, block_time__isnull=False)
    return {(mint, minute(at)) for mint, at in rows.values_list("mint", "block_time") if at}


def minute(at: datetime) -> datetime:
    """Return the beginning of the minute of a moment."""
    return at - timedelta(seconds=at.second, microseconds=at.microsecond)


def trade_points(minutes: Collection[Minute]) -> list[TradePoint]:
    """Return all recorded trades of these minutes that have a price in USD; one query."""
    if not minutes:
        return []
    ordered = sorted(minutes)
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [[mint for mint, _ in ordered], [at for _, at in ordered]])
        return [
            TradePoint(mint, at, (slot, index, leg, pk), _price(usd, int(raw), decimals), usd)
            for mint, at, slot, index, leg, pk, raw, usd, decimals in cursor.fetchall()
            if raw
        ]


def _price(usd: Decimal, raw: int, decimals: int) -> Decimal:
    """Return USD for one whole coin."""
    return usd * Decimal(10) ** decimals / raw
