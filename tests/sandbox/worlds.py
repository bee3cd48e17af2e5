"""Worlds stepped without a clock, for tests of the engine and of what it produces."""

from __future__ import annotations

from sandbox.engine import Engine
from sandbox.record import Record
from sandbox.wallets import USUAL_WALLETS
from sandbox.world import World

START_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


def run_world(
    seed: int, minutes: int, start_ms: int = START_MS, *, wallets: int = USUAL_WALLETS,
    stretch: int = 1,
) -> tuple[Engine, list[Record]]:  # fmt: skip
    """Step a fresh world at the thin pace of history and give it with all its records."""
    engine = Engine(World(seed, wallets), start_ms, 24 * HOUR_MS, stretch=stretch)
    records: list[Record] = []
    while engine.next_at <= minutes * 60_000:
        records += [outcome.record for outcome in engine.step().outcomes]
    return engine, records
