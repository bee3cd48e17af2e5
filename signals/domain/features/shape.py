"""The shape of a token's price: highs, the average paid, a breakout, a dip that turns."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from signals.domain.features.activity import SECONDS
from signals.domain.features.history import robust_z, spread_of
from signals.domain.features.registry import Figures, declare


def _high(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        history, price = figures.history, figures["price"]
        if price is None or not history.covers("close_usd", SECONDS[span], figures["age"]):
            return None
        tops = history.tops()[-history.steps(SECONDS[span]) :]
        return max(price, *(top for top in tops if top is not None))

    return compute


def _below(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        high, price = figures[f"high_{span}"], figures["price"]
        return None if high is None or price is None else 1 - price / high

    return compute


for _span in ("1h", "24h"):
    declare(f"high_{_span}", f"{_span} high", "usd")(_high(_span))
    declare(f"below_high_{_span}", f"distance below the {_span} high", "share")(_below(_span))


@declare("vwap_15m", "15m volume-weighted price", "usd")
def vwap_15m(figures: Figures) -> float | None:
    """Return the average price of three buckets weighted by their volume."""
    history = figures.history
    rows = list(
        zip(
            history.tops(),
            history.bottoms(),
            history.column("close_usd"),
            history.column("volume_usd"),
            strict=True,
        )
    )[-history.steps(SECONDS["15m"]) :]
    paid = volume = 0.0
    for top, bottom, close, traded in rows:
        if top is None or bottom is None or close is None or traded is None:
            return None
        paid += (top + bottom + close) / 3 * traded
        volume += traded
    return paid / volume if volume > 0 else None


@declare("over_vwap_15m", "price over its 15m average", "times")
def over_vwap_15m(figures: Figures) -> float | None:
    """Return the price as a multiple of the 15-minute volume-weighted price."""
    average, price = figures["vwap_15m"], figures["price"]
    return None if not average or price is None else price / average


class Breakout(NamedTuple):
    """A bucket's row, its close, and the highest close before it."""

    row: int
    close: float
    level: float


def breakout(figures: Figures) -> Breakout | None:
    """Return the latest fresh close over the day's highest before it, else the newest close.

    A breakout one bucket back counts only while the closes since then stayed over its level.
    """
    rules, history = figures.rules.price_momentum, figures.history
    closes = list(history.known("close_usd"))
    newest: Breakout | None = None
    for place in range(len(closes) - 1, -1, -1):
        row, close = closes[place]
        is_fresh = history.size - row <= rules.fresh_buckets
        if not is_fresh or place < figures.rules.baseline.least:
            break
        level = max(value for _, value in closes[:place])
        found = Breakout(row, close, level)
        newest = newest or found
        held = all(value > level for _, value in closes[place + 1 :])
        if held and level > 0 and close > rules.over_high * level:
            return found
    return newest


def _of_breakout(
    read: Callable[[Figures, Breakout], float | None],
) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        history = figures.history
        if not history.covers("close_usd", figures.rules.baseline.history_s, figures["age"]):
            return None
        found = figures.once(breakout)
        return None if found is None or found.level <= 0 else read(figures, found)

    return compute


def _over_level(figures: Figures, found: Breakout) -> float | None:
    """Compare a price read after the bucket ended: that is the next snapshot."""
    row, price = figures.history.rows[found.row], figures["price"]
    if row is None or price is None or figures.window.read_at <= row.at:
        return None
    return price / found.level


def _range_before(figures: Figures, found: Breakout) -> float | None:
    history = figures.history
    steps = history.steps(SECONDS["6h"])
    before = slice(max(0, found.row - steps), found.row)
    tops = [top for top in history.tops()[before] if top is not None]
    bottoms = [bottom for bottom in history.bottoms()[before] if bottom is not None]
    if len(tops) < figures.rules.baseline.least or min(bottoms) <= 0:
        return None
    return max(tops) / min(bottoms) - 1


