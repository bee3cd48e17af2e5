"""Which lot a sale takes from: FIFO, LIFO, HIFO, LOFO and average cost, each a shelf of open lots.

A part's cost is floor(cost left × taken / raw left), its proceeds likewise, and the last piece
takes the rest. Unit cost is never kept: prices are compared as integers, by cross-multiplication.
"""

from collections import deque
from collections.abc import Iterable, MutableSequence
from dataclasses import dataclass
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Final, Literal

from wallets.domain.ledger.values import Acquired, Carried, Lot

Method = Literal["fifo", "lifo", "hifo", "lofo", "average"]

# A piece taken: the lot, raw units, their cost (None: unknown), their proceeds (None: unknown).
# A plain tuple, because a sale makes one for each lot it touches.
Piece = tuple[Lot, int, int | None, int | None]


class Fifo:
    """Open lots, oldest first; a carried lot stands where its date puts it."""

    __slots__ = ("_drop", "_next", "lots")

    lots: MutableSequence[Lot]

    def __init__(self, lots: Iterable[Lot]) -> None:
        queue = lots if isinstance(lots, deque) else deque(lots)
        self.lots = queue
        self._next, self._drop = 0, queue.popleft

    def admit(self, no: int, position_no: int, event: Acquired) -> Lot:
        """Put what was acquired on the shelf as lot `no`; return the lot that holds it now."""
        raw, cost = event.raw, event.cost_lamports
        lot = Lot(
            no, position_no, event.origin, event.signature, event.at,
            raw, raw, cost, cost, event.cost_usd,
        )  # fmt: skip
        if type(event) is Carried:
            self._place(lot)
        else:
            self.lots.append(lot)
        return lot

    def take(self, raw: int, proceeds: int | None) -> list[Piece]:
        """Take raw units, at most what is held, piece by piece, sharing the proceeds among them."""
        lots, at, drop = self.lots, self._next, self._drop
        pieces: list[Piece] = []
        while raw:
            lot = lots[at]
            left, cost = lot.raw_left, lot.cost_left_lamports
            if left <= raw:
                taken, lot.raw_left = left, 0
                if cost is not None:
                    lot.cost_left_lamports = 0
                drop()
            else:
                taken, lot.raw_left = raw, left - raw
                if cost is not None:
                    part = cost * raw // left
                    lot.cost_left_lamports, cost = cost - part, part
            if proceeds is None or taken == raw:
                share = proceeds
            else:
                share = proceeds * taken // raw
                proceeds -= share
            raw -= taken
            pieces.append((lot, taken, cost, share))
        return pieces

    def _place(self, lot: Lot) -> None:
        """Insert by date, behind what is as old; chain order of the others is never questioned."""
        younger: list[Lot] = []
        while self.lots and _is_older(lot, self.lots[-1]):
            younger.append(self.lots.pop())
        self.lots.append(lot)
        self.lots.extend(reversed(younger))


class Lifo(Fifo):
    """The same row of lots, taken from its young end."""

    __slots__ = ()

    def __init__(self, lots: Iterable[Lot]) -> None:
        super().__init__(lots)
        self._next, self._drop = -1, self.lots.pop

    def admit(self, no: int, position_no: int, event: Acquired) -> Lot:
        """Put what was acquired at the young end, but what a sale found missing at the old one.

        The matched part of a sale comes first under every method.
        """
        lot = super().admit(no, position_no, event)
        if event.origin == "unknown" and type(event) is Acquired:
            self.lots.insert(0, self.lots.pop())
        return lot


@dataclass(slots=True)
class PricedLot(Lot):
    """A lot that remembers the price it was bought at, before costs, as lamports and raw units."""

    price: tuple[int, int] | None = None

    def __lt__(self, other: "PricedLot") -> bool:
        """Whether this lot is taken first: known before unknown, dear before cheap, then old."""
        if self.price is None or other.price is None:
            if self.price is other.price:
                return not _is_older(other, self) and self.no < other.no
            return other.price is None
        mine, theirs = self.price[0] * other.price[1], other.price[0] * self.price[1]
        if mine != theirs:
            return self._goes_before(mine, theirs)
        return _is_older(self, other) or (not _is_older(other, self) and self.no < other.no)

    def _goes_before(self, mine: int, theirs: int) -> bool:
        return mine > theirs


