"""The eight strategies, one file each; the order is that of the docs and the pages."""

from typing import Final, Protocol

from signals.domain.features import Figures
from signals.domain.strategies import (
    deep_liquidity,
    dip_reversal,
    high_volume,
    micro_caps,
    price_momentum,
    recent_listings,
    top_gainers,
    whale_confluence,
)
from signals.domain.verdicts import Verdict


class Strategy(Protocol):
    """What every strategy's module has."""

    @property
    def NAME(self) -> str: ...  # noqa: D102, N802
    @property
    def TITLE(self) -> str: ...  # noqa: D102, N802
    @property
    def REQUIRED(self) -> tuple[str, ...]: ...  # noqa: D102, N802
    @property
    def OPTIONAL(self) -> tuple[str, ...]: ...  # noqa: D102, N802

    def discovers(self, figures: Figures) -> float | None:
        """Return the key of its discovery list, the largest first; None leaves a token out."""

    def judge(self, figures: Figures) -> Verdict:
        """Say whether the rule holds, and why."""


STRATEGIES: Final[dict[str, Strategy]] = {
    strategy.NAME: strategy
    for strategy in (
        high_volume,
        top_gainers,
        deep_liquidity,
        micro_caps,
        recent_listings,
        price_momentum,
        whale_confluence,
        dip_reversal,
    )
}
