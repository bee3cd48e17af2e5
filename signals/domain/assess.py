"""From a window to everything the scanner decides about it: what the scan and the replay call."""

from collections.abc import Iterable, Mapping

from signals.domain import gates
from signals.domain.exits import COMPANIONS
from signals.domain.features import Figures
from signals.domain.quality import quality, tier
from signals.domain.risk import risk
from signals.domain.rules import CURRENT, Rules
from signals.domain.score import score
from signals.domain.strategies import STRATEGIES
from signals.domain.verdicts import Assessment
from signals.domain.windows import TokenWindow


def assess(window: TokenWindow, rules: Rules = CURRENT) -> Assessment:
    """Judge one token at one moment: a function of its two arguments alone.

    Where a gate refuses, no strategy looks and there is no score; the exit companions always do.
    """
    figures = Figures(window, rules)
    refused = gates.refusals(figures)
    verdicts = () if refused else tuple(one.judge(figures) for one in STRATEGIES.values())
    total = None if refused else score(figures)
    good = quality(figures)
    fires = any(verdict.state == "fires" for verdict in verdicts)
    return Assessment(
        mint=window.mint,
        rules=rules.version,
        refusals=refused,
        marks=gates.marks(figures),
        verdicts=verdicts,
        score=total,
        risk=risk(window.danger, rules.risk),
        quality=good,
        tier=tier(total.total, good, rules.tier) if total and fires else None,
        exits=tuple(companion(figures) for companion in COMPANIONS.values()),
    )


def discover(
    windows: Iterable[TokenWindow], rules: Rules = CURRENT
) -> Mapping[str, tuple[str, ...]]:
    """Return every strategy's discovery list: mints of its top 50, the first first.

    Equal keys go by mint, so that the same windows give the same lists in any order.
    """
    found: dict[str, list[tuple[float, str]]] = {name: [] for name in STRATEGIES}
    for window in windows:
        figures = Figures(window, rules)
        for name, strategy in STRATEGIES.items():
            key = strategy.discovers(figures)
            if key is not None:
                found[name].append((-key, window.mint))
    return {
        name: tuple(mint for _, mint in sorted(keyed)[: rules.discovery_list])
        for name, keyed in found.items()
    }