class CheapestLot(PricedLot):
    """A priced lot that is taken the sooner the cheaper it was."""

    __slots__ = ()

    def _goes_before(self, mine: int, theirs: int) -> bool:
        return mine < theirs


class Hifo(Fifo):
    """A heap of priced lots, the dearest on top; lots of unknown basis come last."""

    __slots__ = ()

    lot_type: type[PricedLot] = PricedLot

    def __init__(self, lots: Iterable[Lot]) -> None:
        heap = lots if isinstance(lots, list) else list(lots)
        heapify(heap)
        self.lots = heap
        self._next, self._drop = 0, partial(heappop, heap)

    def admit(self, no: int, position_no: int, event: Acquired) -> Lot:
        """Put what was acquired on the heap as lot `no`; return the lot."""
        raw, cost = event.raw, event.cost_lamports
        lot = self.lot_type(
            no, position_no, event.origin, event.signature, event.at,
            raw, raw, cost, cost, event.cost_usd, event.price,
        )  # fmt: skip
        heappush(self.lots, lot)  # type: ignore[arg-type]  # a list here
        return lot


class Lofo(Hifo):
    """The same heap, the cheapest on top."""

    __slots__ = ()

    lot_type = CheapestLot


class Average(Fifo):
    """One pool at its joint cost; airdrops and what has no known basis stand beside it.

    A sale takes its pro-rata share of each, so at most three lots are open. An acquisition
    restates the pool: what is left of it plus what came.
    """

    __slots__ = ()

    def admit(self, no: int, position_no: int, event: Acquired) -> Lot:
        """Add what was acquired to its pool; return the pool, which is lot `no` where it is new."""
        kind = _kind(event.origin, event.cost_lamports)
        for pool in self.lots:
            if _kind(pool.origin, pool.cost_left_lamports) == kind:
                _pour(event, pool)
                return pool
        raw, cost = event.raw, event.cost_lamports
        lot = Lot(
            no, position_no, event.origin, event.signature, event.at,
            raw, raw, cost, cost, event.cost_usd,
        )  # fmt: skip
        ordered = sorted([*self.lots, lot], key=lambda x: _kind(x.origin, x.cost_left_lamports))
        self.lots.clear()
        self.lots.extend(ordered)
        return lot

    def take(self, raw: int, proceeds: int | None) -> list[Piece]:
        """Take raw units from the pools pro rata to what each holds."""
        held = sum(pool.raw_left for pool in self.lots)
        pieces: list[Piece] = []
        for pool in tuple(self.lots):
            left, cost = pool.raw_left, pool.cost_left_lamports
            taken = raw * left // held
            held -= left
            if not taken:
                continue
            if cost is not None:
                part = cost * taken // left
                pool.cost_left_lamports, cost = cost - part, part
            pool.raw_left = left - taken
            share = None
            if proceeds is not None:
                share = proceeds * taken // raw
                proceeds -= share
            raw -= taken
            pieces.append((pool, taken, cost, share))
        for emptied in [pool for pool in self.lots if not pool.raw_left]:
            self.lots.remove(emptied)
        return pieces


SHELVES: Final[dict[Method, type[Fifo]]] = {
    "fifo": Fifo,
    "lifo": Lifo,
    "hifo": Hifo,
    "lofo": Lofo,
    "average": Average,
}
METHODS: Final = tuple(SHELVES)


def _is_older(lot: Lot, other: Lot) -> bool:
    ours, theirs = lot.acquired_at, other.acquired_at
    return ours is not None and theirs is not None and ours < theirs


def _kind(origin: str, cost: int | None) -> int:
    """Tell which pool units belong to, in the order pools are taken from."""
    if cost is None:
        return 2
    return int(origin == "airdrop")


def _pour(event: Acquired, pool: Lot) -> None:
    """Restate a pool as what is left of it plus what came."""
    if pool.cost_usd is not None:
        left = pool.cost_usd * pool.raw_left / pool.raw
        pool.cost_usd = None if event.cost_usd is None else left + event.cost_usd
    pool.raw = pool.raw_left = pool.raw_left + event.raw
    if pool.cost_left_lamports is not None:
        pool.cost_left_lamports += event.cost_lamports or 0
        pool.cost_lamports = pool.cost_left_lamports
