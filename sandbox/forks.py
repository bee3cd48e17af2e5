"""Disagreement between nodes: transactions that never become final, and final ones that vanish.

Neither touches the market: a phantom is made in a copy of the world that is thrown away.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from sandbox.desk import Desk, Outcome
from sandbox.engine import FINALITY_SLOTS, Block
from sandbox.faults import Faults
from sandbox.record import Record
from sandbox.store import FOREVER
from sandbox.wallets import SOL
from sandbox.world import World

# Blockhashes are numbered; those of phantoms must never meet one of the market's.
FIRST_PHANTOM = 10**12
MOST_PER_BLOCK = 1_000
TRIES = 8
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Phantom:
    """A transaction that was confirmed and never became final; gone from the slot `until`."""

    signature: str
    wallet: str
    slot: int
    until: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """A true transaction that is not to be found while the newest slot is in [since, until)."""

    signature: str
    slot: int
    since: int
    until: int


class Forks:
    """Adds to the blocks what nodes may show for a while; remembers it for the tests."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.dice = faults.dice["chain"]
        # Which addresses somebody watches; the server knows.
        self.watched: Callable[[], Iterable[str]] = tuple
        self.phantoms: list[Phantom] = []
        self.vanished: list[Vanished] = []

    def disturb(self, block: Block, world: World) -> None:
        """Let transactions of a block vanish later, and put phantoms behind them."""
        wanted = 0
        for outcome in block.outcomes:
            if self.faults.hit("chain", "vanishing"):
                self._vanish(block, outcome.record)
            wanted += self.faults.roll("chain", "phantom")
        if wanted:
            self._haunt(block, world, min(wanted, MOST_PER_BLOCK))

    def shown(self) -> dict[str, list[dict[str, Any]]]:
        """Give what was made since the start, oldest first."""
        return {"phantoms": [asdict(one) for one in self.phantoms],
                "vanishing": [asdict(one) for one in self.vanished]}  # fmt: skip

    def _vanish(self, block: Block, record: Record) -> None:
        since = block.slot + FINALITY_SLOTS
        until = max(since + 1, block.slot + round(self.faults.between("chain", "vanish_slots")))
        block.hidden[record.signature] = since, until
        self.vanished.append(Vanished(record.signature, block.slot, since, until))
        del self.vanished[:-REMEMBERED]

    def _haunt(self, block: Block, world: World, wanted: int) -> None:
        # The bytes are made here and read at once.
        ghost: World = pickle.loads(pickle.dumps(world, protocol=5))  # noqa: S301
        ghost.rng = Random(self.dice.getrandbits(64))
        ghost.built = FIRST_PHANTOM + world.steps * MOST_PER_BLOCK
        index = block.outcomes[-1].record.index
        for _ in range(wanted):
            made = self._trade(ghost)
            if made is None:
                continue
            address, record = made
            index += ghost.rng.randrange(1, 20)
            record.slot, record.index, record.time = block.slot, index, block.time
            block.phantoms.append(record)
            until = block.slot + FINALITY_SLOTS
            block.hidden[record.signature] = until, FOREVER
            self.phantoms.append(Phantom(record.signature, address, block.slot, until))
            self.faults.note("chain.phantom")
        del self.phantoms[:-REMEMBERED]

    def _trade(self, ghost: World) -> tuple[str, Record] | None:
        """Let a watched wallet, or one worth following, buy or sell something."""
        desk, rng = Desk(ghost), ghost.rng
        known = sorted(ghost.wallets.keys() & set(self.watched())) or ghost.named
        for _ in range(TRIES):
            wallet = ghost.wallets[rng.choice(known)]
            outcome: Outcome | None = None
            bags = [ghost.coins[mint] for mint in wallet.bags if mint in ghost.coins]
            if bags and rng.random() < 0.5:
                token = rng.choice(bags)
                raw = _held(ghost, wallet.address, token.mint)
                outcome = desk.sell(wallet, token, raw, fails=False) if raw else None
            else:
                token = rng.choice(list(ghost.coins.values()))
                budget = rng.randrange(SOL // 10, 3 * SOL)
                outcome = desk.buy(wallet, token, budget, fails=False)
            if outcome is not None:
                return wallet.address, outcome.record
        return None


def _held(ghost: World, owner: str, mint: str) -> int:
    accounts = (ghost.bank.tokens[key] for key in sorted(ghost.bank.owned.get(owner, ())))
    return next((account.amount for account in accounts if account.mint == mint), 0)
