"""The ledger: lots, disposals and positions of one wallet in one mint, folded in chain order.

FIFO on integers. Part of a cost is floor(cost left × taken / raw left), of proceeds likewise,
and the last piece takes the rest, so remaining cost plus cost of what left equals what was paid,
to the lamport, always. Unit cost is never kept. What arrived without a price has no basis: its
sale is unknown-basis proceeds and enters neither realised profit nor a win rate.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

Origin = Literal["buy", "transfer", "liquidity", "unknown", "dust"]

# A remainder is dust below a thousandth of the position's peak, or below this worth at the
# closing sale's own price (specification of the ledger, "position").
DUST_SHARE: Final = 1_000
DUST_LAMPORTS: Final = 50_000
_CENT: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Acquired:
    """Raw units that came: bought at a total cost in lamports, or without a known one (None)."""

    signature: str
    at: datetime | None
    raw: int
    origin: Origin
    cost_lamports: int | None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Disposed:
    """Raw units that went: sold for net proceeds, or sent away (`is_sale` False).

    `value_lamports` is the sale before costs; dust is judged at its price. None where nothing
    tells what the sale fetched.
    """

    signature: str
    at: datetime | None
    raw: int
    is_sale: bool
    proceeds_lamports: int | None = None
    value_lamports: int | None = None
    proceeds_usd: Decimal | None = None


Event = Acquired | Disposed


@dataclass(slots=True)
class Lot:
    """What was acquired at one moment and how much of it is left."""

    no: int
    position_no: int
    origin: Origin
    signature: str
    acquired_at: datetime | None
    raw: int
    raw_left: int
    cost_lamports: int | None
    cost_left_lamports: int | None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Disposal:
    """A piece of one lot that left; `gain_lamports` only where cost and proceeds are known."""

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
class Position:
    """A round trip from nothing back to (dust) nothing."""

    no: int
    opened_at: datetime | None
    closed_at: datetime | None = None
    is_open: bool = True
    full_basis: bool = True
    buys: int = 0
    sells: int = 0
    bought_raw: int = 0
    sold_raw: int = 0
    peak_raw: int = 0
    cost_lamports: int = 0
    proceeds_lamports: int = 0
    realised_lamports: int = 0
    realised_usd: Decimal | None = Decimal(0)
    unknown_proceeds_lamports: int = 0


@dataclass(slots=True)
class Book:
    """The state of one wallet in one mint; `apply` folds the next event.

    A book is built empty, or from its open lots, its open position and its three counters to go
    on where an earlier fold stopped. `touched_lots`, `touched_positions` and `disposals` hold
    what changed since, for whoever stores it.
    """

    lots: deque[Lot] = field(default_factory=deque)
    position: Position | None = None
    next_lot: int = 0
    next_disposal: int = 0
    next_position: int = 0
    touched_lots: dict[int, Lot] = field(default_factory=dict)
    touched_positions: dict[int, Position] = field(default_factory=dict)
    disposals: list[Disposal] = field(default_factory=list)
    _held: int | None = None

    @property
    def raw(self) -> int:
        """Raw units held; counted once, then kept, since a book may have thousands of lots."""
        if self._held is None:
            self._held = sum(lot.raw_left for lot in self.lots)
        return self._held

    @property
    def cost_lamports(self) -> int:
        """Known cost of what is held."""
        return sum(lot.cost_left_lamports or 0 for lot in self.lots)

    @property
    def unknown_raw(self) -> int:
        """Raw units held whose cost nobody knows."""
        return sum(lot.raw_left for lot in self.lots if lot.cost_left_lamports is None)

    def fold(self, events: Iterable[Event]) -> "Book":
        """Apply events, already in chain order, and return the book."""
        for event in events:
            self.apply(event)
        return self

    def apply(self, event: Event) -> None:
        """Fold one event. Amounts must be positive; anything else is a defect upstream."""
        if event.raw <= 0:
            raise ValueError(f"a ledger event moves a positive amount, not {event.raw}")
        if isinstance(event, Acquired):
            self._acquire(event)
        else:
            self._dispose(event)

    def _opened(self, at: datetime | None) -> Position:
        if self.position is None:
            self.position = Position(no=self.next_position, opened_at=at)
            self.next_position += 1
        self.touched_positions[self.position.no] = self.position
        return self.position

    def _add_lot(
        self, event: Event, position_no: int, raw: int, origin: Origin, cost: int | None
    ) -> Lot:
        usd = event.cost_usd if isinstance(event, Acquired) else None
        lot = Lot(
            self.next_lot, position_no, origin, event.signature, event.at, raw, raw, cost, cost, usd
        )
        self.next_lot += 1
        self._held = self.raw + raw
        self.lots.append(lot)
        self.touched_lots[lot.no] = lot
        return lot

    def _acquire(self, event: Acquired) -> None:
        position = self._opened(event.at)
        self._add_lot(event, position.no, event.raw, event.origin, event.cost_lamports)
        position.peak_raw = max(position.peak_raw, self.raw)
        if event.origin == "buy":
            position.buys += 1
            position.bought_raw += event.raw
            position.cost_lamports += event.cost_lamports or 0
        if event.origin != "buy" or event.cost_lamports is None:
            position.full_basis = False

    def _dispose(self, event: Disposed) -> None:
        opens_here = self.position is None
        position = self._opened(event.at)
        missing = event.raw - self.raw
        if missing > 0:
            self._add_lot(event, position.no, missing, "unknown", None)
            position.peak_raw = max(position.peak_raw, self.raw)
        if event.is_sale:
            position.sells += 1
            position.sold_raw += event.raw
        if opens_here or not event.is_sale or event.proceeds_lamports is None:
            position.full_basis = False
        self._take(event, position)
        if self.raw == 0 or self._left_is_dust(event, position):
            self._close(event, position)

    def _take(self, event: Disposed, position: Position) -> None:
        """Take the sold units from the oldest lots, piece by piece."""
        raw_left, proceeds_left = event.raw, event.proceeds_lamports
        while raw_left:
            lot = self.lots[0]
            taken = min(lot.raw_left, raw_left)
            proceeds = None if proceeds_left is None else proceeds_left * taken // raw_left
            self._piece(event, position, lot, taken, proceeds)
            raw_left -= taken
            if proceeds_left is not None and proceeds is not None:
                proceeds_left -= proceeds
            if lot.raw_left == 0:
                self.lots.popleft()

    def _piece(
        self, event: Disposed, position: Position, lot: Lot, taken: int, proceeds: int | None
    ) -> None:
        cost = None
        if lot.cost_left_lamports is not None:
            cost = lot.cost_left_lamports * taken // lot.raw_left
            lot.cost_left_lamports -= cost
        self._held = self.raw - taken
        lot.raw_left -= taken
        self.touched_lots[lot.no] = lot
        gain = None if proceeds is None or cost is None else proceeds - cost
        gain_usd = None if gain is None else _gain_usd(event, lot, taken)
        if gain is not None:
            position.proceeds_lamports += proceeds or 0
            position.realised_lamports += gain
            if position.realised_usd is not None:
                position.realised_usd = (
                    None if gain_usd is None else position.realised_usd + gain_usd
                )
        else:
            position.full_basis = False
            position.unknown_proceeds_lamports += proceeds or 0
        self._note(event, lot, position, taken, proceeds, cost, gain, gain_usd)

    def _note(
        self,
        event: Disposed,
        lot: Lot,
        position: Position,
        raw: int,
        proceeds: int | None,
        cost: int | None,
        gain: int | None,
        gain_usd: Decimal | None,
    ) -> None:
        self.disposals.append(
            Disposal(
                self.next_disposal, lot.no, position.no, event.signature, event.at,
                raw, proceeds, cost, gain, gain_usd,
            )
        )  # fmt: skip
        self.next_disposal += 1

    def _left_is_dust(self, event: Disposed, position: Position) -> bool:
        if not event.is_sale:
            return False
        left = self.raw
        if left * DUST_SHARE < position.peak_raw:
            return True
        return event.value_lamports is not None and (
            left * event.value_lamports < DUST_LAMPORTS * event.raw
        )

    def _close(self, event: Disposed, position: Position) -> None:
        """Close the position; dust leaves its cost here and starts the next one at cost zero."""
        dust = [(lot, lot.raw_left) for lot in self.lots]
        for lot, raw in dust:
            known = lot.cost_left_lamports is not None
            written_off = Disposed(
                event.signature, event.at, raw, is_sale=True, proceeds_usd=Decimal(0)
            )
            self._piece(written_off, position, lot, raw, 0 if known else None)
        self.lots.clear()
        position.is_open = False
        position.closed_at = event.at
        self.position = None
        for lot, raw in dust:
            zero = None if lot.cost_lamports is None else 0
            kept = self._add_lot(event, self.next_position, raw, "dust", zero)
            kept.cost_usd = None if zero is None else Decimal(0)


def _gain_usd(event: Disposed, lot: Lot, taken: int) -> Decimal | None:
    """Gain of a piece in USD by the prices of both moments, where both are known."""
    if event.proceeds_usd is None or lot.cost_usd is None:
        return None
    return (event.proceeds_usd * taken / event.raw - lot.cost_usd * taken / lot.raw).quantize(_CENT)
