"""Faults that only those who tell of a market have: each at rate 1, over a real port."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from sandbox.chain import Chain
from sandbox.faults import MARKET, MARKET_SURFACES
from sandbox.market_faults import spoil
from tests.sandbox.wired import KEY, Wired, served


@pytest.fixture(scope="module")
def running() -> Iterator[Wired]:
    chain = Chain(seed=11, speed=1, hours=0.3, folder=None, coins=20)
    chain.clock.pause()
    with served(chain) as wired:
        yield wired


@pytest.fixture
def wired(running: Wired) -> Iterator[Wired]:
    yield running
    running.faults(off=True)


def ask(wired: Wired, surface: str) -> Any:
    quarter = wired.chain.world.quarter
    assert quarter is not None
    mints = list(quarter.coins)[:12]
    paths = {
        "dexscreener": "/dexscreener/tokens/v1/solana/" + ",".join(mints),
        "jupiter": "/jupiter/tokens/v2/search?query=" + ",".join(mints),
        "birdeye": "/birdeye/defi/tokenlist?limit=12",
        "rugcheck": f"/rugcheck/v1/tokens/{mints[0]}/report",
    }
    answer = wired.http.get(paths[surface], headers={"x-api-key": "k"})
    assert answer.status_code == 200
    return json.loads(answer.text)


def told(value: Any) -> dict[str, list[Any]]:
    """Every member's values by name, wherever it stands."""
    found: dict[str, list[Any]] = {}
    places = [value]
    while places:
        one = places.pop()
        if isinstance(one, dict):
            for name, inside in one.items():
                found.setdefault(name, []).append(inside)
        places += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
    return found


def liquidity(surface: str, value: Any) -> list[Any]:
    name = "totalMarketLiquidity" if surface == "rugcheck" else "liquidity"
    depths = told(value).get(name, [])
    return [depth["usd"] if isinstance(depth, dict) else depth for depth in depths]


@pytest.mark.parametrize("surface", MARKET_SURFACES)
def test_no_liquidity_is_zero_null_or_missing(wired: Wired, surface: str) -> None:
    right = ask(wired, surface)
    wired.faults(http={surface: {"zero_liquidity": 1}})
    depths = [depth for _ in range(30) for depth in liquidity(surface, ask(wired, surface))]
    assert min(liquidity(surface, right)) > 0
    assert depths.count(0) > 3
    assert None in depths
    assert len(depths) < 30 * len(liquidity(surface, right)), "of some nothing is said"
    assert wired.faults()["happened"][f"http.{surface}.zero_liquidity"] == 30


@pytest.mark.parametrize("surface", MARKET_SURFACES)
def test_numbers_become_nan(wired: Wired, surface: str) -> None:
    wired.faults(http={surface: {"nan": 1}})
    values = [one for found in told(ask(wired, surface)).values() for one in found]
    nans = [one for one in values if isinstance(one, float) and math.isnan(one)]
    numbers = [one for one in values if isinstance(one, int | float) and not math.isnan(one)]
    assert len(nans) > 3
    assert len(numbers) > 3
    assert surface != "dexscreener" or "NaN" in values, "prices are strings there"


@pytest.mark.parametrize("surface", MARKET_SURFACES)
def test_one_figure_has_another_name(wired: Wired, surface: str) -> None:
    right = told(ask(wired, surface))
    wired.faults(http={surface: {"renamed": 1}})
    changed = set()
    for _ in range(20):
        names = told(ask(wired, surface))
        (old,) = right.keys() - names.keys()
        assert names[f"{old}V2"] == right[old]
        changed.add(old)
    assert len(changed) > 1


@pytest.mark.parametrize(
    ("surface", "nothing"),
    [("dexscreener", []), ("jupiter", []), ("birdeye", {"success": True, "data": None}),
     ("rugcheck", {})],
)  # fmt: skip
def test_silence_is_an_answer_with_nothing_in_it(
    wired: Wired, surface: str, nothing: object
) -> None:
    wired.faults(http={surface: {"silence": 1}})
    assert ask(wired, surface) == nothing


def test_pairs_are_hushed_as_the_vendor_does_it() -> None:
    answer = {"schemaVersion": "1.0.0", "pairs": [{}], "pair": {}}
    assert spoil("silence", answer, Random(1)) == {"schemaVersion": "1.0.0", "pairs": None}


@pytest.mark.parametrize("kind", MARKET)
def test_what_says_nothing_of_a_market_stays_as_it_is(kind: str) -> None:
    assert spoil(kind, [], Random(1)) == []
    assert spoil(kind, "text", Random(1)) in ("text", {})


def test_other_surfaces_know_no_such_faults(wired: Wired) -> None:
    wired.faults(http={"*": dict.fromkeys(MARKET, 1.0)})
    before = wired.faults()["happened"]
    assert wired.call("getSlot").json()["result"] > 0
    assert wired.http.get("/v0/webhooks", params=KEY).json() == []
    assert wired.faults()["happened"] == before
