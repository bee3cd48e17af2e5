"""The book of one wallet in one mint: events folded in chain order into lots and positions."""

from collections import deque
from collections.abc import Iterable, MutableSequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from wallets.domain.ledger.shelves import SHELVES, Fifo, Method, Piece
from wallets.domain.ledger.values import (
    Acquired,
    Carried,
    Disposal,
    Disposed,
    Event,
    Lot,
    Origin,
    Position,
)

# A remainder is dust below a thousandth of the position's peak, or below this worth at the
# closing sale's own price (specification of the ledger, "position").
DUST_SHARE: Final = 1_000
DUST_LAMPORTS: Final = 50_000
_CENT: Final = Decimal("0.000001")


@dataclass(slots=True)
class Book:
    """The state of one wallet in one mint; `apply` folds the next event.

    A book is built empty, or from its open lots, its open position and its three counters to go
    on where an earlier fold by the same method stopped. `touched_lots`, `touched_positions` and
    `disposals` hold what changed since, for whoever stores it. The stored books are FIFO; the
    other methods are views of the same events. `lots` stand in the order the method takes them,
    except under HIFO and LOFO, where only the first is known to be first. Without
    `writes_off_dust` a position ends only at nothing.
    """

    lots: MutableSequence[Lot] = field(default_factory=deque)
    position: Position | None = None
    next_lot: int = 0
    next_disposal: int = 0
    next_position: int = 0
    touched_lots: dict[int, Lot] = field(default_factory=dict)
    touched_positions: dict[int, Position] = field(default_factory=dict)
    disposals: list[Disposal] = field(default_factory=list)
    method: Method = "fifo"
    writes_off_dust: bool = True
    _held: int | None = field(default=None, init=False, repr=False)
    _shelf: Fifo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the open lots on the method's shelf."""
        self._shelf = SHELVES[self.method](self.lots)
        self.lots = self._shelf.lots

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
        position = self.position
        if position is None:
            position = self.position = Position(self.next_position, at)
            self.next_position += 1
        self.touched_positions[position.no] = position
        return position

    def _admit(self, event: Acquired, position_no: int) -> int:
        """Put what came on the shelf; return what is held now."""
        held = self._held = self.raw + event.raw
        lot = self._shelf.admit(self.next_lot, position_no, event)
        if lot.no == self.next_lot:
            self.next_lot += 1
        self.touched_lots[lot.no] = lot
        return held

    def _acquire(self, event: Acquired) -> None:
        was_carried = isinstance(event, Carried)
        position = self._opened(event.came_at if isinstance(event, Carried) else event.at)
        held = self._admit(event, position.no)
        if held > position.peak_raw:
            position.peak_raw = held
        if event.origin == "buy":
            position.buys += not was_carried
            position.bought_raw += event.raw
            position.cost_lamports += event.cost_lamports or 0
        if event.origin != "buy" or event.cost_lamports is None:
            position.full_basis = False

    def _dispose(self, event: Disposed) -> None:
        opens_here = self.position is None
        position = self._opened(event.at)
        raw = event.raw
        missing = raw - self.raw
        if missing > 0:
            unknown = Acquired(event.signature, event.at, missing, "unknown", None)
            position.peak_raw = max(position.peak_raw, self._admit(unknown, position.no))
        if event.is_sale:
            position.sells += 1
            position.sold_raw += raw
        if opens_here or not event.is_sale or event.proceeds_lamports is None:
            position.full_basis = False
        left = self._held = self.raw - raw
        self._settle(event, position, self._shelf.take(raw, event.proceeds_lamports))
        if left == 0 or self._is_dust(left, event, position):
            self._close(event, position)

    def _settle(self, event: Disposed, position: Position, pieces: Iterable[Piece]) -> None:
        """Note a disposal for each piece that left, and what it adds to the position."""
        for lot, raw, cost, proceeds in pieces:
            self.touched_lots[lot.no] = lot
            gain = gain_usd = None
            if cost is None or proceeds is None or lot.origin == "airdrop":
                position.full_basis = False
                if cost is None:
                    position.unknown_proceeds_lamports += proceeds or 0
            else:
                gain = proceeds - cost
                gain_usd = _gain_usd(event, lot, raw)
                position.proceeds_lamports += proceeds
                position.realised_lamports += gain
                if gain_usd is None or position.realised_usd is None:
                    position.realised_usd = None
                else:
                    position.realised_usd += gain_usd
            self.disposals.append(
                Disposal(
                    self.next_disposal, lot.no, position.no, event.signature, event.at,
                    raw, proceeds, cost, gain, gain_usd,
                )
            )  # fmt: skip
            self.next_disposal += 1

    def _is_dust(self, left: int, event: Disposed, position: Position) -> bool:
        if not (event.is_sale and self.writes_off_dust):
            return False
        if left * DUST_SHARE < position.peak_raw:
            return True
        return event.value_lamports is not None and (
            left * event.value_lamports < DUST_LAMPORTS * event.raw
        )

    def _close(self, event: Disposed, position: Position) -> None:
        """Close the position; dust leaves its cost here and starts the next one at cost zero."""
        left, no, signature, at = self.raw, self.next_position, event.signature, event.at
        pieces: list[Piece] = []
        if left:
            pieces = [
                (lot, raw, cost, None if cost is None else 0)
                for lot, raw, cost, _ in self._shelf.take(left, None)
            ]
            self._held = 0
            written_off = Disposed(signature, at, left, is_sale=True, proceeds_usd=Decimal(0))
            self._settle(written_off, position, pieces)
        position.is_open = False
        position.closed_at = at
        self.position = None
        for lot, raw, cost, _ in pieces:
            origin: Origin = "airdrop" if lot.origin == "airdrop" else "dust"
            zero = None if cost is None else 0
            usd = None if cost is None else Decimal(0)
            self._admit(Acquired(signature, at, raw, origin, zero, usd), no)


def _gain_usd(event: Disposed, lot: Lot, taken: int) -> Decimal | None:
    """Gain of a piece in USD by the prices of both moments, where both are known."""
    if event.proceeds_usd is None or lot.cost_usd is None:
        return None
    return (event.proceeds_usd * taken / event.raw - lot.cost_usd * taken / lot.raw).quantize(_CENT)
