"""A follower replayed through the pools: the swaps he would have been filled at, and the result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import F

from aura.core.solana import LAMPORTS_PER_SOL, WSOL
from market.domain.pools import pool_at
from wallets.domain.statistics import Figure, Window
from wallets.domain.statistics.following import (
    DELAYS,
    FILLED_WITHIN,
    SIZES_USD,
    Fill,
    Followed,
    Step,
    copyability,
    follow,
    size_in_lamports,
)
from wallets.models import Position, Trade, Wallet
from wallets.queries.traded import Memberships, Place, memberships_of

# For each of the wallet's trades the pool that moved most of its token, and for each delay that
# pool's first recorded swap from then on, with the reserves it left. Every probe is a short range
# of (mint, block_time).
_FILLS: Final = """
SELECT t.id, d.delay, f.signature, f.venue, f.fee_points, f.block_time, f.raw, f.lamports
FROM wallets_trade t
JOIN LATERAL (
  SELECT l.pool FROM wallets_poolleg l
   WHERE l.transaction_id = t.transaction_id AND l.pool <> ''
     AND ((l.mint_in = %(sol)s AND l.mint_out = t.mint)
       OR (l.mint_in = t.mint AND l.mint_out = %(sol)s))
   ORDER BY CASE WHEN l.mint_in = t.mint THEN l.raw_in ELSE l.raw_out END DESC, l.no LIMIT 1
) own ON true
CROSS JOIN unnest(%(delays)s::int[]) AS d(delay)
JOIN LATERAL (
  SELECT n.signature, l.venue, l.fee_points, n.block_time,
         CASE WHEN l.mint_in = t.mint THEN l.reserve_in ELSE l.reserve_out END AS raw,
         CASE WHEN l.mint_in = t.mint THEN l.reserve_out ELSE l.reserve_in END AS lamports
    FROM wallets_trade n JOIN wallets_poolleg l ON l.transaction_id = n.transaction_id
   WHERE n.mint = t.mint
     AND n.block_time >= t.block_time + make_interval(secs => d.delay)
     AND n.block_time <= t.block_time + make_interval(secs => d.delay + %(within)s)
     AND l.pool = own.pool AND l.raw_in > 0 AND l.raw_out > 0
     AND ((l.mint_in = %(sol)s AND l.mint_out = t.mint)
       OR (l.mint_in = t.mint AND l.mint_out = %(sol)s))
   ORDER BY n.block_time, n.slot, n.tx_index, l.no LIMIT 1
) f ON true
WHERE t.wallet_id = %(wallet)s AND t.mint = ANY(%(mints)s)
"""


@dataclass(frozen=True, slots=True)
class FollowedPosition:
    """A closed position with full basis, and what following it came to, where measurable."""

    place: Place
    closed_at: datetime | None
    followed: Followed | None


@dataclass(slots=True)
class Trail:
    """Everything needed to follow a wallet's closed positions at several delays and sizes."""

    closed: dict[Place, datetime | None]
    steps: dict[tuple[Place, int], list[Step]]
    sol_usd: dict[Place, Decimal]

    def followed(self, delay: int, size_usd: int) -> list[FollowedPosition]:
        """Follow every position at that delay and size, in order of places."""
        found = []
        for place, closed_at in sorted(self.closed.items()):
            price, steps = self.sol_usd.get(place), self.steps.get((place, delay), [])
            result = price and follow(steps, size_in_lamports(size_usd, price))
            found.append(FollowedPosition(place, closed_at, result or None))
        return found


def trail_of(
    wallet: Wallet, *, since: datetime | None = None, delays: Iterable[int] = DELAYS
) -> Trail:
    """Gather what following a wallet's positions closed since then needs; five queries."""
    judged = Position.objects.filter(wallet=wallet, is_open=False, full_basis=True)
    if since is not None:
        judged = judged.filter(closed_at__gt=since)
    closed = {(m, no): at for m, no, at in judged.values_list("mint", "no", "closed_at")}
    members = memberships_of(wallet)
    fills = _fills(wallet, sorted({mint for mint, _ in closed}), list(delays))
    trail = Trail(closed, defaultdict(list), {})
    rows = Trade.objects.filter(wallet=wallet).order_by(
        "slot", F("tx_index").asc(nulls_last=True), "signature", "leg"
    )
    for row in rows.values(
        "id", "signature", "mint_in", "raw_in", "mint_out", "raw_out", "value_lamports",
        "costs_lamports", "value_usd",
    ):  # fmt: skip
        _walk(trail, members, fills, row, delays)
    return trail


def _walk(
    trail: Trail,
    members: Memberships,
    fills: Mapping[tuple[int, int], Fill],
    row: Mapping[str, Any],
    delays: Iterable[int],
) -> None:
    """Add a trade to the positions it bought into or sold from."""
    value, usd = row["value_lamports"], row["value_usd"]
    sides = ((row["mint_out"], row["raw_out"], True), (row["mint_in"], row["raw_in"], False))
    for mint, raw, is_buy in sides:
        no = (members.buys if is_buy else members.sales).get((mint, row["signature"]))
        place = (mint, no or 0)
        if no is None or place not in trail.closed:
            continue
        if is_buy and value and usd and place not in trail.sol_usd:
            trail.sol_usd[place] = usd * LAMPORTS_PER_SOL / value
        for delay in delays:
            fill = (
                fills.get((row["id"], delay)) if WSOL in (row["mint_in"], row["mint_out"]) else None
            )
            step = Step(is_buy, raw, value or 0, row["costs_lamports"], fill)
            trail.steps[place, delay].append(step)


def _fills(wallet: Wallet, mints: list[str], delays: list[int]) -> dict[tuple[int, int], Fill]:
    given: dict[str, Any] = {
        "wallet": wallet.pk, "mints": mints, "delays": delays, "sol": str(WSOL),
        "within": int(FILLED_WITHIN.total_seconds()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FILLS, given)
        return {(trade, delay): _fill(*told) for trade, delay, *told in cursor.fetchall()}


def _fill(
    signature: str,
    venue: str,
    fee_points: int | None,
    at: datetime,
    raw: Decimal | None,
    lamports: Decimal | None,
) -> Fill:
    if not raw or not lamports:
        return Fill(signature, venue, None)
    pool = pool_at(venue, int(raw), int(lamports), at=at, told_points=fee_points)
    return Fill(signature, venue, pool)


def copy_table(wallet: Wallet, window: Window, *, now: datetime) -> dict[tuple[int, int], Figure]:
    """Return copyability by (delay in seconds, size in USD) over a window; five queries."""
    trail = trail_of(wallet, since=window.since(now))
    return {
        (delay, size): copyability([one.followed for one in trail.followed(delay, size)])
        for delay in DELAYS
        for size in SIZES_USD
    }
