"""Files of every kind: read where they can be, refused in one line where not, never written."""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aura.core.errors import Refused
from aura.management.prototype import file
from aura.management.prototype.file import LONGEST_CELL, read_file
from aura.management.prototype.tables import Kind, kind_of
from tests.core.prototypes import (
    POSITIONS,
    STATS,
    WALLETS,
    WATCHLIST,
    make_prototype,
    run,
    wallet_row,
)
from wallets.models import Follow, Wallet


@pytest.fixture
def good(tmp_path: Path) -> Path:
    rows = [wallet_row(f"wallet {n}", "x" * 100) for n in range(500)]
    return make_prototype(tmp_path / "aura.db", {WALLETS: rows, STATS: [("a", 1, 2)] * 3})


def folder(path: Path) -> dict[str, str]:
    """Every file beside it, with its content."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in path.parent.iterdir()}


def test_reading_leaves_no_trace(good: Path) -> None:
    before = folder(good)
    contents = read_file(good)
    assert len(contents.rows[Kind.WALLETS]) == 500
    assert contents.discarded == {"whale_stats": 3}
    assert folder(good) == before


def test_a_file_in_wal_mode_at_rest_leaves_no_trace_either(good: Path) -> None:
    with closing(sqlite3.connect(good)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
    before = folder(good)
    assert list(before) == ["aura.db"]
    assert len(read_file(good).rows[Kind.WALLETS]) == 500
    assert folder(good) == before


def test_what_the_prototype_wrote_a_moment_ago_is_in_its_wal_and_read(good: Path) -> None:
    with closing(sqlite3.connect(good)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("INSERT INTO live_whale_wallets VALUES ('new', '', 0, 0, '')")
        opened.commit()
        assert len(read_file(good).rows[Kind.WALLETS]) == 501
        copy = good.with_name("copy.db")
        shutil.copy(good, copy)
        shutil.copy(f"{good}-wal", f"{copy}-wal")
    assert len(read_file(copy).rows[Kind.WALLETS]) == 501


def test_all_tables_are_seen_at_one_moment(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(good, isolation_level=None)) as prototype:
        prototype.execute("PRAGMA journal_mode = WAL")
        prototype.execute("INSERT INTO whale_stats VALUES ('b', 1, 2)")

        def meanwhile(table: str, columns: Sequence[str]) -> Kind | None:
            prototype.execute("INSERT INTO whale_stats VALUES ('c', 1, 2)")
            return kind_of(table, columns)

        monkeypatch.setattr(file, "kind_of", meanwhile)
        assert read_file(good).discarded == {"whale_stats": 4}
        assert read_file(good).discarded == {"whale_stats": 6}


def test_a_locked_file_says_what_to_do(good: Path) -> None:
    with closing(sqlite3.connect(good, isolation_level=None)) as opened:
        opened.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Refused, match="another program has locked it; stop the prototype"):
            read_file(good)
        opened.execute("ROLLBACK")
    assert len(read_file(good).rows[Kind.WALLETS]) == 500


def spoil(path: Path, how: str) -> None:
    body = path.read_bytes()
    noise = random.Random(7).randbytes(len(body))
    spoilt = {
        "empty": b"",
        "text": b"wallet_address,nickname\n",
        "encrypted": noise,
        "header alone": body[:60],
        "cut": body[: len(body) // 2 + 100],
        "zeroed": body[:4096] + bytes(len(body) - 4096),
        "scrambled": body[:100] + noise[100:],
    }
    path.write_bytes(spoilt[how])


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("empty", "is empty"),
        ("text", "no SQLite file, or it is encrypted"),
        ("encrypted", "no SQLite file, or it is encrypted"),
        ("header alone", "damaged or cut short"),
        ("cut", "damaged or cut short"),
        ("zeroed", "damaged or cut short"),
        ("scrambled", "damaged or cut short"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(
    alice: Any, good: Path, how: str, reason: str
) -> None:
    spoil(good, how)
    outcome = run(good, "--user", "alice@example.com")
    assert (outcome.code, outcome.lines) == (1, [])
    assert reason in outcome.error
    assert (Wallet.objects.count(), Follow.objects.count()) == (0, 0)


def test_no_file_and_no_prototype(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no file"):
        read_file(tmp_path / "none.db")
    with pytest.raises(Refused, match="is no file"):
        read_file(tmp_path)
    other = make_prototype(tmp_path / "other.db", {"songs(title TEXT)": [("a",)]})
    with pytest.raises(Refused, match="is not the prototype's: it holds songs"):
        read_file(other)
    bare = tmp_path / "bare.db"
    with closing(sqlite3.connect(bare)) as opened:
        opened.execute("PRAGMA user_version = 1")
    with pytest.raises(Refused, match="it holds no tables at all"):
        read_file(bare)


@pytest.mark.parametrize("name", ["a?b#c%41 ü.db", "'; DROP.db"])
def test_names_that_mean_something_in_an_address(good: Path, name: str) -> None:
    odd = good.rename(good.with_name(name))
    assert len(read_file(odd).rows[Kind.WALLETS]) == 500


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("watchlist(mint)", Kind.WATCHLIST),
        ("User_WatchLists(tokenAddress)", Kind.WATCHLIST),
        ("portfolio_watchlist(token_address)", Kind.WATCHLIST),
        ("positions(contract_address)", Kind.POSITIONS),
        ("open_positions(token)", Kind.POSITIONS),
        ("portfolio(TOKEN_MINT)", Kind.POSITIONS),
        ("token_holdings(address)", Kind.POSITIONS),
        ("LIVE_WHALE_WALLETS(anything)", Kind.WALLETS),
        ("whale_transactions(anything)", Kind.TRANSACTIONS),
        ("portfolio_snapshots(at, value_usd)", None),
        ("watchlist_settings(name, value)", None),
        ("tokens(token_address)", None),
    ],
)
def test_tables_are_known_by_name_and_column(
    tmp_path: Path, schema: str, kind: Kind | None
) -> None:
    contents = read_file(
        make_prototype(tmp_path / "aura.db", {schema: [], "helix_signals(x)": [(1,)]})
    )
    name = schema.partition("(")[0]
    assert contents.tables == ({} if kind is None else {kind: [name]})
    assert contents.left_alone == ([name] if kind is None else [])
    assert contents.discarded == {"helix_signals": 1}


def test_the_better_column_wins_and_strange_ones_do_no_harm(tmp_path: Path) -> None:
    schema = (
        'positions("price" REAL, "Entry-Price" REAL, "sel""ect; --" TEXT, token_address TEXT, '
        '"rowid" TEXT, address TEXT, qty)'
    )
    row = (1, 2, "x", "mint", "not a number", "wallet", 5)
    contents = read_file(make_prototype(tmp_path / "aura.db", {schema: [row]}))
    (read,) = contents.rows[Kind.POSITIONS]
    assert dict(read.cells) == {"mint": "mint", "quantity": 5, "price": 2}
    assert read.number == 1


def test_a_table_without_rowids_is_counted_through(tmp_path: Path) -> None:
    schema = "watchlist(mint TEXT PRIMARY KEY) WITHOUT ROWID"
    contents = read_file(make_prototype(tmp_path / "aura.db", {schema: [("b",), ("a",)]}))
    assert [(r.number, r["mint"]) for r in contents.rows[Kind.WATCHLIST]] == [(1, "a"), (2, "b")]


def test_cells_of_any_size_and_bytes_of_any_kind(tmp_path: Path) -> None:
    path = make_prototype(tmp_path / "aura.db", {WATCHLIST: [], POSITIONS: []})
    with closing(sqlite3.connect(path)) as open_file:
        open_file.execute(
            "INSERT INTO watchlist VALUES (4, ?, CAST(x'61ff62' AS TEXT), zeroblob(3), ?)",
            ["x" * 3_000_000, 2**62],
        )
        open_file.commit()
    (row,) = read_file(path).rows[Kind.WATCHLIST]
    assert row.number == 4
    assert row["mint"] == "x" * LONGEST_CELL
    assert (row["symbol"], row["note"], row["added"]) == ("a\ufffdb", b"\0\0\0", str(2**62))


def test_a_file_in_utf16_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "aura.db"
    with closing(sqlite3.connect(path)) as open_file:
        open_file.execute("PRAGMA encoding = 'UTF-16le'")
        open_file.execute("CREATE TABLE watchlist(mint, notes)")
        open_file.execute("INSERT INTO watchlist VALUES ('mint', ?)", ["ü🐋\0x"])
        open_file.commit()
    (row,) = read_file(path).rows[Kind.WATCHLIST]
    assert dict(row.cells) == {"mint": "mint", "note": "ü🐋\0x"}
