"""What a chain could say: a transaction beyond these bounds is somebody's mistake or invention."""

from typing import Final

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
    if max(tx.fee_lamports, *tx.pre_lamports, *tx.post_lamports) > MOST_LAMPORTS:
        raise Undecodable("it tells of more SOL than there is")
