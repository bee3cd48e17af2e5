"""Stored windows and assessments: the same again to the last bit, and nothing barred in them."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.domain.readings import TERMS, Terms
from signals.domain.assess import assess
from signals.domain.chain import NotCanonical, canonical
from signals.domain.frozen import (
    Unreadable,
    assessment_of,
    assessment_plain,
    digest,
    strip,
    window_of,
    window_plain,
)
from signals.domain.rules import CURRENT
from signals.domain.windows import Bucket, Danger, Flow, Spread, TokenWindow, Whale
from tests.signals import scenes

SCENES = {name: make() for name, make in scenes.FIRING.items()} | {
    "ordinary": scenes.window(),
    "curve": scenes.curve(),
    "refused": scenes.window(liquidity_usd=None),
    "cohort": scenes.window(buckets=(), cohort=scenes.cohort(volume_5m=400.0)),
    "bare": TokenWindow("mint", scenes.AT, scenes.AT, None, {}, is_verified=False),
}


def _stored(window: TokenWindow) -> TokenWindow:
    return window_of(json.loads(canonical(window_plain(window))))


@pytest.mark.parametrize("name", SCENES)
def test_a_stored_window_is_the_same_and_is_judged_the_same(name: str) -> None:
    window = SCENES[name]
    assert _stored(window) == window
    assert canonical(window_plain(_stored(window))) == canonical(window_plain(window))
    assert assess(_stored(window)) == assess(window)


@pytest.mark.parametrize("name", SCENES)
def test_a_stored_assessment_is_the_same(name: str) -> None:
    said = assess(SCENES[name])
    assert assessment_of(json.loads(canonical(assessment_plain(said)))) == said


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.none() | st.integers(-1, 10**12)
TIMES = st.integers(scenes.AT - 2 * 86_400, scenes.AT + 7_200)
FLAGS = st.none() | st.booleans()
SPANS = st.sampled_from(["5m", "15m", "1h", "6h", "24h"])


def _filled(kind: type, **given_: Any) -> st.SearchStrategy[Any]:
    """Values for every field of a dataclass by its annotation."""
    by_words = {
        "float | None": NUMBERS,
        "int | None": COUNTS,
        "bool | None": FLAGS,
        "str": st.sampled_from(["", "a", "é€"]),
        "bool": st.booleans(),
        "float": st.floats(0, 1e12),
        "int": TIMES,
    }
    built = {}
    for field in fields(kind):
        words = (
            field.type
            if isinstance(field.type, str)
            else getattr(field.type, "__name__", str(field.type))
        )
        found = given_.get(field.name, by_words.get(str(field.type), by_words.get(words)))
        assert found is not None, f"{kind.__name__}.{field.name}: {field.type}"
        built[field.name] = found
    return st.builds(kind, **built)


FLOWS = st.dictionaries(SPANS, _filled(Flow), max_size=3)
WINDOWS = _filled(
    TokenWindow,
    at=st.just(scenes.AT),
    prices=st.dictionaries(st.sampled_from(sorted(TERMS)), st.floats(0, 1e6), max_size=3),
    flows=FLOWS,
    own=FLOWS,
    organic=FLOWS,
    buckets=st.lists(_filled(Bucket), max_size=40).map(tuple),
    cohort=st.dictionaries(st.just("volume_5m"), _filled(Spread), max_size=1),
    whales=st.lists(
        _filled(
            Whale,
            wallets=st.lists(st.text(max_size=3), max_size=2).map(tuple),
            buys=st.lists(st.tuples(TIMES, st.floats(0, 1e9)), max_size=4).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
    danger=_filled(Danger),
    danger_before=st.none() | _filled(Danger),
    sources=st.dictionaries(
        st.sampled_from(["price_usd", "base", "holders", "can_mint", "5m volume_usd", "whales"]),
        st.sampled_from([*TERMS, "a stranger"]),
    ),
)


@st.composite
def twisted(draw: st.DrawFn) -> TokenWindow:
    """A scene in which a strategy fires, with a few fields and buckets made absurd."""
    window, other = draw(st.sampled_from(list(SCENES.values()))), draw(WINDOWS)
    names = [field.name for field in fields(TokenWindow) if field.name != "at"]
    chosen = draw(st.sets(st.sampled_from(names), max_size=2))
    window = replace(window, **{name: getattr(other, name) for name in chosen})
    rows = list(window.buckets)
    for place in draw(st.sets(st.integers(0, max(0, len(rows) - 1)), max_size=3)):
        if rows:
            rows[place] = draw(_filled(Bucket, at=st.just(rows[place].at)))
    return replace(window, buckets=tuple(rows))


@settings(max_examples=80, deadline=None)
@given(WINDOWS | twisted())
def test_any_window_comes_back_the_same_and_is_judged_without_error(window: TokenWindow) -> None:
    assert _stored(window) == window
    said = assess(window)
    assert assess(_stored(window)) == said
    assert assessment_of(json.loads(canonical(assessment_plain(said)))) == said
    assert said.score is None or 0 <= said.score.total <= 100
    assert said.risk is None or 0 <= said.risk <= 100
    assert said.quality is not None
    assert 0 <= said.quality <= 100
    assert all(0.5 <= one.strength <= 1 for one in said.verdicts if one.state == "fires")


@settings(max_examples=25, deadline=None)
@given(WINDOWS)
def test_stripping_twice_is_stripping_once(window: TokenWindow) -> None:
    once = strip(window)
    assert strip(once.window).removed == ()
    assert strip(once.window).window == once.window


def test_the_digest_names_the_bytes() -> None:
    told = window_plain(scenes.window())
    assert digest(told) == digest(json.loads(canonical(told)))
    assert digest(told) != digest(window_plain(scenes.window(price_usd=0.010000000000000002)))


def test_a_field_added_later_changes_no_bytes_of_an_older_window() -> None:
    told = window_plain(scenes.window(danger_before=None, buckets=scenes.day(2)))
    assert {"danger_before", "venue_added_later", "graduated_at"}.isdisjoint(told)
    assert "pool" not in told["buckets"]
    assert told["buckets"]["holders"] == [1_000, 1_000]


def test_not_a_number_is_refused() -> None:
    with pytest.raises(NotCanonical, match="nan is not a number"):
        canonical(window_plain(scenes.window(price_usd=float("nan"))))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.pop("at"),
        lambda told: told.update(unheard_of=1),
        lambda told: told.update(flows={"5m": {"unheard_of": 1}}),
        lambda told: told.update(flows=[1]),
        lambda told: told["buckets"]["at"].pop(),
        lambda told: told.update(whales=[{}]),
        lambda told: told.update(danger={"unheard_of": 1}),
    ],
)
def test_another_shape_is_unreadable(spoil: Any) -> None:
    told = window_plain(scenes.window(buckets=scenes.day(3)))
    spoil(told)
    with pytest.raises(Unreadable):
        window_of(told)
    said = assessment_plain(assess(scenes.window()))
    said["unheard_of"] = 1
    with pytest.raises(Unreadable):
        assessment_of(said)


TOLD = {
    "price_usd": "dexscreener",
    "liquidity_usd": "birdeye",
    "base": "birdeye",
    "quote": "dexscreener",
    "5m volume_usd": "birdeye",
    "1h sells": "jupiter",
    "holders": "birdeye",
    "dev_share": "birdeye",
    "top10_share": "rugcheck",
    "market_cap_usd": "a stranger",
}


def test_what_may_not_be_stored_goes_and_the_rest_stays() -> None:
    window = scenes.window(sources=TOLD, prices={"dexscreener": 0.01, "birdeye": 0.0101})
    stripped = strip(window)
    assert stripped.removed == (
        "5m volume_usd",
        "base",
        "dev_share",
        "holders",
        "liquidity_usd",
        "market_cap_usd",
        "price birdeye",
        "units",
    )
    left = stripped.window
    assert (left.liquidity_usd, left.base, left.units, left.holders) == (None,) * 4
    assert left.market_cap_usd is None
    assert left.flows["5m"] == replace(window.flows["5m"], volume_usd=None)
    assert left.danger == replace(scenes.SAFE, dev_share=None)
    assert left.prices == {"dexscreener": 0.01}
    assert (left.price_usd, left.quote, left.danger.top10_share) == (0.01, 1.0, 0.2)
    assert "birdeye" not in canonical(window_plain(left))


def test_it_says_whether_what_is_left_replays() -> None:
    whole = strip(scenes.window())
    assert (whole.removed, whole.replays) == ((), True)
    assert whole.window == scenes.window()
    gone = strip(scenes.window(sources={"liquidity_usd": "birdeye"}))
    assert not gone.replays
    beside = scenes.window(prices={"dexscreener": 0.01, "jupiter": 0.01, "birdeye": 0.01})
    assert strip(beside).replays
    assert strip(beside).removed == ("price birdeye",)


def test_terms_decide_and_a_source_without_terms_is_barred() -> None:
    window = scenes.window(sources={"holders": "rugcheck"})
    none = {"rugcheck": Terms(may_store=False, may_redistribute=False)}
    assert strip(window, TERMS).removed == ()
    assert "holders" in strip(window, none).removed
    assert "holders" in strip(window, {}, CURRENT).removed


def test_a_price_that_is_barred_is_not_known() -> None:
    gone = strip(scenes.window(sources={"price_usd": "birdeye"}))
    assert gone.window.price_usd is None
    assert not gone.replays
