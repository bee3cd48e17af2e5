"""What happened to a token, as several sources tell it: figures that belong together from one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from market.domain.figures import count, volume
from market.domain.readings import SPANS, Activity, Span
from market.domain.sound import change

# Figures that are only told together: a ratio of two sources' counts is nobody's.
_TOGETHER: Final[tuple[tuple[str, ...], ...]] = (
    ("volume_usd",),
    ("buy_usd", "sell_usd"),
    ("organic_buy_usd", "organic_sell_usd"),
    ("buys", "sells"),
    ("buyers", "sellers"),
    ("change",),
    ("holder_change",),
)
_SOUND: Final[Mapping[str, Callable[[object], Any]]] = {
    **dict.fromkeys(("volume_usd", "buy_usd", "sell_usd"), volume),
    **dict.fromkeys(("organic_buy_usd", "organic_sell_usd"), volume),
    **dict.fromkeys(("buys", "sells", "buyers", "sellers"), count),
    **dict.fromkeys(("change", "holder_change"), change),
}


@dataclass(frozen=True, slots=True)
class ToldActivity:
    """One source's figures of a token, of all its pools or of one."""

    source: str
    spans: Mapping[Span, Activity]


def merged_activity(
    told: Sequence[ToldActivity],
) -> tuple[dict[Span, Activity], dict[str, str]]:
    """Put sources' figures, in the order of trust, together; name who told each as "SPAN FIELD".

    Of sources that tell part of a group, the one that tells most of it is believed.
    """
    merged: dict[Span, Activity] = {}
    sources: dict[str, str] = {}
    for span in SPANS:
        found: dict[str, Any] = {}
        for group in _TOGETHER:
            values, source = _fullest(told, span, group)
            found |= values
            sources |= {f"{span} {name}": source for name in values}
        if found:
            merged[span] = Activity(**found)
    return merged, sources


def _fullest(
    told: Iterable[ToldActivity], span: Span, group: tuple[str, ...]
) -> tuple[dict[str, Any], str]:
    best: dict[str, Any] = {}
    best_source = ""
    for one in told:
        activity = one.spans.get(span)
        if activity is None:
            continue
        values = {
            name: value
            for name in group
            if (value := _SOUND[name](getattr(activity, name))) is not None
        }
        if len(values) > len(best):
            best, best_source = values, one.source
    return best, best_source
