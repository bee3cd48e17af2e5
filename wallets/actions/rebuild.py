"""Rebuilding every derived row from the raw transactions, and the hash that compares states."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from aura.core import exact
from aura.core.events import announce
from wallets.actions.settle import in_batches, settle
from wallets.actions.stats import refresh_stats
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
               "raw_out"]),
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
    none has to be held or sorted.
    """
    digest = hashlib.sha256()
    for model, fields in _COMPARED:
        total = 0
        for line in _lines(model, fields):
            total += int.from_bytes(hashlib.sha256(line.encode()).digest())
        digest.update(f"{model.__name__} {total:x}\n".encode())
    return digest.hexdigest()


def _lines(model: Any, fields: list[str]) -> Iterator[str]:
    named = {}
    if model not in (RawTransaction, PoolLeg):
        named["of"] = F("wallet__address")
    if model in (Activity, PoolLeg):
        named["in_"] = F("transaction__signature")
    found = model.objects.standing() if model is RawTransaction else model.objects.all()
    rows: Iterable[dict[str, Any]] = found.values(*fields, **named).iterator()
    for row in rows:
        yield exact.dumps(row)


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
    for model in _DERIVED:
        model._default_manager.filter(wallet__in=ids).delete()
    PoolLeg.objects.all().delete()
    standing = RawTransaction.objects.standing()
    for pairs in in_batches(standing):
        settle(wallets, pairs())
    active = Activity.objects.order_by("wallet_id").values_list("wallet_id", flat=True).distinct()
    refresh_stats(active)
    report = RebuildReport(before, state_hash(), standing.count(), len(wallets))
    if not keep:
        transaction.set_rollback(True)
    elif not report.agrees:
        announce(BooksChanged(ids))
    return report