declare("breakout_level", "highest close before", "usd")(_of_breakout(lambda _, it: it.level))
declare("breakout", "5m close over the day's highest before", "times")(
    _of_breakout(lambda _, it: it.close / it.level)
)
declare("over_level", "price over that level at the next snapshot", "times")(
    _of_breakout(_over_level)
)
declare("range_before_6h", "range of the 6h before", "share")(_of_breakout(_range_before))


class Dip(NamedTuple):
    """Rows of a fall: its high, and the lowest low since."""

    high_row: int
    low_row: int
    low: float


def dip(figures: Figures) -> Dip | None:
    """Return the day's high and the lowest low after it; None without a history to tell."""
    history = figures.history
    if not history.covers("close_usd", figures.rules.baseline.history_s, figures["age"]):
        return None
    high_row, high = -1, 0.0
    for at, top in enumerate(history.tops()):
        if top is not None and top > high:
            high_row, high = at, top
    lows = _lows(figures, high_row + 1)
    if high_row < 0 or not lows:
        return None
    low, low_row = min(lows)
    return Dip(high_row, low_row, low)


def _lows(figures: Figures, since: int) -> list[tuple[float, int]]:
    """Return (low, row) of the rows from one on."""
    bottoms = figures.history.bottoms()[since:]
    return [(bottom, at) for at, bottom in enumerate(bottoms, since) if bottom is not None]


def _of_dip(read: Callable[[Figures, Dip], float | None]) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        found = figures.once(dip)
        return None if found is None else read(figures, found)

    return compute


def _units_kept(figures: Figures, found: Dip) -> float | None:
    history = figures.history
    row = history.rows[found.high_row]
    window = figures.window
    if row is None or not row.units or window.units is None:
        return None
    if row.pool and window.pool and row.pool != window.pool:
        return None
    return window.units / row.units


def _second_low(figures: Figures, found: Dip) -> float | None:
    """Return the lowest low since the first one's rebound, as a multiple of the first."""
    later = _lows(figures, found.low_row + figures.rules.dip_reversal.low_gap)
    return min(later)[0] / found.low if later and found.low > 0 else None


class Selling(NamedTuple):
    """The heaviest selling since the high: its row, its robust z, how often it fell since."""

    row: int
    z: float
    falls: int
    field: str


def selling(figures: Figures) -> Selling | None:
    """Return the heaviest selling since the high within the last hours; None where not known.

    What was sold is counted in USD where sources tell it, else in number of sells.
    """
    found, rules, history = figures.once(dip), figures.rules, figures.history
    if found is None:
        return None
    in_usd = history.spread("sell_usd", rules.baseline.bucket_s) is not None
    field = "sell_usd" if in_usd else "sells"
    epsilon = rules.baseline.epsilon_usd if in_usd else rules.baseline.epsilon_count
    steps = rules.dip_reversal.sell_within_s // rules.baseline.bucket_s
    sold = list(history.known(field, since=max(found.high_row + 1, history.size - steps)))
    if not sold:
        return None
    peak, most = max(sold, key=lambda one: (one[1], -one[0]))
    others = [value for at, value in history.known(field) if at != peak]
    if len(others) < rules.baseline.least:
        return None
    falls = 0
    for before, after in pairwise(history.column(field)[peak:]):
        if before is None or after is None or after >= before:
            break
        falls += 1
    return Selling(peak, robust_z(most, spread_of(others), epsilon), falls, field)


def _of_selling(name: str, read: Callable[[Selling], float]) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        found = figures.once(selling)
        if found is None:
            return None
        if found.field == "sells":
            figures.use(name, "number of 5m sells for sell volume")
        return read(found)

    return compute


declare("first_low", "first low", "usd")(_of_dip(lambda _, it: it.low))
declare("units_kept", "liquidity units against those at the high", "times")(_of_dip(_units_kept))
declare("second_low", "second low over the first", "times")(_of_dip(_second_low))
declare("sell_peak_z", "robust z of the heaviest 5m selling", "z")(
    _of_selling("sell_peak_z", lambda found: found.z)
)
declare("sell_falls", "times selling fell in a row since", "count")(
    _of_selling("sell_falls", lambda found: found.falls)
)
