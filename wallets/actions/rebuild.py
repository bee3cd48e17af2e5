"""Rebuilding every derived row from the raw transactions, and the hash that compares states."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, QuerySet

from aura.core.events import announce
from wallets.actions.books import books_of, fold_books
from wallets.actions.derive import derive
from wallets.actions.settle import in_batches, see_wallets
from wallets.actions.stats import refresh_stats
from wallets.domain.ordering import order_key
from wallets.events import BooksChanged
from wallets.models import (
    Activity,
    Disposal,
    Holding,
    Lot,
    PoolLeg,
    Position,
    RawTransaction,
    Trade,
    Transfer,
    Wallet,
    WalletStats,
    WindowStats,
)

# What two states are compared by. Ids, receipt times and USD are left out: ids and receipts
# differ from run to run, USD depends on when a price became known. What the chain has dropped is
# left out too: whoever came later never heard of it.
_PLACE: Final = ["slot", "tx_index", "block_time", "signature", "leg"]
_BOOK: Final = ["mint", "no"]
_COMPARED: Final[list[tuple[Any, list[str]]]] = [
    (RawTransaction, ["signature", "slot", "tx_index", "block_time", "version", "failed",
                      "fee_payer", "fee_lamports", "owners"]),
    (PoolLeg, ["no", "owner", "program", "venue", "pool", "mint_in", "raw_in", "mint_out",
               "raw_out", "reserve_in", "reserve_out", "fee_points", "token", "slot"]),
    (Activity, ["network_lamports", "tip_lamports", "platform_lamports", "rent_lamports",
                "other_lamports", "has_trade", "ambiguous"]),
    (Trade, [*_PLACE, "side", "mint", "mint_in", "raw_in", "mint_out", "raw_out",
             "value_lamports", "costs_lamports", "venue", "program"]),
    (Transfer, [*_PLACE, "mint", "raw", "kind"]),
    (Lot, [*_BOOK, "origin", "signature", "acquired_at", "position_no", "raw", "raw_left",
           "cost_lamports", "cost_left_lamports"]),
    (Disposal, [*_BOOK, "lot_no", "position_no", "signature", "disposed_at", "raw",
                "proceeds_lamports", "cost_lamports", "gain_lamports"]),
    (Position, [*_BOOK, "opened_at", "closed_at", "is_open", "full_basis", "buys", "sells",
                "bought_raw", "sold_raw", "peak_raw", "cost_lamports", "proceeds_lamports",
                "realised_lamports", "unknown_proceeds_lamports"]),
    (Holding, ["mint", "raw", "cost_lamports", "unknown_raw"]),
    (WalletStats, ["trades", "volume_lamports", "closed_positions", "wins", "open_positions",
                   "realised_lamports", "unknown_proceeds_lamports", "fees_lamports"]),
]  # fmt: skip
_DERIVED: Final = (
    Disposal, Lot, Position, Holding, WalletStats, WindowStats, Trade, Transfer, Activity,
)  # fmt: skip


# 128 bits of each row's SHA-256, added up in two halves.
_SUMS: Final = """
SELECT count(*), coalesce(sum(('x' || left(hash, 16))::bit(64)::bigint), 0),
       coalesce(sum(('x' || substr(hash, 17, 16))::bit(64)::bigint), 0)
  FROM (SELECT encode(sha256(convert_to(told::text, 'UTF8')), 'hex') AS hash
          FROM ({rows}) AS told) AS hashed
"""
# Trades and transfers held at once while books are folded: however long the history is.
FOLDED_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """The hash before and after, and how much was read."""

    before: str
    after: str
    transactions: int
    wallets: int

    @property
    def agrees(self) -> bool:
        """Whether rebuilding changed nothing."""
        return self.before == self.after


def state_hash() -> str:
    """Hash everything that must not depend on order, duplication, delay or restarts.

    Rows are a set: the sum of their hashes does not depend on the order they are read in, so
    none has to be held or sorted; and they are added up where they are, none has to travel.
    """
    digest = hashlib.sha256()
    for model, fields in _COMPARED:
        digest.update(f"{model.__name__} {_sums(model, fields)}\n".encode())
    return digest.hexdigest()


def _sums(model: Any, fields: list[str]) -> tuple[int, ...]:
    named = {}
    if model not in (RawTransaction, PoolLeg):
        named["of"] = F("wallet__address")
    if model in (Activity, PoolLeg):
        named["in_"] = F("transaction__signature")
    found = model.objects.standing() if model is RawTransaction else model.objects.all()
    rows, given = found.values_list(*fields, *named.values()).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(rows=rows), given)
        return tuple(map(int, cursor.fetchone()))


@transaction.atomic
def rebuild(*, keep: bool = True) -> RebuildReport:
    """Delete every derived row and derive it again from the raw ones, in chain order.

    All recorded wallets are locked meanwhile: their new transactions wait. Trades are not
    announced a second time; pages are told that books changed. With `keep` False the rebuilt
    rows are thrown away again and only the comparison remains.
    """
    rows = Wallet.objects.order_by("pk").select_for_update()
    wallets = {wallet.address: wallet for wallet in rows}
    ids = [wallet.pk for wallet in wallets.values()]
    before = state_hash()
    _forget(ids)
    standing = RawTransaction.objects.standing()
    active = _derive_all(standing, wallets)
    _fold_all()
    refresh_stats(active)
    report = RebuildReport(before, state_hash(), standing.count(), len(wallets))
    if not keep:
        transaction.set_rollback(True)
    elif not report.agrees:
        announce(BooksChanged(ids))
    return report


def _forget(wallet_ids: Collection[int]) -> None:
    with connection.cursor() as cursor:
        # A deferred check waits in the server's memory until the commit, one for every row's key.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for model in _DERIVED:
        model._default_manager.filter(wallet__in=wallet_ids).delete()
    PoolLeg.objects.all().delete()


def _derive_all(raws: "QuerySet[RawTransaction]", wallets: Mapping[str, Wallet]) -> set[int]:
    """Derive rows from raw ones, batch by batch; return the wallets that took part."""
    active: set[int] = set()
    for pairs in in_batches(raws):
        active |= derive(wallets, pairs(), set()).active_ids
    see_wallets(active, wallets)
    return active


def _fold_all() -> None:
    """Fold every book from nothing, a wallet's one after the other.

    In the chain's order every batch would touch as many books as it has trades, and write the
    same lots again and again; in the wallets' order most books are folded and written once.
    """
    rows = merge(_in_order(Trade), _in_order(Transfer), key=_order)
    while some := list(islice(rows, FOLDED_AT_ONCE)):
        fold_books(books_of(some))


def _in_order(model: "type[Trade | Transfer]") -> Iterator[Trade | Transfer]:
    # backwards along the index of a wallet's latest trades
    rows = model._default_manager.order_by("-wallet_id", "slot", "tx_index", "pk")
    return rows.iterator(chunk_size=FOLDED_AT_ONCE)


def _order(row: Trade | Transfer) -> tuple[Any, ...]:
    return (-row.wallet_id, order_key(row.slot, row.tx_index, row.signature))
