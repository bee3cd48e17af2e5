"""Figures with their uncertainty."""

from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054


def wilson(wins: int, n: int, z: float = Z_95) -> tuple[float, float] | None:
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
