"""Positions, pieces and trades opened to what made them: lots, fees, prices with their source."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db import connection
from django.db.models import F, Q

from market.queries import PRICE_HOLDS
from wallets.domain.money import DOLLARS, in_usd
from wallets.models import Activity, Disposal, Lot, Position, Trade, Wallet

_KINDS: Final = ("network", "tip", "platform", "other")
# The nearest minute comes first.
_PRICES: Final = """
SELECT t.id, p.minute, p.usd, p.source
FROM wallets_trade t JOIN market_solprice p
  ON p.minute <= coalesce(t.block_time, t.received_at)
 AND p.minute >= coalesce(t.block_time, t.received_at) - %(holds)s
WHERE t.id = ANY(%(ids)s) ORDER BY t.id, p.minute DESC
"""


@dataclass(frozen=True, slots=True)
class PriceUsed:
    """What one SOL cost in USD by the price a trade was valued at, and who told it."""

    usd: Decimal | None
    minute: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class TradePart:
    """A trade with its costs by kind and its price; `price` None where the worth in USD is unknown.

    `costs_lamports` is what the ledger took; the kinds are the whole transaction's.
    """

    signature: str
    slot: int
    at: datetime | None
    side: str
    mint_in: str
    raw_in: int
    mint_out: str
    raw_out: int
    value_lamports: int | None
    costs_lamports: int
    fees: dict[str, int]
    value_usd: Decimal | None
    price: PriceUsed | None
    venue: str


@dataclass(frozen=True, slots=True)
class LotPart:
    """A lot as the ledger holds it."""

    mint: str
    no: int
    position_no: int
    origin: str
    signature: str
    acquired_at: datetime | None
    raw: int
    raw_left: int
    cost_lamports: int | None
    cost_left_lamports: int | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class PiecePart:
    """A piece of a lot that left."""

    mint: str
    no: int
    lot_no: int
    position_no: int
    signature: str
    disposed_at: datetime | None
    raw: int
    proceeds_lamports: int | None
    cost_lamports: int | None
    gain_lamports: int | None
    gain_usd: Decimal | None


@dataclass(slots=True)
class PositionPart:
    """A position opened: its lots, the pieces that left them, the trades they come from."""

    mint: str
    no: int
    opened_at: datetime | None
    closed_at: datetime | None
    is_open: bool
    full_basis: bool
    cost_lamports: int
    proceeds_lamports: int
    realised_lamports: int
    realised_usd: Decimal | None
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    lots: list[LotPart] = field(default_factory=list)
    pieces: list[PiecePart] = field(default_factory=list)
    trades: list[TradePart] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether pieces make the result, pieces and remainders the lots, and trades both."""
        gains = sum(p.gain_lamports for p in self.pieces if p.gain_lamports is not None)
        return (
            gains == self.realised_lamports
            and all(self._is_whole(lot) for lot in self.lots)
            and sum(lot.cost_lamports or 0 for lot in self.lots if lot.origin == "buy")
            == self.cost_lamports
            and self._trades_make_it()
        )

    def _is_whole(self, lot: LotPart) -> bool:
        pieces = [p for p in self.pieces if p.lot_no == lot.no]
        if lot.raw != lot.raw_left + sum(p.raw for p in pieces):
            return False
        if lot.cost_lamports is None or lot.cost_left_lamports is None:
            return all(p.cost_lamports is None for p in pieces)
        return lot.cost_lamports == lot.cost_left_lamports + sum(
            p.cost_lamports or 0 for p in pieces
        )

    def _trades_make_it(self) -> bool:
        """Compare, by transaction, what trades paid and fetched with lots' costs and proceeds."""
        paid: dict[str, int] = defaultdict(int)
        fetched: dict[str, int] = defaultdict(int)
        for trade in self.trades:
            if trade.value_lamports is None:
                continue
            if trade.mint_out == self.mint:
                paid[trade.signature] += trade.value_lamports + trade.costs_lamports
            else:
                costs = 0 if trade.side == Trade.Side.SWAP else trade.costs_lamports
                fetched[trade.signature] += trade.value_lamports - costs
        for lot in self.lots:
            if lot.origin == "buy":
                paid[lot.signature] -= lot.cost_lamports or 0
        for piece in self.pieces:
            fetched[piece.signature] -= piece.proceeds_lamports or 0
        moved = {lot.signature for lot in self.lots if lot.origin == "buy"}
        sold = {piece.signature for piece in self.pieces}
        return all(paid[s] == 0 for s in moved) and all(fetched[s] == 0 for s in sold)


