"""Runs the engine by the clock, keeps what it produced and tells the listeners, in this order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.clock import Clock
from sandbox.engine import FINALITY_SLOTS, Block, Engine
from sandbox.faults import Faults
from sandbox.forks import Forks
from sandbox.frenzy import Frenzy
from sandbox.holders import Holders
from sandbox.record import Record
from sandbox.store import Store
from sandbox.tape import LONGEST, Tape
from sandbox.wallets import USUAL_WALLETS
from sandbox.world import World

HISTORY_BATCH = 2_000
# One turn works at most this long, so that requests are answered in between.
TURN_SECONDS = 0.04
REST_SECONDS = 0.02
MAX_LAG_MS = 5_000

Listener = Callable[[list[Record]], None]


class Chain:
    """The running world. Nothing is delivered before it is committed."""

    def __init__(
        self, *, seed: int, speed: float, hours: float, folder: Path | None,
        wall: Callable[[], float] = time.time, wallets: int = USUAL_WALLETS, stretch: int = 1,
        coins: int = 0,
    ) -> None:  # fmt: skip
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder / "sandbox.sqlite3" if folder else None)
        self.clock = Clock(speed, wall)
        self.listeners: list[Listener] = []
        self.busy = asyncio.Lock()
        kept = self.store.load("engine")
        if isinstance(kept, Engine):
            self.engine = kept
            self._wake()
            self.tape = Tape(self.engine)
            self.tape.recall(self.store.swaps(self.clock.now_ms() // 1000 - LONGEST))
        else:
            span = int(hours * 3_600_000) // stretch
            start = self.clock.now_ms() - span * stretch
            self.engine = Engine(World(seed, wallets, coins), start, span, stretch=stretch)
            self.tape = Tape(self.engine)
            self._write_history(span)
        self.holders = Holders(self.world)
        self.faults = Faults(self.world.seed)
        self.forks = Forks(self.faults)

    def _wake(self) -> None:
        engine = self.engine
        steps = self.store.load("steps")
        while engine.world.steps < steps:
            engine.step()
        last = engine.sim_ms(engine.world.now)
        engine.idle_ms += max(0, self.clock.now_ms() - last)
        # The idle time is no step, so it must be in the saved state before the next one.
        self.store.keep("engine", engine)
        self.clock.set(max(last, self.clock.now_ms()))

    def _write_history(self, span: int) -> None:
        engine = self.engine
        end = engine.sim_ms(span)
        while engine.next_ms <= end:
            blocks: list[Block] = []
            while len(blocks) < HISTORY_BATCH and engine.next_ms <= end:
                blocks.append(engine.step())
                self.tape.take(blocks[-1])
            self.store.commit(blocks, engine)
        self.store.keep("engine", engine)
        self.clock.set(max(end, self.clock.now_ms()) if self.clock.speed == 1 else end)

    @property
    def world(self) -> World:
        """The state of the market."""
        return self.engine.world

    def tip(self) -> int:
        """Give the newest confirmed slot."""
        return self.engine.slot_at(max(self.clock.now_ms(), self.engine.sim_ms(self.world.now)))

    def finalized(self) -> int:
        """Give the newest finalised slot."""
        return self.tip() - FINALITY_SLOTS

    def go_mad(self, address: str, trades: int, seconds: float) -> None:
        """Let a wallet trade so often within so many simulated seconds, beside all the others."""
        began = max(self.world.now, self.engine.market_ms(self.clock.now_ms()))
        self.engine.frenzies.append(Frenzy(address, trades, int(seconds * 1000), began))
        # It is no step of the market, so the state it begins from must be kept.
        self.store.keep("engine", self.engine)

    def plant(self, kind: str, *, rises: bool) -> bool:
        """Let an event begin in the bazaar with the next step; False where there is no bazaar."""
        if self.engine.bazaar is None:
            return False
        self.engine.bazaar.order(kind, rises=rises)
        self.store.keep("engine", self.engine)
        return True

    def run_until(self, target_ms: int, seconds: float) -> bool:
        """Step up to a simulated moment or for so many wall seconds; True when nothing is due."""
        began, blocks = time.monotonic(), []
        while self.engine.next_ms <= target_ms and time.monotonic() - began < seconds:
            block = self.engine.step()
            self.tape.take(block)
            self.forks.disturb(block, self.world)
            blocks.append(block)
        if blocks:
            records = self.store.commit(blocks, self.engine)
            for listener in self.listeners:
                listener(records)
        return self.engine.next_ms > target_ms

    async def advance(self, seconds: float) -> int:
        """Run so many simulated seconds at once and return the new simulated milliseconds."""
        target = self.clock.now_ms() + int(seconds * 1000)
        async with self.busy:
            while not self.run_until(target, TURN_SECONDS):
                await asyncio.sleep(0)
            self.clock.set(max(target, self.clock.now_ms()))
        return target

    async def run(self) -> None:
        """Step for ever as the clock goes."""
        while True:
            began = time.monotonic()
            async with self.busy:
                now = self.clock.now_ms()
                self.run_until(now, TURN_SECONDS)
                behind = now - self.engine.next_ms
                if self.clock.speed != 1 and behind > MAX_LAG_MS:
                    # The machine cannot keep this speed; the simulated clock waits for it.
                    self.clock.set(self.engine.next_ms + MAX_LAG_MS)
            spent = time.monotonic() - began
            wait = min(self.clock.wall_seconds_until(self.engine.next_ms), 0.25)
            await asyncio.sleep(max(REST_SECONDS, spent, wait))
