"""What happened within a span: volume, trades, traders, the change of price and of holders.

A figure comes from the sources' flows, else from recorded trades, else from whole buckets. Who
bought and who sold comes from recorded trades first: no source tells distinct wallets by side for
every span. Where only trades are counted they stand in, and the figure says so.
"""

from collections.abc import Callable
from typing import Final

from market.domain.readings import SPANS
from signals.domain.features.history import robust_z
from signals.domain.features.registry import Figures, declare
from signals.domain.windows import Flow, Spread

SECONDS: Final[dict[str, int]] = {
    span: int(length.total_seconds()) for span, length in SPANS.items()
}
NOTHING: Final = Flow()


def told(figures: Figures, span: str, field: str) -> float | None:
    """Return a flow's field: from the sources, else our own trades, else the span's buckets."""
    window = figures.window
    for flows in (window.flows, window.own):
        value: float | None = getattr(flows.get(span, NOTHING), field)
        if value is not None:
            return value
    return figures.history.total(field, SECONDS[span])


def crowd(figures: Figures, span: str) -> tuple[float, float, str] | None:
    """Return distinct buyers and sellers of a span, else its buys and sells, and which it is."""
    window = figures.window
    for flows in (window.own, window.flows):
        flow = flows.get(span, NOTHING)
        if flow.buyers is not None and flow.sellers is not None:
            return flow.buyers, flow.sellers, ""
    buys, sells = told(figures, span, "buys"), told(figures, span, "sells")
    if buys is None or sells is None:
        return None
    return buys, sells, f"{span} buys for buyers"


def usual_volume(figures: Figures, span: str) -> Spread | None:
    """Return the baseline of a span's volume, from the token's day, else from its cohort."""
    own = figures.history.spread("volume_usd", SECONDS[span])
    return own or figures.window.cohort.get(f"volume_{span}")


def organic_volume(flow: Flow) -> float | None:
    """Return a flow's volume in USD, where only its two sides are told their sum."""
    if flow.volume_usd is not None:
        return flow.volume_usd
    return _both(flow.buy_usd, flow.sell_usd)


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _volume(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        for flows in (figures.window.flows, figures.window.own):
            value = organic_volume(flows.get(span, NOTHING))
            if value is not None:
                return value
        return figures.history.total("volume_usd", SECONDS[span])

    return compute


def _organic(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        window = figures.window
        ours = organic_volume(window.organic.get(span, NOTHING))
        if ours is not None:
            return ours
        flow = window.flows.get(span, NOTHING)
        theirs = _both(flow.organic_buy_usd, flow.organic_sell_usd)
        if theirs is not None:
            return theirs
        figures.use(f"organic_volume_{span}", f"{span} volume for organic volume")
        return figures[f"volume_{span}"]

    return compute


def _organic_share(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        organic, volume = figures[f"organic_volume_{span}"], figures[f"volume_{span}"]
        if organic is None or not volume or figures.used(f"organic_volume_{span}"):
            return None
        return min(1.0, organic / volume)

    return compute


def _times(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        volume, usual = figures[f"organic_volume_{span}"], usual_volume(figures, span)
        if volume is None or usual is None:
            return None
        return volume / max(usual.median, figures.rules.baseline.epsilon_usd)

    return compute


def _z(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        volume, usual = figures[f"organic_volume_{span}"], usual_volume(figures, span)
        if volume is None or usual is None:
            return None
        return robust_z(volume, usual, figures.rules.baseline.epsilon_usd)

    return compute


def _count(span: str, field: str) -> Callable[[Figures], float | None]:
    return lambda figures: told(figures, span, field)


def _net(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        bought, sold = told(figures, span, "buy_usd"), told(figures, span, "sell_usd")
        return None if bought is None or sold is None else bought - sold

    return compute


def _traders(span: str, name: str, side: int) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        found = crowd(figures, span)
        if found is None:
            return None
        if found[2]:
            stand_in = found[2] if side == 0 else f"{span} sells for sellers"
            figures.use(name, stand_in)
        return (found[0], found[1])[side]

    return compute


def _pressure(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        found = crowd(figures, span)
        if found is None:
            return None
        if found[2]:
            figures.use(f"pressure_{span}", f"{span} buys and sells for buyers and sellers")
        return found[0] / max(found[1], 1.0)

    return compute


def _change(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        for flows in (figures.window.flows, figures.window.own):
            value = flows.get(span, NOTHING).change
            if value is not None:
                return value
        then = figures.history.before("close_usd", SECONDS[span])
        price = figures.window.price_usd
        return None if then is None or not then[1] or price is None else price / then[1] - 1

    return compute


def _holder_growth(span: str) -> Callable[[Figures], float | None]:
    def compute(figures: Figures) -> float | None:
        value = figures.window.flows.get(span, NOTHING).holder_change
        if value is not None:
            return value
        then = figures.history.before("holders", SECONDS[span])
        now = figures.window.holders
        return None if then is None or not then[1] or now is None else now / then[1] - 1

    return compute


for _span in SECONDS:
    declare(f"volume_{_span}", f"{_span} volume", "usd")(_volume(_span))
    declare(f"organic_volume_{_span}", f"{_span} organic volume", "usd")(_organic(_span))
    declare(f"organic_share_{_span}", f"organic share of {_span} volume", "share")(
        _organic_share(_span)
    )
    declare(f"net_{_span}", f"{_span} bought less sold", "usd")(_net(_span))
    declare(f"buys_{_span}", f"{_span} buys", "count")(_count(_span, "buys"))
    declare(f"sells_{_span}", f"{_span} sells", "count")(_count(_span, "sells"))
    declare(f"buyers_{_span}", f"{_span} buyers", "count")(_traders(_span, f"buyers_{_span}", 0))
    declare(f"sellers_{_span}", f"{_span} sellers", "count")(_traders(_span, f"sellers_{_span}", 1))
    declare(f"pressure_{_span}", f"{_span} buyers to sellers", "times")(_pressure(_span))
    declare(f"change_{_span}", f"{_span} change of price", "share")(_change(_span))
    declare(f"holder_growth_{_span}", f"{_span} growth of holders", "share")(_holder_growth(_span))

for _span in ("5m", "15m", "1h", "6h"):
    declare(f"volume_times_{_span}", f"{_span} volume over its median", "times")(_times(_span))
    declare(f"volume_z_{_span}", f"{_span} volume's robust z", "z")(_z(_span))


@declare("buyers_10m", "10m buyers", "count")
def buyers_10m(figures: Figures) -> float | None:
    """Count the buyers of ten minutes: of a token not older all of them, else two buckets'."""
    age = figures["age"]
    ten_minutes = 2 * figures.rules.baseline.bucket_s
    if age is not None and age <= ten_minutes:
        if stand_in := figures.used("buyers_1h"):
            figures.use("buyers_10m", stand_in)
        return figures["buyers_1h"]
    for field, words in (("buyers", "buyers of two 5m buckets for 10m buyers"), ("buys", "")):
        total = figures.history.total(field, ten_minutes)
        if total is not None:
            figures.use("buyers_10m", words or "buys of two 5m buckets for 10m buyers")
            return total
    return None
