"""Rent deposits of accounts opened and closed in a transaction: who paid, who got them back."""

from dataclasses import dataclass, field
from typing import NamedTuple

from wallets.domain.programs import WSOL
from wallets.domain.scene import Scene
from wallets.domain.values import Move


class Deposit(NamedTuple):
    """Rent `payer` put into `account`; negative lamports when it came back to him."""

    payer: str
    account: str
    lamports: int


@dataclass(slots=True)
class _Life:
    """A token account on its way through the transaction."""

    wrapped: bool
    is_open: bool
    lamports: int
    deposit: int
    paid: list[tuple[str, int]] = field(default_factory=list)


def rent_deposits(scene: Scene, pools: frozenset[str]) -> tuple[Deposit, ...]:
    """Return all rent paid and refunded, taken from the accounts' own lamports; `pools` traded.

    A wrapped-SOL account holds its principal beside the rent: only the rent counts. A wrapped-SOL
    account opened and closed for the same party cancels out.
    """
    return tuple(_Rent(scene, pools).run())


class _Rent:
    """Follows every token account's lamports through the movements."""

    def __init__(self, scene: Scene, pools: frozenset[str]) -> None:
        self.scene = scene
        self.pools = pools
        self.found: list[Deposit] = []
        self.lives: dict[str, _Life] = {}
        principal = {a.address: a.pre for a in scene.tx.token_accounts if a.mint == WSOL}
        existing = {a.address for a in scene.tx.token_accounts if a.pre is not None}
        for address, holding in scene.holdings.items():
            place = scene.place.get(address)
            lamports = 0 if place is None else scene.tx.pre_lamports[place]
            own = lamports - (principal.get(address) or 0)
            is_open = address in existing
            self.lives[address] = _Life(holding.mint == WSOL, is_open, lamports, own)

    def run(self) -> list[Deposit]:
        for move in self.scene.tx.moves:
            if move.kind in ("pay", "create"):
                self._pay(move)
            elif move.kind == "open" and move.dest in self.lives:
                self.lives[move.dest].is_open = True
            elif move.kind == "token":
                self._shift(move)
            elif move.kind == "close":
                self._close(move)
        for address, life in self.lives.items():
            if life.paid:
                self._keep(address, life)
        return self.found

    def _pay(self, move: Move) -> None:
        life = self.lives.get(move.dest)
        if life is None:
            if self.scene.opens_account(move, self.pools):
                self._claim(move)
            return
        life.lamports += move.amount
        if not life.is_open:
            life.paid.append((move.source, move.amount))
        elif not life.wrapped:
            life.deposit += move.amount
            self.found.append(Deposit(move.source, move.dest, move.amount))

    def _claim(self, move: Move) -> None:
        """Count what a program's new account kept of what it was given, principal aside."""
        place = self.scene.place.get(move.dest)
        kept = 0 if place is None else self.scene.tx.post_lamports[place]
        if kept:
            rent = min(move.amount - self.scene.principal(move), kept)
            self.found.append(Deposit(move.source, move.dest, rent))

    def _shift(self, move: Move) -> None:
        source, dest = self.lives.get(move.source), self.lives.get(move.dest)
        if source is not None and source.wrapped:
            source.lamports -= move.amount
        if dest is not None and dest.wrapped:
            dest.lamports += move.amount

    def _close(self, move: Move) -> None:
        life = self.lives.get(move.source)
        if life is None:
            # a Token-2022 mint, which can be closed too
            place = self.scene.place.get(move.source)
            lamports = 0 if place is None else self.scene.tx.pre_lamports[place]
            self.found.append(Deposit(move.dest, move.source, -lamports))
            return
        payers = {payer for payer, _ in life.paid}
        if not life.paid:
            back = min(life.deposit, life.lamports) if life.wrapped else life.lamports
            self.found.append(Deposit(move.dest, move.source, -max(back, 0)))
        elif payers != {move.dest}:
            paid = sum(lamports for _, lamports in life.paid)
            self.found.extend(Deposit(payer, move.source, given) for payer, given in life.paid)
            self.found.append(Deposit(move.dest, move.source, -min(paid, max(life.lamports, 0))))
        self.lives[move.source] = _Life(life.wrapped, is_open=False, lamports=0, deposit=0)

    def _keep(self, address: str, life: _Life) -> None:
        """Share the rent an account ends with among those who paid for it, first come first."""
        place = self.scene.place.get(address)
        left = 0 if place is None else self.scene.tx.post_lamports[place]
        if life.wrapped:
            rows = [a for a in self.scene.tx.token_accounts if a.address == address]
            left -= sum(a.post or 0 for a in rows)
        for payer, lamports in life.paid:
            share = min(lamports, max(left, 0))
            left -= share
            if share:
                self.found.append(Deposit(payer, address, share))
