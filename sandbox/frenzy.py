"""A wallet gone mad: it trades at a pace of its own on several coins until it has had enough."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.addresses import ata
from sandbox.desk import Outcome
from sandbox.market import Market
from sandbox.tokens import Token
from sandbox.venues import Curve
from sandbox.wallets import SOL, Wallet

COINS = 8
LEAST, MOST = SOL // 10, SOL // 2
POOR, FUNDS = 5 * SOL, 200 * SOL
# One market step must come to an end, whatever cannot be traded.
MOST_TRIES = 4


@dataclass(slots=True)
class Frenzy:
    """So many trades within so many milliseconds of market time, spread evenly."""

    address: str
    trades: int
    ms: int
    began: int
    done: int = 0

    @property
    def over(self) -> bool:
        """Whether all trades have been made."""
        return self.done >= self.trades

    def act(self, market: Market) -> list[Outcome]:
        """Make the trades that are due by now; everything is entered into the true ledger."""
        world = market.world
        due = min(self.trades, (world.now - self.began) * self.trades // self.ms)
        wallet = world.wallets[self.address]
        outcomes: list[Outcome] = []
        tries = (due - self.done) * MOST_TRIES
        while self.done < due and tries:
            tries -= 1
            outcome = self._one(market, wallet)
            if outcome is None:
                continue
            outcomes.append(outcome)
            self.done += bool(outcome.trades)
        return outcomes

    def _one(self, market: Market, wallet: Wallet) -> Outcome | None:
        world, rng = market.world, market.world.rng
        if world.bank.lamports[wallet.address] < POOR:
            return market.moves.send_sol(world.exchange, wallet.address, FUNDS)
        token = rng.choice(_deepest(market))
        raw = world.bank.balance(
            wallet.address, token.mint, ata(wallet.address, token.mint, token.program)
        )
        if raw and rng.random() < 0.5:
            part = raw // rng.choice((1, 2, 3))
            return market.desk.sell(wallet, token, part, fails=False)
        return market.desk.buy(wallet, token, rng.randrange(LEAST, MOST), fails=False)


def _deepest(market: Market) -> list[Token]:
    pools = [token for token in market.alive() if not isinstance(token.venue, Curve)]
    pools.sort(key=lambda token: (-token.venue.price()[0], token.number))
    return pools[:COINS]
