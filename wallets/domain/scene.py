"""What all owners of a transaction share: who holds what, and which pool program acted where."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from wallets.domain.programs import AMMS, METEORA_VAULT
from wallets.domain.values import Move, Transaction

# Meteora's pools keep their coins in its vault program; the pool is the one that trades.
TRADING_PROGRAMS: Final = AMMS - {METEORA_VAULT}


@dataclass(frozen=True, slots=True)
class Holding:
    """A token account seen in the transaction: its mint and owner."""

    mint: str
    owner: str | None


class Scene:
    """A transaction with the look-ups its owners' accounts are settled from."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.place = {key: index for index, key in enumerate(tx.keys)}
        self.holdings = self._holdings()

    def _holdings(self) -> dict[str, Holding]:
        found: dict[str, Holding] = {}
        for move in self.tx.moves:
            if move.kind == "open" and move.mint is not None:
                found[move.dest] = Holding(move.mint, move.authority)
        for account in self.tx.token_accounts:
            owner = account.pre_owner or account.post_owner
            found[account.address] = Holding(account.mint, owner)
        return found

    @cached_property
    def amm_of(self) -> list[int | None]:
        """For each instruction, the place of the nearest pool instruction at or above it."""
        found: list[int | None] = []
        for at, item in enumerate(self.tx.instructions):
            caller = None if item.caller is None else found[item.caller]
            if item.program in TRADING_PROGRAMS:
                itself = caller is not None and self.tx.instructions[caller].program == item.program
                found.append(caller if itself else at)
            else:
                found.append(caller)
        return found

    @cached_property
    def trading_trees(self) -> frozenset[int]:
        """The outer instructions under which a known pool program acted."""
        items = self.tx.instructions
        return frozenset(items[at].index for at, amm in enumerate(self.amm_of) if amm is not None)

    @cached_property
    def claimed(self) -> dict[str, int]:
        """Accounts created or given to a program here, each with the last instruction that did."""
        return {m.dest: m.at for m in self.tx.moves if m.kind in ("create", "claim")}

    def opens_account(self, move: Move, pools: frozenset[str]) -> bool:
        """Whether a payment went into a program's new account as rent.

        What a new pool gets after it was made is trade; any other new account only ever gets rent.
        """
        made = self.claimed.get(move.dest)
        return made is not None and (move.at <= made or move.dest not in pools)

    def opened_after(self, move: Move) -> bool:
        """Whether the account a payment went to was opened by a later instruction."""
        return any(
            m.kind == "open" and m.dest == move.dest and m.at > move.at for m in self.tx.moves
        )

    def lamport_change(self, address: str) -> int:
        """Return the change of an account's lamports; 0 for one the transaction does not name."""
        place = self.place.get(address)
        if place is None:
            return 0
        return self.tx.post_lamports[place] - self.tx.pre_lamports[place]

    def token_changes(self, owner: str) -> dict[str, int]:
        """Return the owner's raw change per mint over all his token accounts, zeros included."""
        found: dict[str, int] = {}
        for account in self.tx.token_accounts:
            change = 0
            if account.pre_owner == owner:
                change -= account.pre or 0
            if account.post_owner == owner:
                change += account.post or 0
            elif account.pre_owner != owner:
                continue
            found[account.mint] = found.get(account.mint, 0) + change
        return found

    def holder(self, account: str) -> str | None:
        """Return who owns a token account, None when it is none or unknown."""
        holding = self.holdings.get(account)
        return None if holding is None else holding.owner

    def mint_of(self, move: Move) -> str | None:
        """Return the mint a token movement moved, None when nothing tells."""
        if move.mint is not None:
            return move.mint
        holding = self.holdings.get(move.source) or self.holdings.get(move.dest)
        return None if holding is None else holding.mint
