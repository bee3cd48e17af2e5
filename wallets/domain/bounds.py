"""What a chain could say: a transaction beyond these bounds is somebody's mistake or invention."""

from collections.abc import Iterator
from typing import Final

from aura.core.solana import WSOL
from wallets.domain.values import Transaction, Undecodable

# More than all SOL there is (about 6 × 10^17 lamports), and some of them still fit a column.
MOST_LAMPORTS: Final = 10**18
# A block holds some thousand transactions; an INTEGER column holds this.
LAST_INDEX: Final = 2**31 - 1
# The year 2100: a time beyond it fits neither a clock nor a page.
LAST_SECOND: Final = 4_102_444_800


def confirm_bounds(tx: Transaction) -> None:
    """Raise `Undecodable` for a place, a time or an amount that no chain could give."""
    if tx.slot is None:
        raise Undecodable("no slot: its place on the chain is not known")
    if tx.tx_index is not None and tx.tx_index > LAST_INDEX:
        raise Undecodable("the index in the slot is beyond any block")
    if tx.block_time is not None and tx.block_time > LAST_SECOND:
        raise Undecodable("the block time lies beyond the year 2100")
    if any(lamports > MOST_LAMPORTS for lamports in _told(tx)):
        raise Undecodable("it tells of more SOL than there is")


def _told(tx: Transaction) -> Iterator[int]:
    """Yield every amount of SOL a transaction tells of, wrapped or not."""
    yield tx.fee_lamports
    yield from tx.pre_lamports
    yield from tx.post_lamports
    yield from (move.amount for move in tx.moves if move.kind in ("pay", "create"))
    for account in tx.token_accounts:
        if account.mint == WSOL:
            yield from (raw for raw in (account.pre, account.post) if raw is not None)
