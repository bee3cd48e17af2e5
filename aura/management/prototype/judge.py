"""Which rows of the prototype can be taken, and what they say. Asks nobody; writes nothing."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from aura.core import solana
from aura.core.errors import Refused
from aura.management.prototype import cells
from aura.management.prototype.file import Cell, Row
from aura.management.prototype.report import Report
from aura.management.prototype.tables import Kind
from portfolio.actions import NOTE_LENGTH, PositionTerms, checked_price, checked_quantity
from wallets.actions.follows import HIGHEST_THRESHOLD, NICKNAME_LENGTH

CLOSED: Final = frozenset({"closed", "close", "sold", "exited", "exit", "stopped", "liquidated"})
OPEN: Final = frozenset({"", "open", "opened", "active", "holding", "held"})


@dataclass(frozen=True, slots=True)
class FollowRow:
    """A wallet to follow, with the user's name for it and from how many USD trades are news."""

    row: Row
    address: str
    nickname: str
    threshold: Decimal | None


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A token to watch."""

    row: Row
    mint: str
    note: str
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position as it was typed in, and a name for its row that stays the same."""

    row: Row
    terms: PositionTerms
    origin: str


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A transaction to ask the chain for."""

    row: Row
    signature: str


@dataclass(frozen=True, slots=True)
class Found:
    """Everything in the file that can be taken."""

    wallets: list[FollowRow]
    watchlist: list[WatchRow]
    positions: list[PositionRow]
    transactions: list[SignatureRow]


def judge_all(report: Report, *, now: datetime) -> Found:
    """Judge every row of the report's file; refuse into the report what cannot be taken."""
    judge, rows = Judge(report, now), report.contents.rows
    return Found(
        list(judge.wallets(rows.get(Kind.WALLETS, []))),
        list(judge.watchlist(rows.get(Kind.WATCHLIST, []))),
        list(judge.positions(rows.get(Kind.POSITIONS, []))),
        list(judge.transactions(rows.get(Kind.TRANSACTIONS, []))),
    )


@dataclass(slots=True)
class Judge:
    """Reads rows in the file's order; refuses into the report what cannot be taken."""

    report: Report
    now: datetime
    _seen: dict[Hashable, Row] = field(default_factory=dict)

    def wallets(self, rows: Iterable[Row]) -> Iterator[FollowRow]:
        """Give the wallets with a real address, each once."""
        for row in rows:
            address = self._address(row, "address")
            if address is None or self._is_repeated(row, row["address"], ("wallet", address)):
                continue
            yield FollowRow(row, address, self._nickname(row), self._threshold(row))

    def watchlist(self, rows: Iterable[Row]) -> Iterator[WatchRow]:
        """Give the watched tokens with a real address, each once."""
        for row in rows:
            mint = self._address(row, "mint")
            if mint is None or self._is_repeated(row, row["mint"], ("watched", mint)):
                continue
            yield WatchRow(row, mint, self._note(row), self._time(row, "added"))

    def positions(self, rows: Iterable[Row]) -> Iterator[PositionRow]:
        """Give the positions that say how much of which token; the same one once."""
        for row in rows:
            mint = self._address(row, "mint")
            if mint is None:
                continue
            quantity = self._quantity(row)
            if quantity is None:
                continue
            terms = self._terms(row, mint, quantity)
            if not self._is_repeated(row, row["mint"], ("position", terms)):
                yield PositionRow(row, terms, _origin(row, mint, terms.opened_at))

    def transactions(self, rows: Iterable[Row]) -> Iterator[SignatureRow]:
        """Give the signatures that can be one, each once; nothing else of the rows is used."""
        for row in rows:
            try:
                signature = cells.signature(row["signature"])
            except ValueError as reason:
                self.report.refuse(row, row["signature"], str(reason))
                continue
            if not self._is_repeated(row, row["signature"], ("signature", signature)):
                yield SignatureRow(row, signature)

    def _address(self, row: Row, column: str) -> str | None:
        try:
            return solana.address(cells.text(row[column]))
        except ValueError as reason:
            self.report.refuse(row, row[column], str(reason))
            return None

    def _is_repeated(self, row: Row, value: Cell, what: Hashable) -> bool:
        first = self._seen.setdefault(what, row)
        if first is not row:
            reason = f"a duplicate of {cells.shown(first.table)} row {first.number}"
            self.report.refuse(row, value, reason)
        return first is not row

    def _nickname(self, row: Row) -> str:
        given = cells.text(row["nickname"]).strip()
        tidy = cells.line(given)
        nickname = tidy[:NICKNAME_LENGTH].rstrip()
        if nickname != " ".join(given.split()) or "\ufffd" in nickname:
            self.report.alter(row, given, f"the nickname is kept as {nickname!r}")
        return nickname

    def _threshold(self, row: Row) -> Decimal | None:
        try:
            threshold = cells.number(row["threshold"])
            if threshold is not None and not 0 <= threshold <= HIGHEST_THRESHOLD:
                raise ValueError("out of range")
        except ValueError as reason:
            self.report.alter(row, row["threshold"], f"taken without its threshold: {reason}")
            return None
        return threshold or None

    def _note(self, row: Row) -> str:
        """Return the row's note; where it has none, the token's symbol as it stood there."""
        note = cells.text(row["note"]).strip()
        if len(note) > NOTE_LENGTH:
            self.report.alter(row, note, f"the note is cut at {NOTE_LENGTH:,} characters")
        return note[:NOTE_LENGTH] or cells.line(row["symbol"])[:NICKNAME_LENGTH]

    def _time(self, row: Row, column: str) -> datetime | None:
        try:
            return cells.moment(row[column], now=self.now)
        except ValueError as reason:
            self.report.alter(row, row[column], f"taken without the time {column}: {reason}")
            return None

    def _quantity(self, row: Row) -> Decimal | None:
        try:
            quantity = cells.number(row["quantity"])
            if quantity is not None:
                return checked_quantity(quantity)
            reason = "no quantity given"
        except Refused as refusal:
            reason = str(refusal)
        except ValueError as error:
            reason = f"the quantity is {error}"
        self.report.refuse(row, row["quantity"], reason)
        return None

    def _price(self, row: Row) -> Decimal | None:
        try:
            price = cells.number(row["price"])
            return None if price is None else checked_price(price)
        except (ValueError, Refused) as reason:
            self.report.alter(row, row["price"], f"taken without its entry price: {reason}")
            return None

    def _terms(self, row: Row, mint: str, quantity: Decimal) -> PositionTerms:
        opened, closed = self._time(row, "opened"), self._time(row, "closed")
        if opened and closed and closed < opened:
            self.report.alter(row, row["closed"], "taken without the time closed: before it opened")
            closed = None
        status = cells.line(row["status"]).lower()
        if status not in CLOSED | OPEN:
            self.report.alter(row, row["status"], "the status is not known; its times decide")
        is_closed = closed is not None or status in CLOSED or row["closed"] not in (None, "")
        return PositionTerms(
            mint=mint, quantity=quantity, entry_price_usd=self._price(row), opened_at=opened,
            is_closed=is_closed, closed_at=closed, note=self._note(row),
        ).checked()  # fmt: skip


def _origin(row: Row, mint: str, opened_at: datetime | None) -> str:
    """Name a position's row so that a second import knows it, though its figures have changed."""
    words = [row.table.lower(), str(row.number), mint, str(opened_at)]
    return "prototype " + hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]
