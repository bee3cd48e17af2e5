"""What Token-2022 mints hold back of a transfer, where the instruction does not tell it."""

from collections.abc import Sequence

from wallets.domain.programs import SPL_2022
from wallets.domain.values import Instruction, Move, TokenAccount


def with_withheld(
    moves: tuple[Move, ...],
    instructions: Sequence[Instruction],
    accounts: Sequence[TokenAccount],
) -> tuple[Move, ...]:
    """Return the movements with the transfer fee of each plain Token-2022 transfer filled in.

    Only `TransferCheckedWithFee` names its fee; of a plain transfer the mint holds it back in the
    receiving account, so that account ends with less than came in less what went out. Several
    transfers into one account share the gap by their amounts, rounded down, the last takes the
    rest: the rate is one for all, but each transfer's own rounding is not to be told apart.
    https://www.solana-program.com/docs/token-2022/extensions#transfer-fees
    """
    plain: dict[str, list[int]] = {}
    for place, move in enumerate(moves):
        if (
            move.kind == "token"
            and move.amount
            and not move.fee
            and instructions[move.at].program == SPL_2022
        ):
            plain.setdefault(move.dest, []).append(place)
    if not plain:
        return moves
    gaps = _gaps(moves, accounts)
    found = list(moves)
    for account, places in plain.items():
        gap = gaps.get(account, 0)
        whole = sum(moves[place].amount for place in places)
        if not 0 < gap <= whole:
            continue
        left = gap
        for place in places:
            share = left if place == places[-1] else gap * moves[place].amount // whole
            left -= share
            found[place] = moves[place]._replace(fee=share)
    return tuple(found)


def _gaps(moves: Sequence[Move], accounts: Sequence[TokenAccount]) -> dict[str, int]:
    """Return by how much each account ended below what its movements add up to."""
    gaps: dict[str, int] = {}
    for account in accounts:
        gaps[account.address] = (account.pre or 0) - (account.post or 0)
    for move in moves:
        if move.kind in ("token", "mint"):
            gaps[move.dest] = gaps.get(move.dest, 0) + move.amount - move.fee
        if move.kind in ("token", "burn"):
            gaps[move.source] = gaps.get(move.source, 0) - move.amount
    return gaps
