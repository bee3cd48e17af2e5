"""Controls: what random tokens of the same scan did meanwhile, drawn so that nobody can choose.

The draw is a function of the seed and the tokens alone. Bounds belong to the grading's version.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from signals.domain.chain import digest

DRAWN: Final = 5
AGES: Final = (
    timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7),
    timedelta(days=30),
)  # fmt: skip
AGE_NAMES: Final = ("under 1 h", "1-6 h", "6-24 h", "1-7 d", "7-30 d", "over 30 d")
LIQUIDITIES_USD: Final = tuple(Decimal(n) for n in (25_000, 50_000, 100_000, 250_000, 1_000_000))
LIQUIDITY_NAMES: Final = ("under $25k", "$25-50k", "$50-100k", "$100-250k", "$250k-1M", "over $1M")
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Eligible:
    """A token the gates let pass in a scan; None is not known."""

    mint: str
    age: timedelta | None
    liquidity_usd: Decimal | None

    @property
    def bucket(self) -> str:
        """Age and liquidity in words; tokens of one bucket are compared."""
        age = UNKNOWN if self.age is None else AGE_NAMES[bisect_right(AGES, self.age)]
        liquidity = UNKNOWN
        if self.liquidity_usd is not None:
            liquidity = LIQUIDITY_NAMES[bisect_right(LIQUIDITIES_USD, self.liquidity_usd)]
        return f"{age}, {liquidity}"


def draw(subject: Eligible, eligible: Iterable[Eligible], *, seed: str) -> list[str]:
    """Return up to five mints of the subject's bucket, itself left out, in the order drawn.

    Every mint gets the hash of the seed and itself; the lowest are drawn. Fewer than five in the
    bucket are all taken: a neighbour's bucket would compare what is not alike.
    """
    alike = {one.mint for one in eligible if one.bucket == subject.bucket} - {subject.mint}
    return sorted(alike, key=lambda mint: (digest(f"{seed}:{mint}"), mint))[:DRAWN]
