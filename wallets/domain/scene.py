"""What all owners of a transaction share: who holds what, and which pool program acted where."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple

from wallets.domain.programs import AMMS, METEORA_VAULT, SANCTUM, TOKEN_PROGRAMS
from wallets.domain.values import Move, Transaction

# Meteora's pools keep their coins in its vault program: the pool is the one that trades. Sanctum's
# router burns and mints shares of stake pools, which take in and give out nothing as tokens.
TRADING_PROGRAMS: Final = AMMS - {METEORA_VAULT, SANCTUM}
# 3,480 lamports a byte and year, two years, over the data and 128 bytes of bookkeeping; cheaper
# since, never dearer. https://docs.rs/solana-rent/latest/solana_rent
_DEAREST_BYTE: Final = 6_960
_BOOKKEEPING: Final = 128
_NOTHING: Final[Mapping[str, int]] = {}


def dearest_rent(space: int) -> int:
    """Return the most lamports the rent of an account of so many bytes ever was."""
    return (_BOOKKEEPING + space) * _DEAREST_BYTE


class Holding(NamedTuple):
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
    def trading_callers(self) -> frozenset[int]:
        """The instructions that had a known pool program act, directly or not: routers, bots."""
        items = self.tx.instructions
        found: set[int] = set()
        for amm in set(self.amm_of):
            caller = None if amm is None else items[amm].caller
            while caller is not None and caller not in found:
                found.add(caller)
                caller = items[caller].caller
        return frozenset(found)

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

    @cached_property
    def _spaces(self) -> dict[str, int]:
        """The sizes new accounts were given here."""
        return {m.dest: m.space for m in self.tx.moves if m.space is not None}

    def principal(self, move: Move) -> int:
        """Return what of a payment into a program's new account is more than any rent of its size.

        A stake is made with its principal in it. The account's own lamports are its rent up to the
        dearest a byte ever was; earlier payments into it count first. A mint with extensions is
        made small, given the rent of its later size, and grows: it holds no principal.
        """
        space = self._spaces.get(move.dest)
        if space is None:
            return 0
        paid = sum(
            m.amount
            for m in self.tx.moves
            if m.dest == move.dest and m.at <= move.at and m.kind in ("pay", "create")
        )
        beyond = min(max(paid - dearest_rent(space), 0), move.amount)
        return 0 if beyond and self._is_of_tokens(move.dest) else beyond

    def _is_of_tokens(self, account: str) -> bool:
        """Whether a token program was told something about the account, raw or parsed."""
        for item in self.tx.instructions:
            if item.program in TOKEN_PROGRAMS:
                info = item.parsed.get("info") if item.parsed is not None else None
                told = info.values() if isinstance(info, dict) else item.accounts
                if account in told:
                    return True
        return False

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

    @cached_property
    def _changes(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for account in self.tx.token_accounts:
            mint = account.mint
            if account.pre_owner is not None:
                mints = found.setdefault(account.pre_owner, {})
                mints[mint] = mints.get(mint, 0) - (account.pre or 0)
            if account.post_owner is not None:
                mints = found.setdefault(account.post_owner, {})
                mints[mint] = mints.get(mint, 0) + (account.post or 0)
        return found

    def token_changes(self, owner: str) -> Mapping[str, int]:
        """Return the owner's raw change per mint over all his token accounts, zeros included."""
        return self._changes.get(owner, _NOTHING)

    def accounts_of(self, owner: str) -> frozenset[str]:
        """Return the token accounts of an owner that the transaction names."""
        return frozenset(
            address for address, holding in self.holdings.items() if holding.owner == owner
        )

    def is_writable(self, address: str | None) -> bool:
        """Whether the transaction may change an account."""
        place = None if address is None else self.place.get(address)
        return place is not None and self.tx.writable[place]

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
