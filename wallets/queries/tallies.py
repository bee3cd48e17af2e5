"""The sums figures are made of, added up by the database for many wallets and all windows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from wallets.domain.statistics import Tally, Window

Key = tuple[int, Window]


@dataclass(slots=True)
class WindowSums:
    """A wallet's tally in one window, its trades there, and the earliest moment any of it hangs on.

    `volume_usd` is None when a trade lacks a price. `positions`, `open_positions` and
    `unknown_lamports` (proceeds of unknown basis) are meant for the window of all time.
    """

    tally: Tally = field(default_factory=Tally)
    trades: int = 0
    volume_lamports: int = 0
    volume_usd: Decimal | None = Decimal(0)
    last_trade_at: datetime | None = None
    positions: int = 0
    open_positions: int = 0
    unknown_lamports: int = 0
    earliest: datetime | None = None

    def hangs_on(self, at: datetime | None) -> None:
        """Take note of a moment that will leave the window."""
        if at is not None and (self.earliest is None or at < self.earliest):
            self.earliest = at


# In each query `s` has one row a window, with the moment it begins; empty for all time.
_POSITIONS: Final = """
WITH trip AS (
  SELECT p.*, f.removed, f.dead_at,
         p.full_basis AND NOT p.is_open AS judged,
         p.realised_lamports AS gain, p.cost_lamports AS cost
    FROM wallets_position p
    LEFT JOIN (
      SELECT wallet_id, mint, position_no,
             bool_or(reason <> 'dead') AS removed,
             min(since) FILTER (WHERE reason = 'dead') AS dead_at
        FROM wallets_positionflag WHERE wallet_id = ANY(%(ids)s)
       GROUP BY wallet_id, mint, position_no
    ) f ON (f.wallet_id, f.mint, f.position_no) = (p.wallet_id, p.mint, p.no)
   WHERE p.wallet_id = ANY(%(ids)s)
), seen AS (
  SELECT t.*, s.win, s.since,
         judged AND (s.since IS NULL OR closed_at > s.since) AS ended,
         cost > 0 AND (s.since IS NULL OR opened_at > s.since) AS began
    FROM trip t CROSS JOIN
     unnest(%(names)s::text[], %(since)s::timestamptz[]) AS s(win, since)
   WHERE s.since IS NULL OR closed_at > s.since OR opened_at > s.since OR dead_at > s.since
)
SELECT wallet_id, win,
  count(*) FILTER (WHERE ended) AS closed,
  count(*) FILTER (WHERE ended AND gain > 0) AS wins,
  count(*) FILTER (WHERE ended AND gain < 0) AS losses,
  sum(gain) FILTER (WHERE ended AND gain > 0) AS gain_lamports,
  -sum(gain) FILTER (WHERE ended AND gain < 0) AS loss_lamports,
  sum(gain::numeric * gain) FILTER (WHERE ended AND gain > 0) AS gain_squares,
  sum(gain::numeric * gain) FILTER (WHERE ended AND gain < 0) AS loss_squares,
  count(*) FILTER (WHERE ended AND removed IS NOT TRUE) AS adjusted_closed,
  count(*) FILTER (WHERE ended AND removed IS NOT TRUE AND gain > 0) AS adjusted_wins,
  count(*) FILTER (WHERE NOT is_open AND NOT full_basis
                     AND (since IS NULL OR closed_at > since)) AS partial,
  count(*) FILTER (WHERE is_open AND full_basis AND dead_at IS NOT NULL
                     AND (since IS NULL OR dead_at > since)) AS dead_open,
  array_agg(floor(extract(epoch FROM closed_at - opened_at))::bigint)
    FILTER (WHERE ended AND closed_at IS NOT NULL AND opened_at IS NOT NULL) AS holds,
  count(*) FILTER (WHERE began) AS opened,
  sum(cost) FILTER (WHERE began) AS opened_cost_lamports,
  count(*) FILTER (WHERE began AND judged) AS settled,
  sum(cost) FILTER (WHERE began AND judged) AS settled_cost_lamports,
  sum(gain) FILTER (WHERE began AND judged) AS settled_gain_lamports,
  sum(cost::numeric * cost) FILTER (WHERE began AND judged) AS settled_cost_squares,
  sum(gain::numeric * gain) FILTER (WHERE began AND judged) AS settled_gain_squares,
  sum(cost::numeric * gain) FILTER (WHERE began AND judged) AS settled_products,
  count(*) AS positions,
  count(*) FILTER (WHERE is_open) AS open_positions,
  sum(unknown_proceeds_lamports) AS unknown_lamports,
  least(min(closed_at) FILTER (WHERE closed_at > since),
        min(opened_at) FILTER (WHERE opened_at > since),
        min(dead_at) FILTER (WHERE dead_at > since)) AS earliest
