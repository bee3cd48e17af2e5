"""What a strategy's record proves: rates with intervals, beside what random tokens did.

Lift is the hit rate of the signals less that of their controls. Its interval is Newcombe's from
the two Wilson intervals (Newcombe 1998, Statistics in Medicine 17: 873-890, method 10), the
controls' one widened by the root of their design effect: five tokens of one moment are not five
independent ones (Kish 1965; the correlation within a draw by one-way analysis of variance).
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, sqrt
from statistics import fmean, median
from typing import Final

from wallets.domain.statistics.intervals import Interval, wilson

HEADLINE_AT: Final = 30
CLAIM_AT: Final = 200
# The mean's interval: days drawn again so often, the same draws for everybody.
DRAWS: Final = 2_000
SEED: Final = 20_261_101
NOT_ENOUGH: Final = "not enough data"
GRADED: Final = frozenset({"hit", "miss", "failed"})


@dataclass(frozen=True, slots=True)
class Case:
    """A published signal and how it and its controls ended at the headline size.

    `strategies` are those it had when it was published. `returns` are fractions by horizon, and
    "exit" at the first barrier or after 24 hours. `controls` are their outcomes.
    """

    day: str
    strategies: frozenset[str]
    outcome: str
    returns: Mapping[str, Decimal] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its Wilson interval at 95 %; both None without cases."""

    n: int
    hits: int

    @property
    def share(self) -> float | None:
        """Hits over cases."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Where the true share lies, at 95 %."""
        return wilson(self.hits, self.n)


@dataclass(frozen=True, slots=True)
class Lift:
    """Hit rate less the controls' hit rate, and its interval at 95 %."""

    points: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns after costs. `worst_decile` is the mean of the worst tenth, rounded up."""

    n: int
    median: float
    mean: float
    interval: Interval | None
    worst_decile: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the scoreboard: a strategy's, or the pooled one's under the name ""."""

    name: str
    rate: Rate
    controls: Rate
    lift: Lift | None
    returns: Mapping[str, Returns]
    still_open: int
    ungraded: int
    ungraded_controls: int
    reasons: Mapping[str, int]
    is_pooled: bool = False

    @property
    def needed(self) -> int:
        """How many graded signals a claim takes."""
        return HEADLINE_AT if self.is_pooled else CLAIM_AT

    @property
    def missing(self) -> int:
        """How many are still missing; 0 when the figures may be claimed."""
        return max(0, self.needed - self.rate.n)

    @property
    def claim(self) -> str:
        """What may be said: nothing against it, or how much is missing."""
        return f"{NOT_ENOUGH}: {self.missing} more graded" if self.missing else ""

    @property
    def fails(self) -> bool:
        """Whether the strategy is to be retired: enough data, and worse than chance for sure."""
        enough = not self.is_pooled and self.rate.n >= CLAIM_AT
        return enough and self.lift is not None and self.lift.interval[1] < 0


