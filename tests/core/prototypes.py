"""Files as the original single-user prototype leaves them, and worse ones."""

import io
import itertools
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from portfolio.models import ManualPosition, WatchlistEntry
from wallets.models import Follow, QuarantinedPayload, RawTransaction, Trade, Wallet

WALLETS = (
    "live_whale_wallets(wallet_address TEXT PRIMARY KEY, nickname TEXT, min_tx_value_usd REAL, "
    "total_alerts_sent INTEGER, added_at TEXT)"
)
TRANSACTIONS = (
    "whale_transactions(wallet_address TEXT, token_address TEXT, type TEXT, amount REAL, "
    "value_usd REAL, timestamp TEXT, signature TEXT)"
)
STATS = "whale_stats(wallet_address TEXT, win_rate REAL, total_pnl REAL)"
SIGNALS = "helix_signals(token_address TEXT, symbol TEXT, momentum_score REAL)"
WATCHLIST = (
    "watchlist(id INTEGER PRIMARY KEY, token_address TEXT, symbol TEXT, notes TEXT, added_at TEXT)"
)
POSITIONS = (
    "positions(id INTEGER PRIMARY KEY, token_address TEXT, symbol TEXT, quantity REAL, "
    "entry_price REAL, status TEXT, opened_at TEXT, closed_at TEXT, notes TEXT)"
)

Rows = Iterable[Sequence[Any]]


def make_prototype(path: Path, tables: Mapping[str, Rows]) -> Path:
    """Write a file with these tables (`name(columns)`) and rows."""
    with closing(sqlite3.connect(path)) as file:
        for schema, rows in tables.items():
            file.execute(f"CREATE TABLE {schema}")
            name = schema.partition("(")[0]
            for row in rows:
                marks = ", ".join("?" * len(row))
                file.execute(f"INSERT INTO {name} VALUES ({marks})", row)
        file.commit()
    return path


def wallet_row(address: Any, nickname: Any = None, threshold: Any = None) -> Sequence[Any]:
    return (address, nickname, threshold, 7, "2025-01-01 10:00:00")


def transaction_row(wallet: Any, signature: Any) -> Sequence[Any]:
    return (wallet, "mint", "buy", 1.5, 99.9, "2025-01-01 10:00:00", signature)


@dataclass(frozen=True)
class Outcome:
    """What the command said, and the code it ended with."""

    lines: list[str]
    code: int
    error: str
    progress: list[str]

    def of(self, table: str) -> tuple[int, ...]:
        """The counts of one table: rows, taken, already there, refused (and not reached)."""
        (line,) = [line for line in self.lines if line.split("  ")[0] == table]
        return tuple(int(n.replace(",", "")) for n in line.split()[1:])

    def said(self, words: str) -> list[str]:
        return [line.strip() for line in self.lines if words in line]

    def listed(self, head: str) -> list[str]:
        """The rows listed under a heading."""
        start = self.lines.index(head) + 1
        rows = itertools.takewhile(lambda line: line.startswith("  "), self.lines[start:])
        return [line.strip() for line in rows]


def state() -> dict[str, Any]:
    """Everything the command could write."""
    models = (Wallet, Follow, RawTransaction, Trade, QuarantinedPayload, WatchlistEntry,
              ManualPosition, OrmQ)  # fmt: skip
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def run(*args: Any, **options: Any) -> Outcome:
    """Run `import_prototype`."""
    out, progress = io.StringIO(), io.StringIO()
    code, error = 0, ""
    try:
        call_command("import_prototype", *args, stdout=out, stderr=progress, **options)
    except CommandError as trouble:
        code, error = trouble.returncode, str(trouble)
    return Outcome(out.getvalue().splitlines(), code, error, progress.getvalue().splitlines())
