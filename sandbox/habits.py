"""Wallets of one habit each: the cases of a ledger that chance alone makes too seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import LEAST_PROCEEDS, Outcome
from sandbox.tokens import Token
from sandbox.venues import Curve, RaydiumPool
from sandbox.wallets import SOL, Wallet

if TYPE_CHECKING:
    from sandbox.market import Market

MOST_ASKED = 8
# A purchase that is just worth selling again: a five-hundredth of it is worth no trip any more.
SMALL = (LEAST_PROCEEDS * 23 // 20, LEAST_PROCEEDS * 6 // 5)


class Habits:
    """One turn of a wallet as its habit wants; None when nothing could happen."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.world = market.world
        self.desk, self.moves = market.desk, market.moves

    def turn(self, wallet: Wallet) -> Outcome | None:
        """Let the wallet do what it always does."""
        if wallet.kind == "collector":
            return self._collect(wallet)
        kind = wallet.character
        if self.world.bank.lamports[wallet.address] < kind.size[1] * 2 + SOL:
            amount = self.world.rng.randrange(*kind.funds)
            return self.moves.send_sol(self.world.exchange, wallet.address, amount)
        if wallet.kind == "loser":
            return self._lose(wallet)
        return self._nibble(wallet) if wallet.kind == "nibbler" else self._hop(wallet)

    def _collect(self, wallet: Wallet) -> Outcome | None:
        """Be given something by anybody; a collector signs nothing, ever."""
        rng, world = self.world.rng, self.world
        for _ in range(MOST_ASKED):
            giver = world.wallets[rng.choice(world.crowd)]
            held = self._some(giver)
            if held is not None:
                token, raw = held
                return self.moves.send_tokens(giver, wallet, token, raw // rng.choice((2, 9)) or 1)
        return None

    def _lose(self, wallet: Wallet) -> Outcome | None:
        """Sell whatever brings less than it cost, all of it; wait for the rest to fall."""
        for mint, bag in list(wallet.bags.items()):
            held = self.market.held(wallet, mint)
            if held is None or held[0].venue.sell(held[1]).received < LEAST_PROCEEDS:
                wallet.bags.pop(mint)
            elif held[0].venue.sell(held[1]).received < bag.spent:
                return self.desk.sell(wallet, *held, fails=self.market.fails())
        token = self.market.pick(wallet)
        if token is None or token.mint in wallet.bags or self._is_full(wallet):
            return None
        return self._buy(wallet, token)

    def _nibble(self, wallet: Wallet) -> Outcome | None:
        """Sell all but crumbs, then buy the same coin again, or leave the crumbs to another."""
        rng, world = self.world.rng, self.world
        held = self._some(wallet)
        if held is None or (rng.random() < 0.2 and not self._is_full(wallet)):
            token = self.market.pick(wallet)
            return None if token is None else self._buy(wallet, token)
        token, raw = held
        if token.venue.sell(raw).received >= LEAST_PROCEEDS:
            # Both sides of the thousandth, and what is dust by its worth alone.
            crumbs = rng.choice((0, raw // 2_000, raw // 1_000, -(-raw // 1_000), raw // 500))
            return self.desk.sell(wallet, token, raw - crumbs, fails=self.market.fails())
        other = world.wallets[rng.choice(world.habitual)]
        if rng.random() < 0.2 and other.kind == "nibbler" and other is not wallet:
            return self.moves.send_tokens(wallet, other, token, raw // rng.choice((1, 2)) or raw)
        return self._buy(wallet, token)

    def _hop(self, wallet: Wallet) -> Outcome | None:
        """Swap one coin into the next, whole or in part, and seldom sell."""
        rng = self.world.rng
        pools = [t for t in self.world.coins.values() if not isinstance(t.venue, Curve)]
        held = self._some(wallet)
        if held is None:
            return self._buy(wallet, rng.choice(pools))
        token, raw = held
        targets = [t for t in pools if isinstance(t.venue, RaydiumPool) and t is not token]
        outcome = None
        if rng.random() < 0.75:
            part = raw // rng.choice((1, 1, 2, 3))
            outcome = self.moves.route(wallet, token, rng.choice(targets), part)
        outcome = outcome or self.desk.sell(wallet, token, raw, fails=self.market.fails())
        if outcome is None:
            wallet.bags.pop(token.mint, None)
        return outcome

    def _some(self, wallet: Wallet) -> tuple[Token, int] | None:
        """Draw one of the holdings; what cannot be had any more is forgotten."""
        if not wallet.bags:
            return None
        mint = self.world.rng.choice(list(wallet.bags))
        held = self.market.held(wallet, mint)
        if held is None:
            wallet.bags.pop(mint)
        return held

    def _is_full(self, wallet: Wallet) -> bool:
        return len(wallet.bags) >= wallet.character.bags

    def _buy(self, wallet: Wallet, token: Token) -> Outcome | None:
        rng = self.world.rng
        is_small = wallet.kind == "nibbler" and rng.random() < 0.5
        budget = rng.randrange(*(SMALL if is_small else wallet.character.size))
        return self.desk.buy(wallet, token, budget, fails=self.market.fails())
