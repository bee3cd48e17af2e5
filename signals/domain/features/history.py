"""The day before a window's moment as columns of five-minute buckets, holes and all."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from operator import attrgetter
from typing import Final

from signals.domain.rules import BaselineRules
from signals.domain.windows import Bucket, Spread, TokenWindow

# A normal distribution's standard deviation is this many median absolute deviations.
MAD_TO_SIGMA: Final = 1.4826


class History:
    """The buckets by how long ago they ended: the last row ended within the last five minutes.

    What ended after the moment or more than a day before it is not here.
    """

    def __init__(self, window: TokenWindow, rules: BaselineRules) -> None:
        self.rules = rules
        self.size = rules.history_s // rules.bucket_s
        self.rows: list[Bucket | None] = [None] * self.size
        for bucket in window.buckets:
            back = (window.at - bucket.at) // rules.bucket_s
            if 0 <= back < self.size:
                self.rows[self.size - 1 - back] = bucket
        self._columns: dict[str, list[float | None]] = {}
        self._spreads: dict[tuple[str, int], Spread | None] = {}

    def steps(self, span_s: int) -> int:
        """Return how many buckets a span has, at least one."""
        return max(1, span_s // self.rules.bucket_s)

    def column(self, name: str) -> list[float | None]:
        """Return one field of every row, None where it or the whole row is not known."""
        if name not in self._columns:
            read = attrgetter(name)
            self._columns[name] = [None if row is None else read(row) for row in self.rows]
        return self._columns[name]

    def tops(self) -> list[float | None]:
        """Return the high of every row, its close where no high is told."""
        return self._else_close("high_usd")

    def bottoms(self) -> list[float | None]:
        """Return the low of every row, its close where no low is told."""
        return self._else_close("low_usd")

    def _else_close(self, name: str) -> list[float | None]:
        whole = f"{name}, else close"
        if whole not in self._columns:
            self._columns[whole] = [
                close if told is None else told
                for told, close in zip(self.column(name), self.column("close_usd"), strict=True)
            ]
        return self._columns[whole]

    def last(self, name: str, steps: int) -> list[float | None]:
        """Return a field of the rows that ended within the last `steps` buckets."""
        return self.column(name)[-steps:]

    def total(self, name: str, span_s: int) -> float | None:
        """Return the sum of a field over the span's buckets; None where one is not known."""
        values = self.last(name, self.steps(span_s))
        return None if None in values else sum(value for value in values if value is not None)

    def before(self, name: str, span_s: int) -> tuple[int, float] | None:
        """Return row and value of a field as it was a span ago, or up to `tolerance` earlier."""
        column = self.column(name)
        newest = self.size - 1 - self.steps(span_s)
        for at in range(newest, max(-1, newest - self.rules.tolerance - 1), -1):
            value = column[at]
            if value is not None:
                return at, value
        return None

    def covers(self, name: str, span_s: int, age_s: float | None) -> bool:
        """Whether enough of a span's buckets, or of those since the token opened, are known."""
        lived = span_s if age_s is None else min(float(span_s), age_s)
        wanted = max(1.0, self.rules.coverage * (lived // self.rules.bucket_s))
        values = self.last(name, self.steps(span_s))
        return len(values) - values.count(None) >= wanted

    def sums(self, name: str, span_s: int) -> list[float]:
        """Return a field's sum over every span of whole, known buckets before the present one.

        Spans that reach into the present one are left out: it shall not be its own baseline.
        """
        steps = self.steps(span_s)
        column = self.column(name)[: self.size - steps]
        if steps == 1:
            return [value for value in column if value is not None]
        running = list(accumulate((value or 0.0 for value in column), initial=0.0))
        holes = list(accumulate((value is None for value in column), initial=0))
        return [
            running[end] - running[end - steps]
            for end in range(steps, len(column) + 1)
            if holes[end] == holes[end - steps]
        ]

    def spread(self, name: str, span_s: int) -> Spread | None:
        """Return the baseline of a field over a span; None with too few spans to tell."""
        key = name, span_s
        if key not in self._spreads:
            values = self.sums(name, span_s)
            enough = len(values) >= self.rules.least
            self._spreads[key] = spread_of(values) if enough else None
        return self._spreads[key]

    def known(self, name: str, *, since: int = 0) -> Iterator[tuple[int, float]]:
        """Yield (row, value) of a field from a row on, oldest first, where it is known."""
        column = self.column(name)
        for at, value in enumerate(islice(column, since, None), since):
            if value is not None:
                yield at, value


def median(values: Sequence[float]) -> float:
    """Return the middle of at least one value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread_of(values: Sequence[float]) -> Spread:
    """Return the median and the median absolute deviation of at least one value."""
    middle = median(values)
    return Spread(middle, median([abs(value - middle) for value in values]), len(values))


def robust_z(value: float, usual: Spread, epsilon: float) -> float:
    """Return how many robust deviations a value lies over its median; spec section 2."""
    return (value - usual.median) / (MAD_TO_SIGMA * usual.mad + epsilon)
