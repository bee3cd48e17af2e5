"""Whatever befalls a set of transactions on their way to us, the state at the end is the same.

Deliveries come in any order, twice, split and merged, by push or by sweep; places are told late;
transactions are dropped by the chain and confirmed again; wallets are recorded late; the inbox is
read now or later. Then one sweep tells everything once.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.wallets.conftest import Market
from wallets.actions import (
    keep_delivery,
    rebuild,
    record_transactions,
    record_waiting,
    state_hash,
    track_wallet,
    void_transactions,
)
from wallets.actions.places import place_in_block
from wallets.domain.parse import parse
from wallets.models import Trade, Wallet

pytestmark = pytest.mark.django_db
SIZE = 36
STORIES = int(os.environ.get("STORIES", "6"))

numbers = st.integers(0, SIZE - 1)
some = st.lists(numbers, min_size=1, max_size=9)
steps = st.one_of(
    st.tuples(st.just("push"), some),
    st.tuples(st.just("push timeless"), some),
    st.tuples(st.just("sweep"), some),
    st.tuples(st.just("void"), some),
    st.tuples(st.just("garble"), some),
    st.tuples(st.just("place"), some),
    st.tuples(st.just("read inbox"), st.just([0])),
    st.tuples(st.just("track"), some),
)
stories = st.lists(steps, max_size=14)


@pytest.fixture
def told(market: Market) -> list[Any]:
    """A piece of the market with several trades in the same books."""
    return market.payloads[40 : 40 + SIZE]


def bare(payload: Any) -> Any:
    """The payload as a stream tells it: without its place in the slot, and without a time."""
    return {k: v for k, v in payload.items() if k != "indexWithinBlock"} | {"blockTime": None}


class Teller:
    """Lets the steps of a story happen."""

    def __init__(self, told: list[Any], addresses: list[str]) -> None:
        self.told, self.addresses = told, addresses
        self.deeds: dict[str, Callable[[list[int]], object]] = {
            "push": lambda which: self.push([told[n] for n in which]),
            "push timeless": lambda which: self.push([bare(told[n]) for n in which]),
            "sweep": lambda which: record_transactions([told[n] for n in which], source="sweep"),
            "void": lambda which: void_transactions(
                [parse(told[n]).signature for n in which], at=timezone.now()
            ),
            "garble": lambda which: self.push([None, told[which[0]] | {"meta": None}, {}]),
            "place": self.place,
            "read inbox": lambda _: record_waiting(limit=3),
            "track": lambda which: [
                track_wallet(addresses[n % len(addresses)], sweep=False) for n in which
            ],
        }

    def push(self, payloads: list[Any]) -> None:
        keep_delivery(json.dumps(payloads).encode(), source="webhook")

    def place(self, which: list[int]) -> None:
        for n in which:
            slot = self.told[n]["slot"]
            here = [p for p in self.told if p["slot"] == slot]
            signatures = [""] * (1 + max(p["indexWithinBlock"] for p in here))
            for payload in here:
                signatures[payload["indexWithinBlock"]] = parse(payload).signature
            place_in_block(slot, signatures)

    def end(self) -> str:
        """Read what waits, sweep everything once, and give the state."""
        while record_waiting():
            pass
        for address in self.addresses:
            track_wallet(address, sweep=False)
        record_transactions(self.told, source="sweep")
        return state_hash()


def test_every_story_ends_the_same(market: Market, told: list[Any]) -> None:
    addresses = sorted({signer for p in told for signer in parse(p).signers})
    with transaction.atomic():
        Wallet.objects.bulk_create(Wallet(address=address) for address in addresses)
        record_transactions(told, source="sweep")
        expected, trades = state_hash(), Trade.objects.count()
        transaction.set_rollback(True)
    assert trades > 12

    @settings(
        max_examples=STORIES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(stories)
    def tell(story: list[tuple[str, list[int]]]) -> None:
        with transaction.atomic():
            teller = Teller(told, addresses)
            for deed, which in story:
                teller.deeds[deed](which)
            assert teller.end() == expected, "rebuilt live"
            assert rebuild(keep=False).agrees, "rebuilt from raw"
            transaction.set_rollback(True)

    tell()


@pytest.mark.slow
def test_many_stories_end_the_same(
    market: Market, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "STORIES", 60)
    test_every_story_ends_the_same(market, told)
