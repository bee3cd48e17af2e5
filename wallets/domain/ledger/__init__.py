"""The ledger: lots, disposals and positions of one wallet in one mint, folded in chain order.

Integers only. Remaining cost plus cost of what left equals what was paid, to the lamport, always,
under every method. What arrived without a price has no basis: its sale is unknown-basis proceeds,
what an airdrop fetched is airdrop proceeds, and neither enters realised profit or a win rate.
"""

from wallets.domain.ledger.book import DUST_LAMPORTS, DUST_SHARE, Book
from wallets.domain.ledger.shelves import METHODS, Method
from wallets.domain.ledger.transfers import carry_out
from wallets.domain.ledger.values import (
    Acquired,
    Carried,
    Disposal,
    Disposed,
    Event,
    Lot,
    Origin,
    Position,
    airdrop_proceeds,
)

__all__ = [
    "DUST_LAMPORTS",
    "DUST_SHARE",
    "METHODS",
    "Acquired",
    "Book",
    "Carried",
    "Disposal",
    "Disposed",
    "Event",
    "Lot",
    "Method",
    "Origin",
    "Position",
    "airdrop_proceeds",
    "carry_out",
]
