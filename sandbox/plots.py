"""What is planted in the bazaar: patterns a scanner looks for, some with a rise behind them.

A plot moves one coin along phases. Its pattern is the same whether it comes true or not; what
comes after is a rise to about twice the price, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.tokens import MINUTE

KINDS = ("high_volume", "top_gainers", "deep_liquidity", "micro_caps", "recent_listings",
         "price_momentum", "whale_confluence", "dip_reversal")  # fmt: skip
# Each kind about seven times a day: seldom enough that a coin drawn by chance mostly has none.
EVERY_MINUTES = 206
RISE_SHARE = 0.6
# What a purchase for so many lamports at the end of the pattern is worth later decides.
STAKE_LAMPORTS = 2_700_000_000
TRUE_AT, FALSE_AT = 1.5, 0.7
JUDGED_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of minutes in which the price goes by `factor`, with so many trades a minute.

    `churn` is the size of a trade beside what moves the price, as a share of the pool's quote;
    `loyal` the share of sales made by old holders, who stay holders. A phase that fills a curve
    ends with the curve.
    """

    minutes: float
    factor: float
    per_minute: float
    buys: float
    churn: float = 0.003
    loyal: float = 0.5
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """What a certain wallet does at a moment of market time: buy, sell, deposit or withdraw."""

    at: int
    address: str
    deed: str
    size: float = 0.0


@dataclass(slots=True)
class Plot:
    """One planted event and how it goes. Times are market milliseconds, `…_seconds` unix seconds.

    `tokens` is what the stake would have bought when the pattern ended, `share` the most it was
    worth since, as a share of the stake; `verdict` is None until that is decided.
    """

    number: int
    kind: str
    mint: str
    at: int
    at_seconds: int
    rises: bool
    phases: list[Phase]
    pattern: int
    phase_at: int = 0
    phase_price: float = 0.0
    place: int = 0
    pattern_end: int | None = None
    end_seconds: int | None = None
    tokens: int = 0
    best: float = 0.0
    verdict: bool | None = None
    visits: list[Visit] = field(default_factory=list)

    @property
    def phase(self) -> Phase | None:
        """The running phase, None when the plot is over."""
        return self.phases[self.place] if self.place < len(self.phases) else None

    def target(self, now: int) -> float:
        """Give the price the running phase wants at `now`, in lamports per raw unit."""
        phase = self.phases[self.place]
        part = max(0.0, (now - self.phase_at) / (phase.minutes * MINUTE))
        return float(self.phase_price * phase.factor ** (part if phase.fills else min(1.0, part)))

    def shown(self) -> dict[str, Any]:
        """Tell it as the truth has it."""
        return {
            "kind": self.kind, "mint": self.mint, "at": self.at_seconds,
            "pattern_end": self.end_seconds, "rises": self.rises, "best": round(self.best, 4),
            "came_true": self.verdict,
        }  # fmt: skip


# Of each kind: the pattern, and how long the rise takes in minutes.
PATTERNS: dict[str, tuple[Phase, ...]] = {
    "high_volume": (Phase(12, 1.32, 7.5, 0.72, 0.0035),),
    "top_gainers": (Phase(45, 1.45, 1.8, 0.7, 0.004),),
    "deep_liquidity": (Phase(14, 1.0, 0.6, 0.5, 0.002),),
    "micro_caps": (Phase(50, 1.16, 1.2, 0.82, 0.003, 1.0),),
    "recent_listings": (
        Phase(12, 15.2, 8.0, 0.86, 0.004, 0.0, fills=True),
        Phase(8, 1.1, 6.0, 0.75, 0.006, 0.0),
    ),
    "price_momentum": (Phase(14, 1.24, 5.0, 0.72, 0.004), Phase(5, 1.03, 3.0, 0.65, 0.003)),
    "whale_confluence": (Phase(26, 1.08, 0.4, 0.5, 0.002),),
    "dip_reversal": (
        Phase(60, 1.35, 3.0, 0.6, 0.005, 0.4),
        Phase(40, 0.5, 3.5, 0.3, 0.005, 0.4),
        Phase(12, 1.1, 1.5, 0.6, 0.003),
        Phase(10, 0.95, 1.0, 0.4, 0.002),
        Phase(16, 1.1, 2.6, 0.74, 0.003),
    ),
}
RISE_MINUTES = {
    "high_volume": (60, 150), "top_gainers": (60, 150), "deep_liquidity": (90, 240),
    "micro_caps": (60, 180), "recent_listings": (40, 120), "price_momentum": (60, 150),
    "whale_confluence": (90, 240), "dip_reversal": (90, 200),
}  # fmt: skip
RISES = (1.95, 2.5)
FADE_MINUTES = 420
# Of what follows nothing: how long it takes and where the price goes.
FADES = {"recent_listings": (50.0, 0.5), "dip_reversal": (60.0, 0.78)}
USUAL_FADE = (45.0, 0.85)


def write(rng: Random, kind: str, *, rises: bool) -> tuple[list[Phase], int]:
    """Give the phases of an event and how many of them are its pattern."""
    pattern = list(PATTERNS[kind])
    if not rises:
        minutes, factor = FADES.get(kind, USUAL_FADE)
        factor *= rng.uniform(0.94, 1.04)
        return [*pattern, Phase(minutes, factor, 0.8, 0.4, 0.003, 0.2)], len(pattern)
    gained = 1.0
    for phase in pattern:
        gained *= 1.0 if phase.fills else phase.factor
    factor = rng.uniform(*RISES)
    after = [
        Phase(rng.uniform(*RISE_MINUTES[kind]), factor, 1.3, 0.62, 0.003),
        Phase(20, 1.0, 0.8, 0.5, 0.003, 0.3),
        Phase(FADE_MINUTES, 1 / (gained * factor), 0.4, 0.4, 0.003, 0.1),
    ]
    return [*pattern, *after], len(pattern)