@dataclass(frozen=True, slots=True)
class Removal:
    """What the pooled record would be without a strategy: signals it alone called are gone."""

    strategy: str
    gone: int
    left: Line


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All lines, how strategies overlap, and what removing each would change.

    `overlap[a][b]` counts the signals of a that b called too; `overlap[a][a]` all of a's.
    """

    pooled: Line
    lines: tuple[Line, ...]
    overlap: Mapping[str, Mapping[str, int]]
    removals: tuple[Removal, ...]


def scoreboard(cases: Iterable[Case], strategies: Iterable[str] = ()) -> Scoreboard:
    """Reckon the whole board; `strategies` get a line even before their first signal."""
    every = list(cases)
    names = sorted({*strategies, *(name for case in every for name in case.strategies)})
    by_name = {name: [case for case in every if name in case.strategies] for name in names}
    return Scoreboard(
        pooled=line_of("", every, is_pooled=True),
        lines=tuple(line_of(name, by_name[name]) for name in names),
        overlap={
            a: {b: sum(b in case.strategies for case in by_name[a]) for b in names} for a in names
        },
        removals=tuple(_without(name, every) for name in names),
    )


def _without(name: str, cases: Sequence[Case]) -> Removal:
    left = [case for case in cases if case.strategies != {name}]
    return Removal(name, len(cases) - len(left), line_of("", left, is_pooled=True))


def line_of(name: str, cases: Sequence[Case], *, is_pooled: bool = False) -> Line:
    """Reckon one line from its signals; those still open or ungraded are counted, not rated."""
    graded = [case for case in cases if case.outcome in GRADED]
    draws = [
        drawn
        for case in graded
        if (drawn := tuple(c == "hit" for c in case.controls if c in GRADED))
    ]
    rate = Rate(len(graded), sum(case.outcome == "hit" for case in graded))
    controls = Rate(sum(map(len, draws)), sum(map(sum, draws)))
    outcomes = Counter(case.outcome for case in cases)
    return Line(
        name=name, rate=rate, controls=controls, lift=lift(rate, controls, design_effect(draws)),
        returns=_returns(graded),
        still_open=outcomes["open"], ungraded=outcomes["ungraded"],
        ungraded_controls=sum(c == "ungraded" for case in graded for c in case.controls),
        reasons=Counter(case.reason for case in cases if case.outcome == "ungraded"),
        is_pooled=is_pooled,
    )  # fmt: skip


def lift(signals: Rate, controls: Rate, effect: float = 1.0) -> Lift | None:
    """Return the difference of two shares and its interval; None without cases on either side."""
    ours, theirs = signals.interval, controls.interval
    p, q = signals.share, controls.share
    if ours is None or theirs is None or p is None or q is None:
        return None
    wider = sqrt(effect)
    q_low, q_high = (q - theirs[0]) * wider, (theirs[1] - q) * wider
    low = sqrt((p - ours[0]) ** 2 + q_high**2)
    high = sqrt((ours[1] - p) ** 2 + q_low**2)
    return Lift(p - q, (max(-1.0, p - q - low), min(1.0, p - q + high)))


def design_effect(draws: Sequence[tuple[bool, ...]]) -> float:
    """Return by how much drawing in groups widens a share's variance; at least 1.

    1 + (m - 1) r, with m the size of the groups and r their correlation within.
    """
    n, groups = sum(map(len, draws)), len(draws)
    if groups < 2 or n <= groups:
        return 1.0
    mean = sum(map(sum, draws)) / n
    between = sum(len(d) * (sum(d) / len(d) - mean) ** 2 for d in draws) / (groups - 1)
    within = sum(sum(d) * (1 - sum(d) / len(d)) for d in draws) / (n - groups)
    size = (n - sum(len(d) ** 2 for d in draws) / n) / (groups - 1)
    total = between + (size - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    return max(1.0, 1 + (size - 1) * correlation)


def _returns(graded: Sequence[Case]) -> dict[str, Returns]:
    names = sorted({name for case in graded for name in case.returns})
    return {name: _of_horizon(name, graded) for name in names}


def _of_horizon(name: str, graded: Sequence[Case]) -> Returns:
    known = [(case.day, float(case.returns[name])) for case in graded if name in case.returns]
    values = sorted(value for _, value in known)
    return Returns(
        n=len(values), median=median(values), mean=fmean(values),
        interval=_mean_by_days(known), worst_decile=fmean(values[: ceil(len(values) / 10)]),
    )  # fmt: skip


def _mean_by_days(known: Sequence[tuple[str, float]]) -> Interval | None:
    """Return the mean's interval at 95 %, whole days drawn again; None with fewer than five days.

    Signals of one day share its market: drawing them one by one would make the mean look surer
    than it is.
    """
    days: dict[str, tuple[float, int]] = {}
    for day, value in known:
        total, n = days.get(day, (0.0, 0))
        days[day] = (total + value, n + 1)
    if len(days) < 5:
        return None
    blocks = [days[day] for day in sorted(days)]
    dice = random.Random(SEED)  # noqa: S311  # a bootstrap that must repeat, no secret
    means = []
    for _ in range(DRAWS):
        drawn = dice.choices(blocks, k=len(blocks))
        means.append(sum(total for total, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    return means[round(0.025 * (DRAWS - 1))], means[round(0.975 * (DRAWS - 1))]
