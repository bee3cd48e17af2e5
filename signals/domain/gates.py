"""What a token must pass before any strategy looks at it; every refusal says why.

Missing is never death: zero or missing liquidity is not known. A safety input that no source
tells is a mark and a penalty, no refusal.
"""

from collections.abc import Iterator
from typing import Final

from signals.domain.case import told
from signals.domain.features import FEATURES, Figures
from signals.domain.rules import GateRules
from signals.domain.verdicts import Refusal
from signals.domain.windows import Danger

# The safety inputs a token should be known by, and what they are called.
SAFETY: Final = {
    "can_mint": "mint authority",
    "can_freeze": "freeze authority",
    "top10_share": "top 10 holders",
    "dev_share": "developer's share",
    "bundled_share": "bundled share",
    "wash_share": "wash share",
}


def refusals(figures: Figures) -> tuple[Refusal, ...]:
    """Return every gate that refuses, in the order data, safety, tradable, late."""
    window, rules = figures.window, figures.rules.gates
    return (
        *_data(figures),
        *unsafe(window.danger, rules, is_curve=window.is_curve),
        *_tradable(figures),
        *_late(figures),
    )


def marks(figures: Figures) -> tuple[str, ...]:
    """Return what is not sure about a token."""
    window = figures.window
    found = [] if window.is_verified else ["unverified price"]
    if missing := unknown_safety(window.danger):
        found.append("unverified safety: " + ", ".join(missing))
    late = [FEATURES[name].words for name in ("change_1h", "change_5m") if figures[name] is None]
    if late:
        found.append("not known: " + ", ".join(late))
    return tuple(found)


def unknown_safety(danger: Danger) -> tuple[str, ...]:
    """Return the safety inputs that no source tells, in words."""
    return tuple(words for field, words in SAFETY.items() if getattr(danger, field) is None)


def _data(figures: Figures) -> Iterator[Refusal]:
    limit, ago = figures.rules.gates.read_within_s, figures["read_ago"]
    if ago is None or ago < 0:
        yield Refusal("data.time", "the snapshot was read after its own moment")
    elif ago > limit:
        yield Refusal("data.stale", f"the snapshot is {ago:.0f} s old, at most {limit} s count")
    if figures["price"] is None:
        yield Refusal("data.price", "no price is known")


def unsafe(danger: Danger, rules: GateRules, *, is_curve: bool) -> Iterator[Refusal]:
    """Yield what the safety gate refuses; a launchpad's curve may still hold its authorities."""
    if danger.can_mint and not is_curve:
        yield Refusal("safety.mint_authority", "somebody may still mint more")
    if danger.can_freeze and not is_curve:
        yield Refusal("safety.freeze_authority", "somebody may still freeze accounts")
    shares = (
        ("safety.top10", "the ten largest holders have", danger.top10_share, rules.top10_share),
        ("safety.dev", "the developer has", danger.dev_share, rules.dev_share),
        ("safety.bundled", "bundlers bought", danger.bundled_share, rules.bundled_share),
    )
    for gate, words, share, limit in shares:
        if share is not None and share > limit:
            yield Refusal(
                gate, f"{words} {told(share, 'share')}, at most {told(limit, 'share')} pass"
            )
    if danger.wash_share is not None and danger.wash_share >= rules.wash_share:
        wash, most = told(danger.wash_share, "share"), told(rules.wash_share, "share")
        yield Refusal("safety.wash", f"{wash} of the volume is wash, less than {most} passes")


def liquidity_floor(figures: Figures) -> float:
    """Return the depth in USD that counts as tradable: less for what was listed lately."""
    rules, listed = figures.rules.gates, figures["listed_for"]
    if figures.window.is_curve:
        return rules.curve_quote_usd
    recent = listed is not None and listed <= rules.recent_s
    return rules.recent_liquidity_usd if recent else rules.liquidity_usd


def _tradable(figures: Figures) -> Iterator[Refusal]:
    rules = figures.rules.gates
    depth, floor = figures["depth"], liquidity_floor(figures)
    words = FEATURES["curve_quote" if figures.window.is_curve else "liquidity"].words
    if depth is None:
        yield Refusal("tradable.unknown", f"{words} is not known")
    elif depth < floor:
        yield Refusal(
            "tradable.liquidity",
            f"{words} {told(depth, 'usd')} is under {told(floor, 'usd')}",
        )
    sellers = figures["sellers_1h"]
    name = "sells" if figures.used("sellers_1h") else "sellers"
    if sellers is None:
        yield Refusal("tradable.unknown_sellers", "who sold within the hour is not known")
    elif sellers < rules.sellers_1h:
        yield Refusal(
            "tradable.sellers", f"{sellers:.0f} {name} in 1h, at least {rules.sellers_1h} wanted"
        )


def _late(figures: Figures) -> Iterator[Refusal]:
    rules = figures.rules.gates
    for span, limit in (("1h", rules.change_1h), ("5m", rules.change_5m)):
        change = figures[f"change_{span}"]
        if change is not None and change > limit:
            yield Refusal(
                f"late.{span}",
                f"up {told(change, 'share')} in {span}, at most {told(limit, 'share')} is early",
            )
