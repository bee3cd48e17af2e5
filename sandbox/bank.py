"""The state of all accounts: lamports, token accounts and mints, with undo for one transaction."""

from dataclasses import dataclass, field

from sandbox.addresses import STANDING, TOKEN22, WSOL, rent

TOKEN_ACCOUNT_BYTES = 165
# A Token-2022 associated account carries the ImmutableOwner extension.
TOKEN22_ACCOUNT_BYTES = 170


@dataclass(slots=True)
class Mint:
    """A token's mint account; supply in raw units."""

    address: str
    decimals: int
    program: str
    supply: int


@dataclass(slots=True)
class TokenAccount:
    """One token account; amount in raw units."""

    mint: str
    owner: str
    program: str
    amount: int


class OverdraftError(Exception):
    """Raised when a transfer would take more than the account holds; the builder undoes all."""


@dataclass
class Bank:
    """All accounts of the world; `issued - burned_fees` is always the sum of all lamports."""

    lamports: dict[str, int] = field(default_factory=lambda: dict(STANDING))
    tokens: dict[str, TokenAccount] = field(default_factory=dict)
    mints: dict[str, Mint] = field(default_factory=dict)
    issued: int = field(default_factory=lambda: sum(STANDING.values()))
    burned_fees: int = 0
    owned: dict[str, set[str]] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    before_tokens: dict[str, TokenAccount | None] = field(default_factory=dict)

    def begin(self) -> None:
        """Forget the last transaction's undo record."""
        self.before = {}
        self.before_tokens = {}

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        for key, amount in self.before.items():
            self.lamports[key] = amount
        for key, account in self.before_tokens.items():
            now = self.tokens.pop(key, None)
            if now is not None:
                self.owned[now.owner].discard(key)
            if account is not None:
                self.tokens[key] = account
                self.owned.setdefault(account.owner, set()).add(key)
        self.begin()

    def grant(self, key: str, lamports: int) -> None:
        """Create lamports out of nothing; only for accounts that exist before history starts."""
        self.lamports[key] = self.lamports.get(key, 0) + lamports
        self.issued += lamports

    def _set(self, key: str, lamports: int) -> None:
        if key not in self.before:
            self.before[key] = self.lamports.get(key, 0)
        self.lamports[key] = lamports

    def _note(self, key: str) -> None:
        if key not in self.before_tokens:
            old = self.tokens.get(key)
            self.before_tokens[key] = (
                None if old is None else TokenAccount(old.mint, old.owner, old.program, old.amount)
            )

    def pay(self, source: str, destination: str, lamports: int) -> None:
        """Move lamports; raises OverdraftError when the source lacks them."""
        have = self.lamports.get(source, 0)
        if lamports < 0 or have < lamports:
            raise OverdraftError(f"{source} holds {have} lamports, {lamports} wanted")
        self._set(source, have - lamports)
        self._set(destination, self.lamports.get(destination, 0) + lamports)

    def charge(self, payer: str, fee: int) -> None:
        """Take the network fee out of the world."""
        have = self.lamports.get(payer, 0)
        if have < fee:
            raise OverdraftError(f"{payer} cannot pay a fee of {fee}")
        self._set(payer, have - fee)
        self.burned_fees += fee

    def open(self, key: str, mint: str, owner: str, payer: str | None) -> int:
        """Create a token account and return its rent in lamports; no payer means before history."""
        program = self.mints[mint].program
        size = TOKEN22_ACCOUNT_BYTES if program == TOKEN22 else TOKEN_ACCOUNT_BYTES
        deposit = rent(size)
        if payer is None:
            self.grant(key, deposit)
        else:
            self.pay(payer, key, deposit)
        self._note(key)
        self.tokens[key] = TokenAccount(mint, owner, program, 0)
        self.owned.setdefault(owner, set()).add(key)
        return deposit

    def close(self, key: str, destination: str) -> None:
        """Close a token account and send all its lamports to `destination`."""
        account = self.tokens[key]
        if account.amount and account.mint != WSOL:
            raise OverdraftError(f"{key} still holds {account.amount}")
        self._note(key)
        self.pay(key, destination, self.lamports[key])
        del self.tokens[key]
        self.owned[account.owner].discard(key)

    def move(self, source: str, destination: str, amount: int) -> None:
        """Move raw token units; wrapped SOL takes its lamports along."""
        self._note(source)
        self._note(destination)
        giver, taker = self.tokens[source], self.tokens[destination]
        if amount < 0 or giver.amount < amount or giver.mint != taker.mint:
            raise OverdraftError(f"{source} holds {giver.amount}, {amount} wanted")
        giver.amount -= amount
        taker.amount += amount
        if giver.mint == WSOL:
            self.pay(source, destination, amount)

    def sync(self, key: str) -> None:
        """Set a wrapped-SOL account's amount to its lamports above the rent."""
        self._note(key)
        self.tokens[key].amount = self.lamports[key] - rent(TOKEN_ACCOUNT_BYTES)

    def issue(self, mint: str, key: str, amount: int) -> None:
        """Mint raw units into a token account."""
        self._note(key)
        self.tokens[key].amount += amount
        self.mints[mint].supply += amount

    def burn(self, key: str, amount: int) -> None:
        """Destroy raw units of a token account."""
        self._note(key)
        account = self.tokens[key]
        if amount < 0 or account.amount < amount:
            raise OverdraftError(f"{key} holds {account.amount}, {amount} wanted")
        account.amount -= amount
        self.mints[account.mint].supply -= amount

    def balance(self, owner: str, mint: str, key: str) -> int:
        """Give the raw amount of one token account, 0 when it does not exist."""
        account = self.tokens.get(key)
        return account.amount if account and account.mint == mint and account.owner == owner else 0
