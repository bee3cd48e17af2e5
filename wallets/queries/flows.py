"""What recorded wallets did in tokens lately: counts by span, and the moves of qualified ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from market.domain.readings import SPANS, Activity, Span
from wallets.domain.statistics import Window

# Specification of the scanner, "whale confluence".
QUALIFIED_CLOSED: Final = 30
QUALIFIED_ACTIVE: Final = timedelta(days=30)
FLOW_SPAN: Final = timedelta(minutes=30)
LONG_SPAN: Final = timedelta(hours=6)

# The index on (mint, block_time) is read once a mint. A swap counts for the token it bought.
_OWN: Final = """
WITH recent AS (
  SELECT t.mint, t.wallet_id, t.block_time, t.side <> 'sell' AS is_buy, t.value_usd,
         EXISTS (SELECT FROM wallets_positionflag f WHERE f.wallet_id = t.wallet_id
                    AND f.mint = t.mint AND f.reason IN ('wash_w1', 'wash_w3')) AS is_flagged
    FROM wallets_trade t
   WHERE t.mint = ANY(%(mints)s)
     AND t.block_time > %(now)s - interval '24 hours' AND t.block_time <= %(now)s
)
SELECT r.mint, s.name,
       count(*) FILTER (WHERE is_buy), count(*) FILTER (WHERE NOT is_buy),
       count(DISTINCT wallet_id) FILTER (WHERE is_buy),
       count(DISTINCT wallet_id) FILTER (WHERE NOT is_buy),
       sum(value_usd) FILTER (WHERE is_buy), sum(value_usd) FILTER (WHERE NOT is_buy),
       count(*) FILTER (WHERE is_buy AND NOT is_flagged),
       count(*) FILTER (WHERE NOT is_buy AND NOT is_flagged),
       count(DISTINCT wallet_id) FILTER (WHERE is_buy AND NOT is_flagged),
       count(DISTINCT wallet_id) FILTER (WHERE NOT is_buy AND NOT is_flagged),
       sum(value_usd) FILTER (WHERE is_buy AND NOT is_flagged),
       sum(value_usd) FILTER (WHERE NOT is_buy AND NOT is_flagged),
       count(*) FILTER (WHERE value_usd IS NULL)
  FROM recent r
  JOIN unnest(%(names)s::text[], %(lengths)s::interval[]) AS s(name, length)
    ON r.block_time > %(now)s - s.length
 GROUP BY r.mint, s.name
"""

_BIGGEST: Final = """
SELECT mint, max(usd) FROM (
  SELECT mint, wallet_id, sum(value_usd) AS usd FROM wallets_trade
   WHERE mint = ANY(%(mints)s) AND side <> 'sell'
     AND block_time > %(now)s - interval '5 minutes' AND block_time <= %(now)s
   GROUP BY mint, wallet_id
) b GROUP BY mint
"""

# Qualified: enough closed positions, lately active, the lower bound of its adjusted win rate above
# the median rate of all such wallets, and a positive mean result.
_QUALIFIED: Final = """
WITH judged AS (
  SELECT w.wallet_id, w.adjusted_wins::float / w.adjusted_closed AS rate, w.adjusted_low,
         w.expectancy_lamports, s.last_trade_at
    FROM wallets_windowstats w JOIN wallets_walletstats s USING (wallet_id)
   WHERE w."window" = %(whole)s AND w.adjusted_closed >= %(least)s
)
SELECT j.wallet_id, a.address,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.value_usd)
          FROM wallets_trade t
         WHERE t.wallet_id = j.wallet_id AND t.side = 'buy' AND t.value_usd IS NOT NULL
           AND t.block_time > %(now)s - %(active)s AND t.block_time <= %(now)s)
  FROM judged j JOIN wallets_wallet a ON a.id = j.wallet_id
 WHERE j.expectancy_lamports > 0 AND j.last_trade_at > %(now)s - %(active)s
   AND j.adjusted_low > (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) FROM judged)
 ORDER BY j.wallet_id
"""

_MOVES: Final = """
SELECT t.mint, t.wallet_id, t.block_time, t.mint_out = t.mint AS is_buy,
       CASE WHEN t.mint_out = t.mint THEN t.raw_out ELSE t.raw_in END AS raw, t.value_usd,
       coalesce(h.raw, 0) AS held
  FROM wallets_trade t
  LEFT JOIN wallets_holding h ON h.wallet_id = t.wallet_id AND h.mint = t.mint
 WHERE t.mint = ANY(%(mints)s) AND t.wallet_id = ANY(%(ids)s)
   AND t.block_time > %(now)s - %(span)s AND t.block_time <= %(now)s
 ORDER BY t.block_time, t.slot, t.tx_index, t.signature, t.leg
