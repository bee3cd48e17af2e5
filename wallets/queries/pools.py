"""Executable prices: what selling into a token's deepest SOL pool would bring, as last seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection

from market.domain.fees import is_curve
from market.domain.pools import pool_at
from wallets.domain.money import in_usd
from wallets.domain.statistics.results import PriceFunction, Quote, SeenPool

# Of several pools the deepest counts, of those that traded this shortly before the last of them:
# one that everybody left may have been emptied since.
ABREAST: Final = timedelta(hours=24)

# Each token's pools one by one, by skipping through the index on (token, pool, slot), and of each
# its latest leg by the chain's order. A pool whose latest leg tells no reserves has none.
SEEN: Final = """
WITH RECURSIVE pools AS (
  SELECT m.token, (SELECT min(pool) FROM wallets_poolleg
                    WHERE token = m.token AND token <> '' AND pool <> '') AS pool
    FROM unnest(%s::text[]) AS m(token)
  UNION ALL
  SELECT p.token, (SELECT min(pool) FROM wallets_poolleg
                    WHERE token = p.token AND token <> '' AND pool <> '' AND pool > p.pool)
    FROM pools p WHERE p.pool IS NOT NULL
)
SELECT p.token, p.pool, l.*
FROM pools p
JOIN LATERAL (
  SELECT l.venue, l.slot, l.fee_points,
         CASE WHEN l.mint_in = l.token THEN l.reserve_in ELSE l.reserve_out END AS raw,
         CASE WHEN l.mint_in = l.token THEN l.reserve_out ELSE l.reserve_in END AS lamports,
         r.signature, coalesce(r.block_time, r.received_at) AS at
    FROM wallets_poolleg l JOIN wallets_rawtransaction r ON r.id = l.transaction_id
   WHERE l.token = p.token AND l.pool = p.pool AND l.token <> '' AND l.pool <> ''
     AND l.slot IS NOT NULL
   ORDER BY l.slot DESC, r.tx_index DESC NULLS LAST, r.signature DESC, l.no DESC LIMIT 1
) l ON true
"""


@dataclass(frozen=True, slots=True)
class _Leg:
    """The latest leg of one pool of a token; reserves are None where it tells none."""

    pool: str
    venue: str
    slot: int
    fee_points: int | None
    raw: Decimal | None
    lamports: Decimal | None
    signature: str
    at: datetime

    def seen(self) -> SeenPool | None:
        """Return the pool as the leg left it; None where nothing can be sold into it."""
        if not self.raw or not self.lamports:
            return None
        pool = pool_at(self.venue, int(self.raw), int(self.lamports), told_points=self.fee_points)
        if not pool.for_sale_raw:
            return None
        return SeenPool(self.pool, self.venue, pool, self.signature, self.at)


def seen_pools(mints: Iterable[str]) -> dict[str, SeenPool]:
    """Return the deepest pool against SOL of each token as last seen; one query for all of them.

    Only recorded wallets' swaps are seen: who else traded since, or took liquidity away, is not
    known, so a price is as old as its pool's `at`. A launch curve counts as long as no other pool
    of the token was seen later. Pools against dollars are left out. A token without any is too.
    """
    asked = sorted(set(mints))
    if not asked:
        return {}
    legs: dict[str, list[_Leg]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [asked])
        for token, *told in cursor.fetchall():
            legs.setdefault(token, []).append(_Leg(*told))
    chosen = ((token, _deepest(found)) for token, found in legs.items())
    return {token: seen for token, seen in chosen if seen is not None}


def _deepest(legs: Sequence[_Leg]) -> SeenPool | None:
    last = max(leg.at for leg in legs)
    last_slot = max(leg.slot for leg in legs)
    standing = [
        seen
        for leg in legs
        if leg.at >= last - ABREAST and (leg.slot == last_slot or not is_curve(leg.venue))
        if (seen := leg.seen()) is not None
    ]
    return max(standing, key=lambda seen: (seen.pool.quote_raw, seen.address), default=None)


def pool_quotes(mints: Iterable[str]) -> PriceFunction:
    """Return executable prices of these tokens: one query now, none when they are asked for."""
    return quotes_by(seen_pools(mints))


def quotes_by(pools: dict[str, SeenPool]) -> PriceFunction:
    """Return what selling into these pools would bring, by token."""

    def quote(mint: str, raw: int) -> Quote | None:
        seen = pools.get(mint)
        return None if seen is None else Quote(seen.pool.sell(raw), seen.address, seen)

    return quote


def depth_usd(seen: SeenPool | None, sol_usd: Decimal | None) -> Decimal | None:
    """Return what lies in a pool in USD, both sides alike; None where it or SOL is not known.

    What prices a launch curve does not lie in it: none.
    """
    if seen is None or is_curve(seen.venue):
        return None
    return in_usd(2 * seen.pool.quote_raw, sol_usd)
