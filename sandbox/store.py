"""SQLite keeping of transactions, true trades, hooks, mail and the state they were made from."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sandbox.addresses import STANDING
from sandbox.engine import Block, Engine
from sandbox.record import Record, unpack

REFERENCED, BALANCE_CHANGED, ACCOUNT_SEEN = 1, 2, 4
RETAINED = 400_000
# What only strangers did is kept for less long, so that the others' history reaches further back.
STRANGERS_RETAINED = 80_000
PRUNE_EVERY = 500
SAVE_EVERY = 200
# The market statistics look back a day.
SWAP_SECONDS = 90_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS tx (
    id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE, slot INTEGER NOT NULL,
    place INTEGER NOT NULL, time INTEGER NOT NULL, failed INTEGER NOT NULL, body BLOB NOT NULL,
    strange INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS tx_slot ON tx (slot);
CREATE TABLE IF NOT EXISTS address (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS touch (
    address INTEGER NOT NULL, tx INTEGER NOT NULL, how INTEGER NOT NULL,
    PRIMARY KEY (address, tx)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touch_tx ON touch (tx);
CREATE TABLE IF NOT EXISTS hidden (
    tx INTEGER PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS trade (
    wallet TEXT NOT NULL, signature TEXT NOT NULL, slot INTEGER NOT NULL, place INTEGER NOT NULL,
    side TEXT NOT NULL, mint TEXT NOT NULL, raw INTEGER NOT NULL, lamports INTEGER NOT NULL,
    costs INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS trade_wallet ON trade (wallet);
CREATE TABLE IF NOT EXISTS swap (
    mint TEXT NOT NULL, time INTEGER NOT NULL, is_buy INTEGER NOT NULL, raw INTEGER NOT NULL,
    lamports INTEGER NOT NULL, price_lamports INTEGER NOT NULL, price_raw INTEGER NOT NULL,
    trader TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS hook (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, envelope TEXT NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
# Keys in nearly every transaction; an index over them would only be large.
UNINDEXED = frozenset(STANDING)
# Until this slot is hidden what never comes back.
FOREVER = 2**62
# Binds the newest confirmed slot twice.
VISIBLE = "NOT EXISTS (SELECT 1 FROM hidden WHERE hidden.tx = tx.id AND ? >= since AND ? < until)"


class Store:
    """One database file, or memory when no path is given. Safe for several threads."""

    def __init__(self, path: Path | None) -> None:
        self.lock = RLock()
        self.db = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        self.db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing with NORMAL; only a power cut could cost the last commit.
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(SCHEMA)
        self._add_column("swap", "trader TEXT NOT NULL DEFAULT ''")
        self._add_column("tx", "strange INTEGER NOT NULL DEFAULT 0")
        self._forget_phantoms()
        self.ids: dict[str, int] = dict(self.db.execute("SELECT text, id FROM address"))
        row = self.db.execute("SELECT max(id), min(id) FROM tx").fetchone()
        self.last_id: int = row[0] or 0
        self.pruned: int = row[1] or 0
        self.strangers_pruned = self.pruned
        self.saved_steps = -1

    def _add_column(self, table: str, column: str) -> None:
        """Give a file from before there was a bazaar what it lacks."""
        known = {row[1] for row in self.db.execute(f"PRAGMA table_info({table})")}
        if column.split()[0] not in known:
            self.db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            self.db.close()

    def load(self, name: str) -> Any:
        """Give a kept object, or None."""
        with self.lock:
            row = self.db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        # The blob comes from our own database file.
        return pickle.loads(row[0]) if row else None  # noqa: S301

    def commit(self, blocks: Iterable[Block], engine: Engine) -> list[Record]:
        """Write blocks and how far the engine is in one transaction; return the records in order.

        The whole state is large, so it is written now and then only; what came after it is
        stepped again when the world wakes, which gives the same because steps are deterministic.
        """
        records: list[Record] = []
        with self.lock:
            db = self.db
            db.execute("BEGIN")
            try:
                for block in blocks:
                    records += self._write(block)
                steps = engine.world.steps
                if steps - self.saved_steps >= SAVE_EVERY or self.saved_steps < 0:
                    self.keep("engine", engine)
                    self.saved_steps = steps
                self.keep("steps", steps)
                self._prune()
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise
        return records

    def keep(self, name: str, value: object) -> None:
        """Keep an object under a name; commits on its own outside `commit`."""
        blob = pickle.dumps(value, protocol=5)
        self.db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, blob))

    def _write(self, block: Block) -> list[Record]:
        db, records = self.db, []
        for outcome in block.outcomes:
            record, signature = outcome.record, outcome.record.signature
            self._insert(record, block.hidden.get(signature), strange=outcome.strange)
            db.executemany(
                "INSERT INTO trade VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(t.wallet, signature, record.slot, record.index, t.side, t.mint, t.raw,
                  t.lamports, t.costs) for t in outcome.trades],
            )  # fmt: skip
            db.executemany(
                "INSERT INTO swap VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(s.mint, record.time, int(s.is_buy), s.raw, s.lamports, *s.price, t.wallet)
                 for s, t in zip(outcome.swaps, outcome.trades, strict=True)],
            )  # fmt: skip
            records.append(record)
        for phantom in block.phantoms:
            self._insert(phantom, block.hidden[phantom.signature], strange=False)
        return records + block.phantoms

    def _insert(
        self, record: Record, hidden: tuple[int, int] | None, *, strange: bool
    ) -> None:  # fmt: skip
        self.last_id += 1
        number = self.last_id
        self.db.execute(
            "INSERT INTO tx VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, record.signature, record.slot, record.index, record.time,
             int(record.failure is not None), record.pack(), int(strange)),
        )  # fmt: skip
        self.db.executemany(
            "INSERT INTO touch VALUES (?, ?, ?)",
            [(self._id(key), number, how) for key, how in touched(record).items()],
        )
        if hidden is not None:
            self.db.execute("INSERT INTO hidden VALUES (?, ?, ?)", (number, *hidden))

    def settle(self) -> None:
        """Forget what never became final and show again what was hidden for a while."""
        with self.lock:
            self._forget_phantoms()
            self.db.execute("DELETE FROM hidden")

    def _forget_phantoms(self) -> None:
        chosen = "(SELECT tx FROM hidden WHERE until = ?)"
        self.db.execute("BEGIN")
        # The text is our own; its value is bound.
        self.db.execute(f"DELETE FROM touch WHERE tx IN {chosen}", (FOREVER,))  # noqa: S608
        self.db.execute(f"DELETE FROM tx WHERE id IN {chosen}", (FOREVER,))  # noqa: S608
        self.db.execute("DELETE FROM hidden WHERE until = ?", (FOREVER,))
        self.db.execute("COMMIT")

    def _id(self, key: str) -> int:
        number = self.ids.get(key)
        if number is None:
            number = len(self.ids) + 1
            self.ids[key] = number
            self.db.execute("INSERT OR IGNORE INTO address VALUES (?, ?)", (number, key))
        return number

    def _prune(self) -> None:
        oldest, strangers = self.last_id - RETAINED, self.last_id - STRANGERS_RETAINED
        if strangers - self.strangers_pruned < PRUNE_EVERY:
            return
        chosen = "SELECT id FROM tx WHERE id <= ? OR (strange AND id BETWEEN ? AND ?)"
        values = (oldest, self.strangers_pruned, strangers)
        for table, name in (("touch", "tx"), ("hidden", "tx"), ("tx", "id")):
            # The text is our own; its values are bound.
            self.db.execute(f"DELETE FROM {table} WHERE {name} IN ({chosen})", values)  # noqa: S608
        self.pruned, self.strangers_pruned = oldest, strangers
        self.db.execute(
            "DELETE FROM swap WHERE time < (SELECT max(time) FROM swap) - ?", (SWAP_SECONDS,)
        )

    def swaps(self, since: int) -> list[tuple[str, int, int, int, int, int, str]]:
        """Give the swaps after a moment, unix seconds, oldest first, as the tape takes them."""
        return self.rows(
            "SELECT mint, time, is_buy, lamports, price_lamports, price_raw, trader FROM swap "
            "WHERE time > ? ORDER BY rowid", (since,),
        )  # fmt: skip

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query and give all rows."""
        with self.lock:
            return self.db.execute(query, values).fetchall()

    def write(self, query: str, values: Sequence[object] = ()) -> None:
        """Run one statement that commits on its own."""
        with self.lock:
            self.db.execute(query, values)

    def record(self, signature: str, tip: int | None = None) -> Record | None:
        """Give a transaction as visible at the newest confirmed slot; without one, any kept."""
        found = self._one("body", signature, tip)
        return None if found is None else unpack(found)

    def place(self, signature: str, tip: int) -> int | None:
        """Give a transaction's position in the order of execution, as visible at a slot."""
        found = self._one("id", signature, tip)
        return None if found is None else int(found)

    def _one(self, column: str, signature: str, tip: int | None) -> Any:
        query, values = f"SELECT {column} FROM tx WHERE signature = ?", [signature]  # noqa: S608
        if tip is None:
            found = self.rows(query, values)
        else:
            found = self.rows(f"{query} AND {VISIBLE}", [*values, tip, tip])
        return found[0][0] if found else None


def touched(record: Record) -> dict[str, int]:
    """Give the addresses a transaction belongs to, and in which way each."""
    found = {key: REFERENCED for key in record.all_keys if key not in UNINDEXED}
    before = {row[0]: row for row in record.pre_tokens}
    after = {row[0]: row for row in record.post_tokens}
    for number in before.keys() | after.keys():
        old, new = before.get(number), after.get(number)
        row = after[number] if new else before[number]
        how = ACCOUNT_SEEN
        if (old[4] if old else 0) != (new[4] if new else 0):
            how |= BALANCE_CHANGED
        found[row[2]] = found.get(row[2], 0) | how
    return found
