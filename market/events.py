"""News of the market app, read by the apps above."""

from dataclasses import dataclass

from aura.core.events import fact


@fact
@dataclass(frozen=True, slots=True)
class MarketRead:
    """The market was read: the snapshots of this run are the latest of their tokens."""

    run_id: int
