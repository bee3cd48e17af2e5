"""From what market and wallets know of tokens to the windows strategies look at."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from market.domain.readings import Activity, Span
from market.domain.snapshots import Safety, Snapshot
from signals.domain.windows import Bucket, Danger, Flow, Spread, TokenWindow, Whale

# Tokens are compared with those of like age and liquidity: the edges of the classes.
AGE_EDGES: Final = (3_600, 6 * 3_600, 86_400, 7 * 86_400)
DEPTH_EDGES: Final = (10_000.0, 25_000.0, 100_000.0, 500_000.0)
# Recorded wallets' trades stand for all trades of a span where they are so much of its volume;
# below that, counts of them would pass for the market's.
SEEN_SHARE: Final = Decimal("0.8")
# A spread of fewer tokens says nothing.
LEAST_COHORT: Final = 12

Class = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Own:
    """What recorded trades tell of a token: activity by span, the largest buyer of 5 minutes."""

    flows: Mapping[Span, Activity]
    organic: Mapping[Span, Activity]
    biggest_buyer_usd: Decimal | None = None


NOTHING: Final = Own({}, {})


def window_of(
    snapshot: Snapshot,
    buckets: Iterable[Bucket],
    *,
    is_curve: bool = False,
    coin_usd: Decimal | None = None,
    own: Own = NOTHING,
    whales: Sequence[Whale] | None = None,
    before: Safety | None = None,
) -> TokenWindow:
    """Make the window of one token; cohort and rank follow when all are known (`compared`).

    `coin_usd` is what one coin of the pool's quote costs, `whales` None where nobody looked for
    them, `before` the safety a day ago. Buckets that end after the snapshot are left out: a window
    never holds what came later.
    """
    at = seconds(snapshot.at)
    quote = snapshot.quote
    sources = {**snapshot.sources, **snapshot.safety.sources}
    if whales is not None:
        sources["whales"] = "trades"
    return TokenWindow(
        mint=snapshot.mint,
        at=at,
        read_at=seconds(snapshot.read_at),
        price_usd=_float(snapshot.price_usd),
        prices={source: float(usd) for source, usd in sorted(snapshot.prices.items())},
        is_verified=snapshot.is_verified,
        venue=snapshot.venue,
        is_curve=is_curve,
        pool=snapshot.pool,
        liquidity_usd=_float(snapshot.liquidity_usd),
        base=_float(snapshot.base),
        quote=_float(snapshot.quote),
        quote_usd=None if quote is None or coin_usd is None else float(quote * coin_usd),
        units=_float(snapshot.units),
        market_cap_usd=_float(snapshot.market_cap_usd),
        holders=snapshot.holders,
        opened_at=_seconds(snapshot.opened_at),
        graduated_at=_seconds(snapshot.graduated_at),
        curve_progress=_float(snapshot.curve_progress),
        flows={span: flow_of(told) for span, told in sorted(snapshot.activity.items())},
        own=_seen(own.flows, own, snapshot),
        organic=_seen(own.organic, own, snapshot),
        buckets=tuple(sorted((b for b in buckets if b.at <= at), key=lambda b: b.at)),
        whales=tuple(whales or ()),
        biggest_buyer_usd=_float(own.biggest_buyer_usd),
        danger=danger_of(snapshot.safety),
        danger_before=None if before is None else danger_of(before),
        sources=dict(sorted(sources.items())),
    )


def _seen(flows: Mapping[Span, Activity], own: Own, snapshot: Snapshot) -> dict[str, Flow]:
    """Return the flows of the spans in which recorded trades are nearly all there were."""
    found: dict[str, Flow] = {}
    for span, told in sorted(flows.items()):
        ours, all_of_it = own.flows[span].volume_usd, snapshot.activity.get(span)
        whole = None if all_of_it is None else all_of_it.volume_usd
        if ours is not None and whole is not None and ours >= SEEN_SHARE * whole:
            found[span] = flow_of(told)
    return found


def flow_of(activity: Activity) -> Flow:
    """Turn what a source told into plain numbers."""
    return Flow(**{f.name: _plain(getattr(activity, f.name)) for f in fields(Flow)})


def danger_of(safety: Safety) -> Danger:
    """Turn a token's safety into plain numbers."""
    return Danger(**{f.name: _plain(getattr(safety, f.name)) for f in fields(Danger)})


def compared(windows: Sequence[TokenWindow]) -> list[TokenWindow]:
    """Give every window its cohort's spreads and its rank by the change of an hour.

    The cohort is the tokens of the same class of age and liquidity in this very scan, the token
    itself left out of nothing: with a dozen and more it does not tip the median.
    """
    figures: dict[Class, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for window in windows:
        for name, value in _compared_figures(window).items():
            figures[class_of(window)][name].append(value)
    spreads = {
        one: {n: spread(values) for n, values in told.items() if len(values) >= LEAST_COHORT}
        for one, told in figures.items()
    }
    changes = sorted(c for w in windows if (c := _change(w)) is not None)
    below = {value: place for place, value in reversed(list(enumerate(changes)))}
    return [
        replace(
            window,
            cohort=spreads.get(class_of(window), {}),
            rank_1h=None if (c := _change(window)) is None else below[c] / len(changes),
        )
        for window in windows
    ]


def class_of(window: TokenWindow) -> Class:
    """Return a token's class of age and liquidity; -1 where one is not known."""
    age = None if window.opened_at is None else window.at - window.opened_at
    depth = window.liquidity_usd
    return (
        -1 if age is None else sum(age >= edge for edge in AGE_EDGES),
        -1 if depth is None else sum(depth >= edge for edge in DEPTH_EDGES),
    )


def spread(values: Sequence[float]) -> Spread:
    """Return median and median absolute deviation."""
    median = statistics.median(values)
    return Spread(median, statistics.median(abs(v - median) for v in values), len(values))


def _compared_figures(window: TokenWindow) -> dict[str, float]:
    """Return the figures cohorts are compared by, such as "volume_5m", where they are known."""
    found: dict[str, float] = {}
    for span, flow in window.flows.items():
        if flow.volume_usd is not None:
            found[f"volume_{span}"] = flow.volume_usd
        if flow.sell_usd is not None:
            found[f"sell_{span}"] = flow.sell_usd
    return found


def _change(window: TokenWindow) -> float | None:
    flow = window.flows.get("1h")
    return None if flow is None else flow.change


def seconds(at: datetime) -> int:
    """Return a moment as whole Unix seconds, floored."""
    return int(at.timestamp())


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else seconds(at)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
