"""What a strategy, a gate and a scan say about a token, with reasons in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# fires: the rule holds; quiet: it does not; idle: a required input is missing.
State = Literal["fires", "quiet", "idle"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One strategy's word on one window.

    `strength` is 0 to 1 and 0 unless it fires. `reasons` say, each in one sentence, what held and
    what did not; `missing` names required inputs that are not there; `figures` are the numbers it
    judged by; `used` names for an input what stood in for it ("buys for buyers").
    """

    strategy: str
    state: State
    strength: float = 0.0
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A gate that refused: its name, such as "safety.mint_authority", and why, in words."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """The sum 0 to 100, its parts by name, and the penalties taken off (positive numbers)."""

    total: float
    parts: Mapping[str, float]
    penalties: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the scanner decided about one token at one moment; a function of its window.

    `marks` are what is not sure, such as "unverified price". `tier` is 1 to 3, None below a watch
    signal or where no strategy fires. `risk` and `quality` are 0 to 100. `refusals` empty: the
    gates let it pass. `exits` are the verdicts of the companions that warn holders; no gate stops
    them.
    """

    mint: str
    rules: str
    refusals: tuple[Refusal, ...]
    marks: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    score: Score | None
    risk: float | None
    quality: float | None
    tier: int | None
    exits: tuple[Verdict, ...] = ()
