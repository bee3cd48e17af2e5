"""What qualified entities do in a token; several wallets of one owner are one entity."""

from collections.abc import Callable

from signals.domain.features.registry import Figures, declare
from signals.domain.windows import Whale


def watched(figures: Figures) -> bool:
    """Whether qualified wallets were looked at: none of them in a token differs from not known."""
    return "whales" in figures.window.sources or bool(figures.window.whales)


def buying(figures: Figures) -> list[Whale]:
    """Return the entities whose purchases of the last half hour are large enough to count."""
    rules, window = figures.rules.whale_confluence, figures.window
    return [
        whale
        for whale in window.whales
        if whale.bought_30m_usd
        >= max(rules.least_usd, rules.share_of_median * (whale.median_buy_usd or 0.0))
    ]


def adding(figures: Figures) -> list[Whale]:
    """Return the entities that keep adding: often, over hours, selling nothing."""
    rules, at = figures.rules.whale_confluence, figures.window.at
    found = []
    for whale in figures.window.whales:
        times = sorted(when for when, _ in whale.buys if when <= at)
        often = len(times) >= rules.adds and times[-1] - times[0] >= rules.adds_over_s
        grown = whale.grown is not None and whale.grown >= rules.grown
        if often and grown and not whale.sold_share and not whale.is_insider:
            found.append(whale)
    return found


def _of_whales(read: Callable[[Figures], float]) -> Callable[[Figures], float | None]:
    return lambda figures: read(figures) if watched(figures) else None


def _sold_most(figures: Figures) -> float:
    return max((whale.sold_share for whale in buying(figures)), default=0.0)


def _sellers(figures: Figures) -> float:
    share = figures.rules.exits.distribution_share
    return sum(whale.sold_share >= share for whale in figures.window.whales)


declare("whale_entities", "qualified entities buying within 30m", "count")(
    _of_whales(lambda figures: len(buying(figures)))
)
declare("whale_usd", "bought by them within 30m", "usd")(
    _of_whales(lambda figures: sum(whale.bought_30m_usd for whale in buying(figures)))
)
declare("whale_sold", "most that one of them sold meanwhile", "share")(_of_whales(_sold_most))
declare("whale_insiders", "insiders of the token among them", "count")(
    _of_whales(lambda figures: sum(whale.is_insider for whale in buying(figures)))
)
declare("whale_adding", "qualified entities that keep adding", "count")(
    _of_whales(lambda figures: len(adding(figures)))
)
declare("whale_sellers", "qualified entities that sold half or more within 30m", "count")(
    _of_whales(_sellers)
)
