"""News of the wallets app, read by pages and by the apps above."""

from dataclasses import dataclass, field

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


@fact
@dataclass(frozen=True, slots=True)
class TradesChanged:
    """Trades told of before are final now, or their place or time became known."""

    trade_ids: list[int]
    wallet_ids: list[int]


@fact
@dataclass(frozen=True, slots=True)
class TradesVoided:
    """Trades recorded before are gone: the chain has dropped their transactions.

    `minutes` are those they fell into, as mint and ISO time, for who has counted them.
    """

    trade_ids: list[int]
    wallet_ids: list[int]
    minutes: list[tuple[str, str]] = field(default_factory=list)


@fact
@dataclass(frozen=True, slots=True)
class CoverageChanged:
    """How completely these wallets are recorded, or is being read, has changed."""

    wallet_ids: list[int]
