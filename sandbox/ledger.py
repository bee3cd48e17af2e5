"""The true books of every wallet: FIFO lots and exact profit, kept from what the market did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# A trip ends when a sale leaves under a thousandth of the most held during it, or what is worth
# less than so many lamports at the sale's own price.
DUST_SHARE = 1_000
DUST_LAMPORTS = 50_000


@dataclass(slots=True)
class Lot:
    """Raw units with what they cost in lamports; `cost` None means nobody knows."""

    raw: int
    cost: int | None


@dataclass(slots=True)
class Book:
    """One wallet's lots by mint and its totals in lamports."""

    lots: dict[str, list[Lot]] = field(default_factory=dict)
    realised: int = 0
    unknown_proceeds: int = 0
    other_fees: int = 0
    trades: int = 0


@dataclass(frozen=True, slots=True)
class TruthTrade:
    """One side of a swap. `lamports` is its SOL, pool fees included; `costs` came on top."""

    wallet: str
    side: str
    mint: str
    raw: int
    lamports: int
    costs: int


class Ledger:
    """All books. Integer rule: part = floor(left * taken / raw left), the last piece the rest."""

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}
        # The most raw units held during the running trip, by wallet and mint.
        self.peaks: dict[tuple[str, str], int] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Wake, from a state kept before trips ended in dust as well."""
        self.__dict__.update({"peaks": {}, **state})

    def book(self, wallet: str) -> Book:
        """Give the wallet's book, opening it when needed."""
        return self.books.setdefault(wallet, Book())

    def record(self, trade: TruthTrade) -> None:
        """Enter one trade; costs go into a buy's cost or come off a sale's proceeds."""
        book = self.book(trade.wallet)
        book.trades += 1
        if trade.side == "buy":
            lot = Lot(trade.raw, trade.lamports + trade.costs)
            self._admit(trade.wallet, trade.mint, lot)
            return
        self._sell(book, trade.mint, trade.raw, trade.lamports - trade.costs)
        self._write_off_dust(book, trade)

    def _admit(self, wallet: str, mint: str, lot: Lot) -> None:
        lots = self.book(wallet).lots.setdefault(mint, [])
        lots.append(lot)
        held = sum(lot.raw for lot in lots)
        self.peaks[wallet, mint] = max(held, self.peaks.get((wallet, mint), 0))

    def _sell(self, book: Book, mint: str, raw: int, proceeds: int) -> None:
        for taken, cost in self._take(book, mint, raw):
            part = proceeds if taken == raw else proceeds * taken // raw
            proceeds -= part
            raw -= taken
            if cost is None:
                book.unknown_proceeds += part
            else:
                book.realised += part - cost

    def _write_off_dust(self, book: Book, sale: TruthTrade) -> None:
        """End the trip if the sale left dust: its cost is lost here, the next trip has it free."""
        lots = book.lots.get(sale.mint, [])
        left = sum(lot.raw for lot in lots)
        peak = self.peaks.get((sale.wallet, sale.mint), 0)
        is_worthless = left * sale.lamports < DUST_LAMPORTS * sale.raw
        if left * DUST_SHARE >= peak and not is_worthless:
            return
        for lot in lots:
            if lot.cost is not None:
                book.realised -= lot.cost
                lot.cost = 0
        self.peaks[sale.wallet, sale.mint] = left

    def _take(self, book: Book, mint: str, raw: int) -> list[tuple[int, int | None]]:
        lots = book.lots.get(mint, [])
        pieces: list[tuple[int, int | None]] = []
        while raw:
            lot = lots[0]
            taken = min(lot.raw, raw)
            if lot.cost is None:
                cost = None
            else:
                cost = lot.cost if taken == lot.raw else lot.cost * taken // lot.raw
                lot.cost -= cost
            lot.raw -= taken
            raw -= taken
            if not lot.raw:
                lots.pop(0)
            pieces.append((taken, cost))
        if not lots:
            book.lots.pop(mint, None)
        return pieces

    def receive(self, wallet: str, mint: str, raw: int) -> None:
        """Enter tokens that came without a price."""
        self._admit(wallet, mint, Lot(raw, None))

    def send(self, wallet: str, mint: str, raw: int) -> None:
        """Take tokens out by FIFO; a transfer realises nothing."""
        book = self.book(wallet)
        self._take(book, mint, raw)
        if mint not in book.lots:
            self.peaks.pop((wallet, mint), None)

    def fee(self, wallet: str, lamports: int) -> None:
        """Enter a fee outside any trade."""
        self.book(wallet).other_fees += lamports

    def totals(self, wallet: str) -> dict[str, int]:
        """Give the wallet's totals in lamports and its number of trades."""
        book = self.book(wallet)
        return {
            "realised_lamports": book.realised,
            "unknown_proceeds_lamports": book.unknown_proceeds,
            "other_fees_lamports": book.other_fees,
            "trades": book.trades,
        }

    def holdings(self, wallet: str) -> dict[str, dict[str, int]]:
        """Give what is left per mint: raw in all, cost of the known lots, raw of the unknown."""
        return {
            mint: {
                "raw": sum(lot.raw for lot in lots),
                "cost_lamports": sum(lot.cost for lot in lots if lot.cost is not None),
                "unknown_raw": sum(lot.raw for lot in lots if lot.cost is None),
            }
            for mint, lots in self.book(wallet).lots.items()
        }

    def open_lots(self, wallet: str) -> dict[str, list[dict[str, int | None]]]:
        """Give what is left of each lot per mint, oldest first; no cost means nobody knows it."""
        return {
            mint: [{"raw_left": lot.raw, "cost_left_lamports": lot.cost} for lot in lots]
            for mint, lots in self.book(wallet).lots.items()
        }
