"""Trades that prove nothing: wash pairs, zero-net transactions; and positions too small to count.

Chainalysis (2025) looks for matched buys and sales within 25 Ethereum blocks, volumes less than
1 % apart, three times or more; five minutes are 750 slots here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from market.domain.fees import fee_on
from wallets.domain.ledger.marks import QUIET

DUST_USD: Final = Decimal(20)
PAIR_SLOTS: Final = 750
PAIRS: Final = 3
WITHIN: Final = timedelta(hours=24)


class Dealing(NamedTuple):
    """One side of a trade as the wash rules see it: so much of a mint bought or sold."""

    signature: str
    mint: str
    slot: int
    at: datetime | None
    is_buy: bool
    raw: int
    lamports: int | None
    costs_lamports: int
    venue: str


class PoolFlow(NamedTuple):
    """What a pool took in and gave out in a transaction."""

    signature: str
    pool: str
    mint_in: str
    mint_out: str


@dataclass(frozen=True, slots=True)
class _Pair:
    at: datetime
    signatures: tuple[str, str]


def matched_pairs(dealings: Iterable[Dealing]) -> set[tuple[str, str]]:
    """Return (mint, signature) of the trades of wash pairs (rule wash_w1).

    Dealings come in chain order. A pair is a buy and the sale that follows it in the same token.
    """
    last: dict[str, Dealing] = {}
    pairs: dict[str, list[_Pair]] = defaultdict(list)
    for dealing in dealings:
        before = last.get(dealing.mint)
        if before is not None and (pair := _pair(before, dealing)):
            pairs[dealing.mint].append(pair)
        last[dealing.mint] = dealing
    return {
        (mint, signature)
        for mint, found in pairs.items()
        for pair in _crowded(found)
        for signature in pair.signatures
    }


def _pair(bought: Dealing, sold: Dealing) -> _Pair | None:
    if not bought.is_buy or sold.is_buy or sold.slot - bought.slot > PAIR_SLOTS:
        return None
    if bought.lamports is None or sold.lamports is None or bought.at is None:
        return None
    if abs(bought.raw - sold.raw) * 100 >= bought.raw:
        return None
    fees = bought.costs_lamports + sold.costs_lamports
    fees += fee_on(bought.lamports, bought.venue) + fee_on(sold.lamports, sold.venue)
    net = sold.lamports - bought.lamports - bought.costs_lamports - sold.costs_lamports
    if not -(fees * 100 + bought.lamports) <= net * 100 <= bought.lamports:
        return None
    return _Pair(bought.at, (bought.signature, sold.signature))


def _crowded(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Return the pairs that stand within a day of two others at least."""
    kept: dict[int, _Pair] = {}
    for first in range(len(pairs) - PAIRS + 1):
        group = range(first, first + PAIRS)
        if pairs[group[-1]].at - pairs[first].at <= WITHIN:
            kept.update((i, pairs[i]) for i in group)
    return list(kept.values())


def zero_net(flows: Iterable[PoolFlow]) -> set[str]:
    """Return the transactions in which one pool was traded both ways (rule wash_w3)."""
    seen: set[PoolFlow] = set()
    found = set()
    for flow in flows:
        back = PoolFlow(flow.signature, flow.pool, flow.mint_out, flow.mint_in)
        if back in seen and flow.pool:
            found.add(flow.signature)
        seen.add(flow)
    return found


def is_dust(bought_usd: Decimal | None) -> bool:
    """Say whether a position is too small to count; one of unknown worth counts."""
    return bought_usd is not None and bought_usd < DUST_USD


def died_at(last_trade: datetime | None, now: datetime) -> datetime | None:
    """Say when a token died by its last recorded trade; None while it lives or nothing tells."""
    if last_trade is None or now - last_trade < QUIET:
        return None
    return last_trade + QUIET