FROM seen GROUP BY wallet_id, win
"""

_PIECES: Final = """
SELECT d.wallet_id, s.win,
  count(gain_lamports) AS pieces,
  sum(gain_lamports) AS realised_lamports,
  sum(gain_usd) FILTER (WHERE gain_lamports IS NOT NULL) AS realised_usd,
  count(*) FILTER (WHERE gain_lamports IS NOT NULL AND gain_usd IS NULL) AS unpriced,
  count(proceeds_lamports) AS sold,
  sum(proceeds_lamports) AS sold_lamports,
  sum(proceeds_lamports) FILTER (WHERE cost_lamports IS NOT NULL) AS known_lamports,
  min(disposed_at) FILTER (WHERE s.since IS NOT NULL) AS earliest
FROM wallets_disposal d CROSS JOIN
     unnest(%(names)s::text[], %(since)s::timestamptz[]) AS s(win, since)
WHERE d.wallet_id = ANY(%(ids)s) AND (s.since IS NULL OR d.disposed_at > s.since)
GROUP BY d.wallet_id, s.win
"""

_TRADES: Final = """
SELECT t.wallet_id, s.win,
  count(*) AS trades, sum(value_lamports) AS volume_lamports,
  sum(value_usd) AS volume_usd, count(*) - count(value_usd) AS unpriced,
  max(coalesce(block_time, received_at)) AS last_trade_at,
  min(coalesce(block_time, received_at)) FILTER (WHERE s.since IS NOT NULL) AS earliest
FROM wallets_trade t CROSS JOIN
     unnest(%(names)s::text[], %(since)s::timestamptz[]) AS s(win, since)
WHERE t.wallet_id = ANY(%(ids)s)
  AND (s.since IS NULL OR coalesce(block_time, received_at) > s.since)
GROUP BY t.wallet_id, s.win
"""

# Only flagged positions are read: few, and found by their wallet.
_REMOVED: Final = """
SELECT p.wallet_id, s.win, f.reason, count(*)
FROM wallets_positionflag f
JOIN wallets_position p ON (p.wallet_id, p.mint, p.no) = (f.wallet_id, f.mint, f.position_no)
CROSS JOIN
     unnest(%(names)s::text[], %(since)s::timestamptz[]) AS s(win, since)
WHERE f.wallet_id = ANY(%(ids)s) AND f.reason <> 'dead' AND p.full_basis AND NOT p.is_open
  AND (s.since IS NULL OR p.closed_at > s.since)
GROUP BY p.wallet_id, s.win, f.reason
"""


def window_sums(
    wallet_ids: Iterable[int], *, now: datetime, windows: Iterable[Window] = Window
) -> dict[Key, WindowSums]:
    """Add up these wallets' positions, pieces and trades in each window; four queries in all.

    The tallies equal what `wallets.domain.statistics.tally` makes of the same rows. A wallet
    without any is left out of the answer.
    """
    spans = list(windows)
    given = {
        "ids": list(wallet_ids),
        "names": [w.value for w in spans],
        "since": [w.since(now) for w in spans],
    }
    found: dict[Key, WindowSums] = {}
    for row in _rows(_POSITIONS, given):
        _fill(_of(found, row), row)
    for row in _rows(_PIECES, given):
        _fill(_of(found, row), row)
    for row in _rows(_REMOVED, given):
        _of(found, row).tally.removed[row["reason"]] = row["count"]
    for row in _rows(_TRADES, given):
        sums = _of(found, row)
        unpriced = row.pop("unpriced")
        _fill(sums, row)
        if unpriced:
            sums.volume_usd = None
    return found


def _rows(query: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _of(found: dict[Key, WindowSums], row: dict[str, Any]) -> WindowSums:
    return found.setdefault((row.pop("wallet_id"), Window(row.pop("win"))), WindowSums())


def _fill(sums: WindowSums, row: dict[str, Any]) -> None:
    sums.hangs_on(row.pop("earliest"))
    if (holds := row.pop("holds", None)) is not None:
        sums.tally.holds = sorted(holds)
    for name, value in row.items():
        if value is None:
            continue
        exact = int(value) if isinstance(value, Decimal) and not name.endswith("_usd") else value
        setattr(sums if name in WindowSums.__slots__ else sums.tally, name, exact)
