"""Which tables of the prototype are read, by which of their columns."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a table holds."""

    WALLETS = "wallets"
    WATCHLIST = "watchlist"
    POSITIONS = "positions"
    TRANSACTIONS = "transactions"
    DISCARDED = "figures of the prototype's own"


# Documented tables are known by their names, the others by a part of it and a column of mints.
_NAMED: Final[Mapping[str, Kind]] = {
    "livewhalewallets": Kind.WALLETS,
    "whaletransactions": Kind.TRANSACTIONS,
    "whalestats": Kind.DISCARDED,
    "helixsignals": Kind.DISCARDED,
}
# A "portfolio_watchlist" is a watchlist: the order decides.
_HINTS: Final = (
    ("watchlist", Kind.WATCHLIST),
    ("position", Kind.POSITIONS),
    ("portfolio", Kind.POSITIONS),
    ("holding", Kind.POSITIONS),
)

_MINT: Final = (
    "token_address", "mint", "mint_address", "token_mint", "contract_address", "contract",
    "address", "token",
)  # fmt: skip
_NOTES: Final = {
    "note": ("notes", "note", "comments", "comment"),
    "symbol": ("symbol", "token_symbol", "ticker", "token_name", "name"),
}
_ADDED: Final = ("created_at", "added_at", "timestamp")

# Our name of a column and theirs, the best first; spelling in any case, with or without "_".
COLUMNS: Final[Mapping[Kind, Mapping[str, Sequence[str]]]] = {
    Kind.WALLETS: {
        "address": ("wallet_address", "address", "wallet"),
        "nickname": ("nickname", "name", "label"),
        "threshold": ("min_tx_value_usd", "min_tx", "min_value_usd"),
    },
    Kind.TRANSACTIONS: {"signature": ("signature", "tx_signature", "tx_hash", "txid")},
    Kind.WATCHLIST: {"mint": _MINT, "added": ("added_at", *_ADDED), **_NOTES},
    Kind.POSITIONS: {
        "mint": _MINT,
        "quantity": ("quantity", "qty", "amount", "token_amount", "tokens", "balance"),
        "price": (
            "entry_price_usd", "entry_price", "avg_entry_price", "average_entry_price",
            "avg_price", "average_price", "buy_price", "purchase_price", "price_usd", "price",
        ),
        "opened": (
            "opened_at", "entry_time", "entry_at", "entry_date", "bought_at", "purchased_at",
            *_ADDED,
        ),
        "closed": ("closed_at", "exit_time", "exit_at", "exit_date", "sold_at"),
        "status": ("status", "state"),
        **_NOTES,
    },
    Kind.DISCARDED: {},
}  # fmt: skip


def kind_of(table: str, columns: Sequence[str]) -> Kind | None:
    """Tell what a table holds by its name and columns; None for one that is not read."""
    name = _plain(table)
    if name in _NAMED:
        return _NAMED[name]
    kind = next((kind for hint, kind in _HINTS if hint in name), None)
    if kind is None or "mint" not in columns_of(kind, columns):
        return None
    return kind


def columns_of(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    """Return the file's name of each column of ours that the table has."""
    there = {_plain(column): column for column in reversed(columns)}
    found = {}
    for ours, theirs in COLUMNS[kind].items():
        match = next((there[_plain(name)] for name in theirs if _plain(name) in there), None)
        if match is not None:
            found[ours] = match
    return found


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
