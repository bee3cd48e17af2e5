"""Rows of the wallets app: who is watched, what came in, what happened, what it came to."""

from wallets.models.book import Disposal, Holding, Lot, Position, WalletStats
from wallets.models.chain import (
    Activity,
    Delivery,
    PoolLeg,
    QuarantinedPayload,
    RawTransaction,
    Trade,
    Transfer,
)
from wallets.models.figures import PositionFlag, WindowStats
from wallets.models.lists import CuratedEntry, ListedWallet, WalletList
from wallets.models.reading import HistoryRead
from wallets.models.wallet import Follow, PushRegistration, Wallet

__all__ = [
    "Activity",
    "CuratedEntry",
    "Delivery",
    "Disposal",
    "Follow",
    "HistoryRead",
    "Holding",
    "ListedWallet",
    "Lot",
    "PoolLeg",
    "Position",
    "PositionFlag",
    "PushRegistration",
    "QuarantinedPayload",
    "RawTransaction",
    "Trade",
    "Transfer",
    "Wallet",
    "WalletList",
    "WalletStats",
    "WindowStats",
]
