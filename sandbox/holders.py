"""Who holds a coin: read once a step for all coins, because many are asked for at a time."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.tokens import Token
from sandbox.venues import Curve
from sandbox.world import World


class Holding(NamedTuple):
    """One token account with something in it."""

    amount: int
    key: str
    owner: str


class Holders:
    """The token accounts of every mint, the largest first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.step = -1
        self.found: dict[str, list[Holding]] = {}

    def of(self, mint: str) -> list[Holding]:
        """Give all accounts that hold a coin."""
        world = self.world
        if self.step != world.steps:
            self.step, self.found = world.steps, {}
            for key, account in world.bank.tokens.items():
                if account.amount:
                    holding = Holding(account.amount, key, account.owner)
                    self.found.setdefault(account.mint, []).append(holding)
            for holdings in self.found.values():
                holdings.sort(reverse=True)
        return self.found.get(mint, [])

    def people(self, token: Token) -> list[Holding]:
        """Give the accounts that are not the pool's or the curve's own."""
        vault = pool_vault(token)
        return [holding for holding in self.of(token.mint) if holding.key != vault]

    def share(self, token: Token, *, most: int) -> float:
        """Give the share of supply that so many of the largest holders have, pools left out."""
        supply = self.world.bank.mints[token.mint].supply
        return sum(holding.amount for holding in self.people(token)[:most]) / supply

    def share_of(self, token: Token, owner: str) -> float:
        """Give the share of supply one owner has."""
        supply = self.world.bank.mints[token.mint].supply
        return sum(one.amount for one in self.of(token.mint) if one.owner == owner) / supply


def pool_vault(token: Token) -> str:
    """Give the account in which a coin's venue keeps it."""
    venue = token.venue
    return venue.vault if isinstance(venue, Curve) else venue.base_vault
