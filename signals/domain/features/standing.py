"""How a token stands at the moment: what it is worth, how deep, how old, how dangerous."""

from collections.abc import Callable

from signals.domain.features.activity import SECONDS
from signals.domain.features.registry import Figures, declare


def positive(value: float | None) -> float | None:
    """Return a value above zero; zero means that a source does not know, never that it is none."""
    return value if value is not None and value > 0 else None


@declare("price", "price", "usd")
def price(figures: Figures) -> float | None:
    """Return the price in USD."""
    return positive(figures.window.price_usd)


@declare("liquidity", "liquidity", "usd")
def liquidity(figures: Figures) -> float | None:
    """Return both sides of the deepest pool in USD."""
    return positive(figures.window.liquidity_usd)


@declare("units", "liquidity units", "count")
def units(figures: Figures) -> float | None:
    """Return √(base·quote) of a constant product pool."""
    return positive(figures.window.units)


@declare("curve_quote", "real quote on the curve", "usd")
def curve_quote(figures: Figures) -> float | None:
    """Return the quote that a bonding curve really holds, in USD."""
    return positive(figures.window.quote_usd) if figures.window.is_curve else None


@declare("depth", "depth", "usd")
def depth(figures: Figures) -> float | None:
    """Return what there is to trade against: a pool's liquidity, a curve's real quote."""
    return figures["curve_quote" if figures.window.is_curve else "liquidity"]


@declare("market_cap", "market cap", "usd")
def market_cap(figures: Figures) -> float | None:
    """Return the market cap in USD."""
    return positive(figures.window.market_cap_usd)


@declare("liquidity_to_cap", "liquidity to market cap", "share")
def liquidity_to_cap(figures: Figures) -> float | None:
    """Return how deep a token is for its size."""
    deep, cap = figures["liquidity"], figures["market_cap"]
    return None if deep is None or cap is None else deep / cap


@declare("holders", "holders", "count")
def holders(figures: Figures) -> float | None:
    """Return the number of holders."""
    return positive(figures.window.holders)


@declare("read_ago", "time since the reading", "seconds")
def read_ago(figures: Figures) -> float | None:
    """Return how old the snapshot's oldest price or liquidity is."""
    return figures.window.at - figures.window.read_at


@declare("age", "age", "seconds")
def age(figures: Figures) -> float | None:
    """Return the seconds since the token opened; an opening yet to come is not known."""
    return _since(figures, figures.window.opened_at)


@declare("listed_for", "time since listing", "seconds")
def listed_for(figures: Figures) -> float | None:
    """Return the seconds since the pool opened or the token graduated, the later of the two."""
    window = figures.window
    times = [_since(figures, at) for at in (window.opened_at, window.graduated_at)]
    return min((time for time in times if time is not None), default=None)


def _since(figures: Figures, at: int | None) -> float | None:
    return None if at is None or at > figures.window.at else figures.window.at - at


@declare("curve_progress", "progress of the curve", "share")
def curve_progress(figures: Figures) -> float | None:
    """Return how full a bonding curve is."""
    return figures.window.curve_progress if figures.window.is_curve else None


@declare("rank_1h", "share of the universe that rose less in 1h", "share")
def rank_1h(figures: Figures) -> float | None:
    """Return the share of the universe whose price rose less within the hour."""
    return figures.window.rank_1h


@declare("biggest_share_5m", "biggest buyer's share of 5m volume", "share")
def biggest_share_5m(figures: Figures) -> float | None:
    """Return the share of five minutes' volume that one buyer bought."""
    biggest, volume = figures.window.biggest_buyer_usd, figures["volume_5m"]
    return None if biggest is None or not volume else biggest / volume


@declare("first_slots_share", "share of supply bought in the first ten slots", "share")
def first_slots_share(figures: Figures) -> float | None:
    """Return the share of supply bought in the first ten slots."""
    return figures.window.first_slots_share


def _growth(span: str) -> Callable[[Figures], float | None]:
    """Grow by units: a constant product pool's dollars rise with √price by themselves."""

    def compute(figures: Figures) -> float | None:
        window = figures.window
        if window.is_curve:
            return _curve_growth(figures, span)
        then = _units_then(figures, SECONDS[span])
        if then is None or not then[1] or window.units is None:
            return None
        row = figures.history.rows[then[0]]
        if row is not None and row.pool and window.pool and row.pool != window.pool:
            return None
        return window.units / then[1] - 1

    return compute


def _units_then(figures: Figures, span_s: int) -> tuple[int, float] | None:
    """Return row and units of a span ago; of a younger pool those of when it had settled."""
    history, listed = figures.history, figures["listed_for"]
    if listed is None or listed > span_s:
        return history.before("units", span_s)
    settled_s = int(listed) - figures.rules.deep_liquidity.age_s
    since = history.size - settled_s // figures.rules.baseline.bucket_s
    return next(history.known("units", since=since), None) if settled_s > 0 else None


def _curve_growth(figures: Figures, span: str) -> float | None:
    now, net = figures["curve_quote"], figures[f"net_{span}"]
    if now is None:
        return None
    least = figures.rules.deep_liquidity.curve_base_usd
    if net is not None:
        return net / max(now - net, least)
    then = figures.history.before("liquidity_usd", SECONDS[span])
    if then is None:
        return None
    figures.use(f"liquidity_growth_{span}", f"{span} growth of the curve's quote for net buying")
    return (now - then[1]) / max(then[1], least)


for _span in ("1h", "6h"):
    declare(f"liquidity_growth_{_span}", f"{_span} growth of liquidity units", "share")(
        _growth(_span)
    )


def _danger(field: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        value: float | None = getattr(figures.window.danger, field)
        return value

    return compute


for _field, _words in {
    "top10_share": "share of the ten largest holders",
    "dev_share": "developer's share",
    "bundled_share": "bundled share",
    "insider_share": "insiders' share",
    "wash_share": "wash share of volume",
}.items():
    declare(_field, _words, "share")(_danger(_field))


@declare("dev_sold", "share of its bag the developer sold", "share")
def dev_sold(figures: Figures) -> float | None:
    """Return how much of what it first held within the day the developer no longer holds."""
    before = figures.window.danger_before
    now = figures["dev_share"]
    if before is None or not before.dev_share or now is None:
        return None
    return 1 - now / before.dev_share
