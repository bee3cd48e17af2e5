"""The values a signal's life is made of: components, open and closed signals, what is decided."""

from dataclasses import dataclass
from typing import Literal

from signals.domain.rules import Rules
from signals.domain.verdicts import Assessment, Verdict
from signals.domain.windows import TokenWindow

Direction = Literal["long", "exit"]
Lane = Literal["alert", "watch", "shadow"]
Kind = Literal["raise", "join", "announce", "lane", "decay", "close"]


@dataclass(frozen=True, slots=True)
class Component:
    """A strategy's part in a signal, kept when it has faded.

    It is void once the price is under `void_under` no later than `void_until`, until its rule holds
    again after that.
    """

    strategy: str
    joined_at: int
    fired_at: int
    strength: float
    half_life_s: int
    void_under: float | None = None
    void_until: int | None = None
    is_void: bool = False

    def weight(self, at: int) -> float:
        """Return 0.5^(time since the rule last held / half-life)."""
        return float(0.5 ** (max(0, at - self.fired_at) / self.half_life_s))

    def lives(self, at: int, half_lives: float) -> bool:
        """Whether it is neither void nor faded away."""
        return not self.is_void and at - self.fired_at < half_lives * self.half_life_s


@dataclass(frozen=True, slots=True)
class Open:
    """An open signal. `score` is the latest known, `peak` the highest since it opened."""

    mint: str
    direction: Direction
    lane: Lane
    opened_at: int
    seen_at: int
    score: float
    peak: float
    components: tuple[Component, ...]
    announced_at: int | None = None
    announced_score: float | None = None

    def weight(self, at: int) -> float:
        """Return the weight of the freshest component."""
        return max((one.weight(at) for one in self.components if not one.is_void), default=0.0)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The last signal that was announced: when, at what score, with whom, and when it closed."""

    at: int
    score: float
    strategies: tuple[str, ...]
    closed_at: int


@dataclass(frozen=True, slots=True)
class Closed:
    """What is remembered of the last signal that closed."""

    closed_at: int
    peak: float
    half_life_s: int
    strategies: tuple[str, ...]
    spoken: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A mint's place in one direction: its open signal and shadow, and the last of each."""

    open: Open | None = None
    shadow: Open | None = None
    last: Closed | None = None
    last_shadow: Closed | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What one assessment says to the lifecycle.

    `score` is None where a gate refused. `invalid` says why an open signal must die; `price` is
    None where it is not fresh.
    """

    mint: str
    direction: Direction
    at: int
    score: float | None
    firing: tuple[Verdict, ...]
    price: float | None = None
    invalid: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do to a signal, with its reason in words."""

    kind: Kind
    lane: Lane
    at: int
    reason: str
    score: float
    weight: float
    strategies: tuple[str, ...]


def long_call(window: TokenWindow, assessment: Assessment, rules: Rules) -> Call:
    """Return what an assessment says of buying: safety gone or liquidity gone kills a signal."""
    stale = any(one.gate.startswith("data.") for one in assessment.refusals)
    unsafe = [one.reason for one in assessment.refusals if one.gate.startswith("safety.")]
    depth = window.quote_usd if window.is_curve else window.liquidity_usd
    gates = rules.gates
    floor = gates.curve_quote_usd if window.is_curve else gates.recent_liquidity_usd
    if depth and not stale and 0 < depth < rules.life.hysteresis * floor:
        unsafe.append(f"liquidity ${depth:,.0f} is gone")
    return Call(
        mint=window.mint,
        direction="long",
        at=window.at,
        score=assessment.score.total if assessment.score else None,
        firing=_firing(assessment.verdicts),
        price=None if stale else window.price_usd,
        invalid="; ".join(unsafe),
    )


def exit_call(window: TokenWindow, assessment: Assessment) -> Call:
    """Return what an assessment says to holders: the strongest companion's strength of 100."""
    firing = _firing(assessment.exits)
    strength = max((verdict.strength for verdict in firing), default=0.0)
    score = round(100 * strength, 2) if firing else None
    return Call(window.mint, "exit", window.at, score, firing)


def _firing(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in verdicts if verdict.state == "fires")