def open_positions(wallet: Wallet, positions: Sequence[Position]) -> list[PositionPart]:
    """Open positions, in the order given; five queries however many."""
    if not positions:
        return []
    by_mint: dict[str, list[int]] = defaultdict(list)
    for position in positions:
        by_mint[position.mint].append(position.no)
    mine = Q(wallet=wallet) & reduce(
        or_, (Q(mint=mint, position_no__in=nos) for mint, nos in by_mint.items())
    )
    lots, pieces = lots_where(mine), pieces_where(mine)
    trades = open_trades(wallet, [*(p.signature for p in lots), *(p.signature for p in pieces)])
    parts = {(p.mint, p.no): _part(p) for p in positions}
    for lot in lots:
        parts[lot.mint, lot.position_no].lots.append(lot)
    for piece in pieces:
        parts[piece.mint, piece.position_no].pieces.append(piece)
    for part in parts.values():
        # a lot of dust began with the sale that closed the position before
        moved = [lot.signature for lot in part.lots if lot.origin != "dust"]
        for signature in dict.fromkeys([*moved, *(p.signature for p in part.pieces)]):
            part.trades += [
                t for t in trades.get(signature, ()) if part.mint in (t.mint_in, t.mint_out)
            ]
    return list(parts.values())


def _part(row: Position) -> PositionPart:
    return PositionPart(
        row.mint, row.no, row.opened_at, row.closed_at, row.is_open, row.full_basis,
        row.cost_lamports, row.proceeds_lamports, row.realised_lamports, row.realised_usd,
    )  # fmt: skip


def lots_where(condition: Q) -> list[LotPart]:
    """Return lots in the books' order."""
    rows: Iterable[Any] = Lot.objects.filter(condition).order_by("mint", "no")
    return [LotPart(*(getattr(row, name) for name in LotPart.__slots__)) for row in rows]


def pieces_where(condition: Q) -> list[PiecePart]:
    """Return pieces in the books' order."""
    rows: Iterable[Any] = Disposal.objects.filter(condition).order_by("mint", "no")
    return [PiecePart(*(getattr(row, name) for name in PiecePart.__slots__)) for row in rows]


def open_trades(wallet: Wallet, signatures: Iterable[str]) -> dict[str, list[TradePart]]:
    """Return a wallet's trades of these transactions with costs and prices; three queries."""
    trades = list(
        Trade.objects.filter(wallet=wallet, signature__in=set(signatures)).order_by(
            "slot", F("tx_index").asc(nulls_last=True), "signature", "leg"
        )
    )
    paid = {
        row.pop("transaction_id"): {kind: row[f"{kind}_lamports"] for kind in _KINDS}
        for row in Activity.objects.filter(
            wallet=wallet, transaction__in={t.transaction_id for t in trades}
        ).values("transaction_id", *(f"{kind}_lamports" for kind in _KINDS))
    }
    prices = _prices(trades)
    found: dict[str, list[TradePart]] = defaultdict(list)
    for t in trades:
        part = TradePart(
            t.signature, t.slot, t.block_time, t.side, t.mint_in, int(t.raw_in), t.mint_out,
            int(t.raw_out), t.value_lamports, t.costs_lamports, paid.get(t.transaction_id, {}),
            t.value_usd, prices.get(t.pk), t.venue,
        )  # fmt: skip
        found[t.signature].append(part)
    return found


def _prices(trades: Sequence[Trade]) -> dict[int, PriceUsed]:
    """Find the price each trade was valued at: the nearest that gives its worth in USD.

    A trade may have been valued before the nearest minute's price was known.
    """
    by_dollars = PriceUsed(None, None, "the dollars paid or received")
    found = {t.pk: by_dollars for t in trades if {t.mint_in, t.mint_out} & DOLLARS}
    valued = {t.pk: t for t in trades if t.pk not in found and t.value_usd is not None}
    given: dict[str, Any] = {"ids": list(valued), "holds": PRICE_HOLDS}
    with connection.cursor() as cursor:
        cursor.execute(_PRICES, given)
        for pk, minute, usd, source in cursor.fetchall():
            worth = in_usd(valued[pk].value_lamports, usd)
            if pk not in found and worth == valued[pk].value_usd:
                found[pk] = PriceUsed(usd, minute, source)
    return found