"""


@dataclass(slots=True)
class TokenFlows:
    """What recorded wallets did in one token, by span; `organic` without wash-flagged ones.

    USD is None where a trade lacks a price. Only followed wallets are recorded: these are lower
    bounds of what the whole market did.
    """

    own: dict[Span, Activity] = field(default_factory=dict)
    organic: dict[Span, Activity] = field(default_factory=dict)
    biggest_buyer_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class QualifiedWallet:
    """A wallet good enough to be listened to, and the median worth of its buys in 30 days."""

    wallet_id: int
    address: str
    median_buy_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class WalletMoves:
    """What one wallet did in one token within six hours.

    `buys` are (time, USD), `bought_usd` is what it bought within 30 minutes. `sold_share` is the
    part of what it held and bought within 30 minutes that it sold in them, `grown` how much more
    it holds than before the first of these buys (0.5 is half more); None where it held nothing.
    """

    wallet: QualifiedWallet
    mint: str
    buys: list[tuple[datetime, Decimal]]
    bought_usd: Decimal
    sold_share: float
    grown: float | None


def flows_of_tokens(mints: Sequence[str], *, now: datetime) -> dict[str, TokenFlows]:
    """Count what recorded wallets did in tokens within each span before `now`; two queries."""
    found: dict[str, TokenFlows] = defaultdict(TokenFlows)
    given: dict[str, Any] = {
        "mints": list(mints), "now": now, "names": list(SPANS), "lengths": list(SPANS.values()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OWN, given)
        for mint, span, *told, unpriced in cursor.fetchall():
            flows = found[mint]
            flows.own[span] = _activity(told[:6], is_priced=not unpriced)
            flows.organic[span] = _activity(told[6:], is_priced=not unpriced)
        cursor.execute(_BIGGEST, given)
        for mint, usd in cursor.fetchall():
            found[mint].biggest_buyer_usd = usd
    return dict(found)


def _activity(told: Sequence[Any], *, is_priced: bool) -> Activity:
    buys, sells, buyers, sellers, buy_usd, sell_usd = told
    bought, sold = buy_usd or Decimal(0), sell_usd or Decimal(0)
    return Activity(
        volume_usd=bought + sold if is_priced else None,
        buy_usd=bought if is_priced else None,
        sell_usd=sold if is_priced else None,
        buys=buys, sells=sells, buyers=buyers, sellers=sellers,
    )  # fmt: skip


def qualified_wallets(*, now: datetime) -> list[QualifiedWallet]:
    """List the wallets whose record makes their purchases worth a signal; one query."""
    given: dict[str, Any] = {
        "whole": Window.ALL, "least": QUALIFIED_CLOSED, "now": now, "active": QUALIFIED_ACTIVE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_QUALIFIED, given)
        return [
            QualifiedWallet(pk, address, None if median is None else Decimal(str(median)))
            for pk, address, median in cursor.fetchall()
        ]


def moves_of(
    wallets: Sequence[QualifiedWallet], mints: Sequence[str], *, now: datetime
) -> dict[str, list[WalletMoves]]:
    """Return what these wallets did in these tokens within six hours, by mint; one query."""
    known = {wallet.wallet_id: wallet for wallet in wallets}
    rows: dict[tuple[str, int], list[Any]] = defaultdict(list)
    given: dict[str, Any] = {
        "mints": list(mints), "ids": list(known), "now": now, "span": LONG_SPAN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, given)
        for mint, wallet_id, *told in cursor.fetchall():
            rows[mint, wallet_id].append(told)
    found: dict[str, list[WalletMoves]] = defaultdict(list)
    for (mint, wallet_id), told in rows.items():
        found[mint].append(_moves(known[wallet_id], mint, told, now))
    return dict(found)


def _moves(wallet: QualifiedWallet, mint: str, rows: Iterable[Any], now: datetime) -> WalletMoves:
    buys: list[tuple[datetime, Decimal]] = []
    lately = now - FLOW_SPAN
    # `change` counts from the first of the buys on
    has_begun = False
    change = sold_lately = held = 0
    bought_usd = Decimal(0)
    for at, is_buy, raw, usd, held_now in rows:
        held = int(held_now)
        has_begun = has_begun or is_buy
        if has_begun:
            change += int(raw) if is_buy else -int(raw)
        if is_buy and usd is not None:
            buys.append((at, usd))
        if at > lately:
            sold_lately += 0 if is_buy else int(raw)
            bought_usd += usd if is_buy and usd is not None else 0
    # what could be sold within the half hour: held before it, and bought in it
    sellable = held + sold_lately
    before = held - change
    return WalletMoves(
        wallet, mint, buys, bought_usd,
        sold_share=sold_lately / sellable if sellable > 0 else 0.0,
        grown=held / before - 1 if before > 0 else None,
    )  # fmt: skip
