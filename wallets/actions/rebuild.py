"""Rebuilding every derived row from the raw transactions, and the hash that compares states."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from aura.core import exact
from wallets.actions.record import derive_wallet
from wallets.models import (
    Activity,
    Disposal,
    Holding,
    Lot,
    Position,
    RawTransaction,
    Trade,
    Transfer,
    Wallet,
    WalletStats,
)

# What two states are compared by. Ids, receipt times and USD are left out: ids and receipts
# differ from run to run, USD depends on when a price became known.
_PLACE: Final = ["slot", "tx_index", "block_time", "signature", "leg"]
_BOOK: Final = ["mint", "no"]
_COMPARED: Final[list[tuple[Any, list[str]]]] = [
    (RawTransaction, ["signature", "slot", "tx_index", "block_time", "version", "failed",
                      "fee_payer", "fee_lamports", "owners"]),
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
_DERIVED: Final = (Disposal, Lot, Position, Holding, WalletStats, Trade, Transfer, Activity)


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
    """Hash everything that must not depend on order, duplication, delay or restarts."""
    digest = hashlib.sha256()
    for model, fields in _COMPARED:
        digest.update(model.__name__.encode())
        for line in sorted(_lines(model, fields)):
            digest.update(line.encode())
    return digest.hexdigest()


def _lines(model: Any, fields: list[str]) -> Iterator[str]:
    of_wallet = {}
    if model is not RawTransaction:
        of_wallet["of"] = F("wallet__address")
    if model is Activity:
        of_wallet["in_"] = F("transaction__signature")
    rows: Iterable[dict[str, Any]] = model.objects.values(*fields, **of_wallet).iterator()
    for row in rows:
        yield exact.dumps(row)


@transaction.atomic
def rebuild(*, keep: bool = True) -> RebuildReport:
    """Delete every derived row and derive it again from the raw ones.

    With `keep` False the rebuilt rows are thrown away again and only the comparison remains.
    """
    before = state_hash()
    wallets = list(Wallet.objects.order_by("pk").select_for_update())
    for model in _DERIVED:
        model._default_manager.all().delete()
    for wallet in wallets:
        derive_wallet(wallet)
    report = RebuildReport(before, state_hash(), RawTransaction.objects.count(), len(wallets))
    if not keep:
        transaction.set_rollback(True)
    return report
