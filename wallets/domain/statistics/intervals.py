"""How sure a figure is: intervals at 95 %, and the pull of a population on a single rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, sqrt
from typing import Final

Z_95: Final = 1.959963984540054

Interval = tuple[float, float]


def wilson(wins: int, n: int, z: float = Z_95) -> Interval | None:
    """Return the Wilson score interval of a share, by default at 95 %; None without cases.

    Wilson, E. B. (1927), Journal of the American Statistical Association 22 (158): 209–212.
    7 of 10 gives 0.40 to 0.89.
    """
    if n == 0:
        return None
    share = wins / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Sample:
    """Count, sum and sum of squares of a sample of integers: all its mean's interval needs."""

    n: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        """The mean; the sample must not be empty."""
        return self.total / self.n

    @property
    def spread(self) -> float:
        """The variance of the mean (s² / n); at least two cases."""
        deviations = self.squares - self.total * self.total / self.n
        return max(0.0, deviations) / (self.n - 1) / self.n


def mean_interval(sample: Sample) -> Interval | None:
    """Return mean ± 1.96 standard errors; None with fewer than two cases."""
    if sample.n < 2:
        return None
    half = Z_95 * sqrt(sample.spread)
    return sample.mean - half, sample.mean + half


def independent_ratio_interval(over: Sample, under: Sample) -> Interval | None:
    """Return the interval of mean / mean of two separate samples, on the log scale.

    Delta method: the variance of the logarithm is the sum of both relative variances of the
    means. None unless both means are positive over at least two cases.
    """
    if min(over.n, under.n) < 2 or min(over.total, under.total) <= 0:
        return None
    relative = over.spread / over.mean**2 + under.spread / under.mean**2
    return _around(over.mean / under.mean, relative)


def split_ratio_interval(over: Sample, under: Sample) -> Interval | None:
    """Return the interval of sum / sum of the gains and losses of the same cases, on the log scale.

    Both samples run over all cases, one of the two being zero in each, so the covariance of their
    means is minus the product of the means over n − 1.
    """
    n = over.n
    if n < 2 or min(over.total, under.total) <= 0:
        return None
    relative = over.spread / over.mean**2 + under.spread / under.mean**2 + 2 / (n - 1)
    return _around(over.total / under.total, relative)


def _around(ratio: float, relative_variance: float) -> Interval:
    # beyond e^50 the sample says nothing; the bound keeps the figure finite
    factor = exp(min(50.0, Z_95 * sqrt(relative_variance)))
    return ratio / factor, ratio * factor


def paired_ratio_interval(over: Sample, under: Sample, products: int) -> Interval | None:
    """Return the interval of sum / sum where each case has both parts, by its residuals.

    `products` is the sum of over × under. Cochran, Sampling Techniques, 6.4. None with fewer than
    two cases or nothing below the line.
    """
    n = over.n
    if n < 2 or under.total <= 0:
        return None
    ratio = over.total / under.total
    residuals = over.squares - 2 * ratio * products + ratio * ratio * under.squares
    half = Z_95 * sqrt(max(0.0, residuals) * n / (n - 1)) / under.total
    return ratio - half, ratio + half


def median(values: Sequence[int]) -> int:
    """Return the median of sorted values; between the middle two of an even number, floored."""
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) // 2


def median_interval(values: Sequence[int]) -> tuple[int, int] | None:
    """Return the order statistics about 95 % of samples have their median between.

    Ranks n/2 ± 1.96 √n / 2, whatever the distribution. None with fewer than six values, where
    even the extremes do not reach 95 %.
    """
    n = len(values)
    if n < 6:
        return None
    half = Z_95 * sqrt(n) / 2
    low, high = max(1, floor(n / 2 - half)), min(n, ceil(1 + n / 2 + half))
    return values[low - 1], values[high - 1]


@dataclass(frozen=True, slots=True)
class Prior:
    """A Beta distribution of the population's true rates: `a` wins and `b` others lent to each."""

    a: float
    b: float

    def shrunk(self, wins: int, n: int) -> float:
        """Return the rate drawn towards the population's: the posterior mean."""
        return (wins + self.a) / (n + self.a + self.b)

    def interval(self, wins: int, n: int) -> Interval:
        """Return the posterior mean ± 1.96 posterior standard deviations, within 0 and 1."""
        rate, strength = self.shrunk(wins, n), n + self.a + self.b
        half = Z_95 * sqrt(rate * (1 - rate) / (strength + 1))
        return max(0.0, rate - half), min(1.0, rate + half)


# With nobody to compare: three in ten wallets are in profit before any skill is shown, and ten
# positions weigh as much as that belief (domain reference, base rates).
USUAL: Final = Prior(3.0, 7.0)
# Wallets that differ no more than chance are all drawn to the mean; the weight is bounded so that
# a long record can still move its wallet.
STRONGEST: Final = 1_000.0
# Fewer wallets do not tell how much wallets differ: one lucky one would make luck look like skill.
FEWEST: Final = 20


def fit_prior(wallets: int, n: int, wins: int, n_squares: int, ratios: float) -> Prior:
    """Fit the population's Beta distribution by moments, from sums over its wallets.

    For w wins of m positions each: `n` = Σ m, `wins` = Σ w, `n_squares` = Σ m², `ratios` = Σ w²/m.
    Below FEWEST wallets it is the usual one.
    Kleinman (1973), Journal of the American Statistical Association 68 (341): 46–54, weights m.
    """
    if wallets < FEWEST or not 0 < wins < n:
        return USUAL
    rate = wins / n
    chance = rate * (1 - rate)
    between = ratios - wins * wins / n - chance * (wallets - 1)
    room = chance * (n - n_squares / n - (wallets - 1))
    alike = between / room if room > 0 else 0.0
    strength = STRONGEST if alike <= 0 else min(STRONGEST, max(1.0, 1 / alike - 1))
    return Prior(rate * strength, (1 - rate) * strength)
