"""News of the wallets app, read by pages and by the apps above."""

from dataclasses import dataclass

from aura.core.events import fact


@fact
@dataclass(frozen=True, slots=True)
class WalletsTracked:
    """Wallets are recorded from now on."""

    wallet_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class TradesRecorded:
    """Trades were recorded for the first time; ids in chain order."""

    trade_ids: list[int]
    wallet_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class BooksChanged:
    """Lots, positions or figures of these wallets changed without a new trade."""

    wallet_ids: list[int]
