"""What a scan keeps of each token it looked at: refusals, the state of every rule, the score."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from signals.domain.verdicts import Assessment, State


@dataclass(frozen=True, slots=True)
class Line:
    """One token in a scan.

    `refusals` are gates with their reasons. `states` hold what each strategy said, `missing` what
    those that stood down did not know. `exits` are the companions that fired.
    """

    refusals: tuple[tuple[str, str], ...] = ()
    states: Mapping[str, State] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()
    score: float | None = None
    risk: float | None = None
    quality: float | None = None
    tier: int | None = None

    @property
    def passes(self) -> bool:
        """Whether every gate let it pass."""
        return not self.refusals

    @property
    def fires(self) -> tuple[str, ...]:
        """The strategies whose rule holds."""
        return tuple(name for name, state in self.states.items() if state == "fires")


def line_plain(assessment: Assessment) -> dict[str, Any]:
    """Return what a scan keeps of an assessment, as plain JSON; what is empty is left out."""
    told = {
        "refusals": [[one.gate, one.reason] for one in assessment.refusals],
        "states": {one.strategy: one.state for one in assessment.verdicts},
        "missing": {one.strategy: list(one.missing) for one in assessment.verdicts if one.missing},
        "marks": list(assessment.marks),
        "exits": [one.strategy for one in assessment.exits if one.state == "fires"],
        "score": assessment.score.total if assessment.score else None,
        "risk": assessment.risk,
        "quality": assessment.quality,
        "tier": assessment.tier,
    }
    return {name: value for name, value in told.items() if value not in (None, [], {})}


def line_of(told: Mapping[str, Any]) -> Line:
    """Read what `line_plain` wrote."""
    return Line(
        refusals=tuple((gate, reason) for gate, reason in told.get("refusals", ())),
        states=told.get("states", {}),
        missing={name: tuple(inputs) for name, inputs in told.get("missing", {}).items()},
        marks=tuple(told.get("marks", ())),
        exits=tuple(told.get("exits", ())),
        score=told.get("score"),
        risk=told.get("risk"),
        quality=told.get("quality"),
        tier=told.get("tier"),
    )


Standing = Literal["runs", "stands down", "partly"]


@dataclass(frozen=True, slots=True)
class StrategyTally:
    """What one strategy said of the tokens that passed the gates, and what it missed most."""

    strategy: str
    fires: int
    quiet: int
    idle: int
    missing: tuple[tuple[str, int], ...]

    @property
    def standing(self) -> Standing:
        """Whether it ran on all of them, on some, or stood down."""
        if not self.idle:
            return "runs"
        return "partly" if self.fires or self.quiet else "stands down"


@dataclass(frozen=True, slots=True)
class Tally:
    """A scan counted: tokens, those that passed, refusals by gate, strategies in their order."""

    tokens: int
    passed: int
    gates: tuple[tuple[str, int], ...]
    strategies: tuple[StrategyTally, ...]


def tally(lines: Iterable[Line], strategies: Iterable[str]) -> Tally:
    """Count a scan; a token that several gates refuse is counted with each of them."""
    every = list(lines)
    passed = [line for line in every if line.passes]
    gates = Counter(gate for line in every for gate in {gate for gate, _ in line.refusals})
    return Tally(
        tokens=len(every),
        passed=len(passed),
        gates=tuple(sorted(gates.items(), key=lambda pair: (-pair[1], pair[0]))),
        strategies=tuple(_tallied(name, passed) for name in strategies),
    )


def _tallied(strategy: str, passed: list[Line]) -> StrategyTally:
    states = Counter(line.states.get(strategy) for line in passed)
    missing = Counter(name for line in passed for name in line.missing.get(strategy, ()))
    return StrategyTally(
        strategy, states["fires"], states["quiet"], states["idle"],
        tuple(sorted(missing.items(), key=lambda pair: (-pair[1], pair[0]))),
    )  # fmt: skip
