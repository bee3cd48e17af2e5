"""Steps the market: each step is one block of one or more transactions at its own moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.bazaar import Bazaar
from sandbox.desk import Outcome
from sandbox.frenzy import Frenzy
from sandbox.market import Market
from sandbox.record import Record
from sandbox.world import World

SLOT_MS = 270
FINALITY_SLOTS = 32
FIRST_SLOT = 460_000_000
HISTORY_THINNING = 8
PRICE_STEP_MS = 60_000
PRICES_KEPT = 14_400
BURY_EVERY = 200


@dataclass(slots=True)
class Block:
    """What one step produced; `time` is unix seconds on the simulated clock."""

    slot: int
    time: int
    outcomes: list[Outcome]
    # What disagreement between the nodes adds; the market itself knows nothing of it.
    phantoms: list[Record] = field(default_factory=list)
    # Slots [since, until) in which a signature of this block is nowhere to be found.
    hidden: dict[str, tuple[int, int]] = field(default_factory=dict)


class Engine:
    """Owns a world and the way from market time to unix time, both in milliseconds.

    The first `history_ms` of market time take `stretch` times as long on the simulated clock: a
    long history has no more transactions than a short one that is not stretched.
    """

    def __init__(
        self, world: World, start_ms: int, history_ms: int, *, stretch: int = 1
    ) -> None:  # fmt: skip
        self.world = world
        self.start_ms = start_ms
        self.history_ms = history_ms
        self.stretch = stretch
        # Time during which nothing traded because the program was not running.
        self.idle_ms = 0
        self.market = Market(world)
        self.next_at = 0
        # Prices of SOL have their own dice: idle time must not change what the market does.
        self.dice = Random(world.seed + 1)
        self.frenzies: list[Frenzy] = []
        quarter = world.quarter
        self.bazaar = Bazaar(world, quarter, history_ms) if quarter else None
        # The price stands a while before the first trade, which is worth something too.
        self.prices: list[tuple[int, int]] = [(start_ms // 1000 - 600, world.sol_cents)]
        self._draw_next()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Wake, from a state kept before there was madness, a stretch or a bazaar as well."""
        self.__dict__.update({"frenzies": [], "stretch": 1, "bazaar": None, **state})

    def sim_ms(self, market_ms: int) -> int:
        """Convert market time to unix milliseconds on the simulated clock."""
        more = min(market_ms, self.history_ms) * (self.stretch - 1)
        return self.start_ms + self.idle_ms + market_ms + more

    def market_ms(self, sim_ms: int) -> int:
        """Convert unix milliseconds on the simulated clock to market time."""
        passed = sim_ms - self.start_ms - self.idle_ms
        return max(passed // self.stretch, passed - self.history_ms * (self.stretch - 1))

    def slot_at(self, sim_ms: int) -> int:
        """Give the slot of a moment."""
        return FIRST_SLOT + (sim_ms - self.start_ms) // SLOT_MS

    @property
    def next_ms(self) -> int:
        """Unix milliseconds of the next step."""
        return self.sim_ms(self.next_at)

    def _draw_next(self) -> None:
        pause = 300 + int(self.world.rng.expovariate(1 / 1150))
        if self.world.now < self.history_ms:
            pause *= HISTORY_THINNING
        self.next_at = self.world.now + max(SLOT_MS + 1, min(pause, 60_000))

    def step(self) -> Block:
        """Produce the next block; what is in it depends on seed and step number alone."""
        world, rng = self.world, self.world.rng
        world.now = self.next_at
        world.steps += 1
        sim = self.sim_ms(world.now)
        world.seconds = sim // 1000
        self._price(sim)
        if world.steps % BURY_EVERY == 0:
            self.market.bury()
        slot, index = self.slot_at(sim), rng.randrange(4, 400)
        outcomes: list[Outcome] = []
        count = 1 + (rng.random() < 0.4) + (rng.random() < 0.15)
        for _ in range(count):
            outcome = self.market.act()
            if outcome is None:
                continue
            outcome.record.index = index
            index += rng.randrange(1, 90)
            outcomes.append(outcome)
        for frenzy in self.frenzies:
            for outcome in frenzy.act(self.market):
                outcome.record.index = index
                index += 1
                outcomes.append(outcome)
        self.frenzies = [frenzy for frenzy in self.frenzies if not frenzy.over]
        for outcome in self.bazaar.act() if self.bazaar else ():
            outcome.record.index = index
            index += 1
            outcome.strange = world.wallets.keys().isdisjoint(outcome.record.all_keys)
            outcomes.append(outcome)
        for outcome in outcomes:
            outcome.record.slot, outcome.record.time = slot, world.seconds
        self._draw_next()
        return Block(slot, world.seconds, outcomes)

    def _price(self, sim: int) -> None:
        rng, world = self.dice, self.world
        while sim // 1000 - self.prices[-1][0] >= PRICE_STEP_MS // 1000:
            pull = (18_500 - world.sol_cents) * 0.0004
            moved = world.sol_cents * (1 + rng.gauss(0, 0.0009)) + pull
            world.sol_cents = int(min(21_900, max(15_100, moved)))
            self.prices.append((self.prices[-1][0] + PRICE_STEP_MS // 1000, world.sol_cents))
        minutes = self.history_ms * self.stretch // PRICE_STEP_MS
        del self.prices[: -max(PRICES_KEPT, minutes)]
