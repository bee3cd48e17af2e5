"""What proves nothing: wash pairs at their bounds, zero-net transactions; followers at theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core.solana import WSOL
from market.domain import fees
from market.domain.pools import NO_FEE, Pool, pool_at
from tests.make import address, make_wallet
from tests.wallets.dealing import SOL, Deal, deal, mint_of
from wallets.domain.statistics.following import (
    Fill,
    Followed,
    Step,
    copyability,
    follow,
    size_in_lamports,
)
from wallets.domain.statistics.washing import (
    Dealing,
    PoolFlow,
    died_at,
    is_dust,
    matched_pairs,
    zero_net,
)
from wallets.models import PoolLeg
from wallets.queries.traded import flags_of

AT = datetime(2026, 11, 20, tzinfo=UTC)


def pair(no: int, *, hours: float = 0, **more: Any) -> list[Dealing]:
    """A buy of 10,000 for 1,000,000 lamports and its sale for the same, without costs or fee."""
    told = {"slots": 750, "sold": 10_000, "got": 1_000_000, "costs": 0, "venue": "free"} | more
    at, slot = AT + timedelta(hours=hours), 10_000 * no
    buy = Dealing(f"b{no}", "M", slot, at, True, 10_000, 1_000_000, told["costs"], told["venue"])
    sale = Dealing(
        f"s{no}", "M", slot + told["slots"], at, False, told["sold"], told["got"], 0, told["venue"]
    )
    return [buy, sale]


@pytest.fixture(autouse=True)
def one_free_venue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue that takes nothing, so that the bounds stand alone."""
    free = replace(fees.ASSUMED.tariffs[0], tiers=((0, ()),))
    venues = {**fees.VENUES, "free": fees.Venue((free,))}
    monkeypatch.setattr(fees, "VENUES", venues)


def washed(**more: Any) -> bool:
    """Whether three such pairs are wash trades; all of them or none."""
    found = matched_pairs([*pair(0, **more), *pair(1, **more), *pair(2, **more)])
    assert len(found) in (0, 6)
    return bool(found)


@pytest.mark.parametrize(
    ("more", "is_wash"),
    [
        ({}, True),
        ({"slots": 751}, False),
        ({"sold": 9_901}, True),  # 0.99 % apart
        ({"sold": 9_900}, False),  # 1 %
        ({"sold": 10_100}, False),
        ({"got": 990_000}, True),  # 1 % lost
        ({"got": 989_999}, False),
        ({"got": 1_010_000}, True),  # 1 % gained
        ({"got": 1_010_001}, False),
        ({"got": 985_000, "costs": 5_000}, False),  # 2 % lost, 0.5 % of it fees
        ({"got": 990_000, "costs": 5_000}, True),  # the fees and 1 %
        ({"got": 975_313, "venue": "pump.fun"}, True),  # twice 1.25 % of fee are 24,691
        ({"got": 960_000, "venue": "pump.fun"}, False),
        ({"got": None}, False),
    ],
)
def test_three_matched_pairs_are_wash_trades(more: dict[str, Any], is_wash: bool) -> None:
    assert washed(**more) is is_wash


def test_two_pairs_are_not_enough_nor_three_over_more_than_a_day() -> None:
    assert matched_pairs([*pair(0), *pair(1)]) == set()
    spread = [*pair(0), *pair(1, hours=12), *pair(2, hours=24.1)]
    assert matched_pairs(spread) == set()
    crowded = matched_pairs([*spread, *pair(3, hours=30)])
    assert {signature for _, signature in crowded} == {"b1", "s1", "b2", "s2", "b3", "s3"}


def test_another_token_between_does_not_part_a_pair_but_another_buy_does() -> None:
    other = Dealing("x", "N", 1, AT, True, 5, 5, 0, "free")
    again = pair(9)[0]._replace(slot=1)
    bought, sold = pair(0)
    rest = [*pair(1), *pair(2)]
    assert len(matched_pairs([bought, other, sold, *rest])) == 6
    assert matched_pairs([bought, again, sold._replace(raw=20_000), *rest]) == set()


def test_a_pool_traded_both_ways_in_one_transaction_is_zero_net() -> None:
    """A route through a token is not: it gives out in one pool what it takes in another."""
    there, back = PoolFlow("t", "p", "SOL", "M"), PoolFlow("t", "p", "M", "SOL")
    assert zero_net([there, back]) == {"t"}
    assert zero_net([there, back._replace(pool="q")]) == set()
    assert zero_net([there, back._replace(signature="u")]) == set()
    assert zero_net([there, PoolFlow("t", "p", "M", "USDC")]) == set()


def test_dust_is_below_twenty_dollars_and_unknown_worth_is_not() -> None:
    assert [is_dust(usd) for usd in (Decimal("19.99"), Decimal(20), None)] == [True, False, False]


def test_a_token_dies_a_day_after_its_last_trade() -> None:
    assert died_at(AT, AT + timedelta(hours=23, minutes=59)) is None
    assert died_at(AT, AT + timedelta(hours=24)) == AT + timedelta(hours=24)
    assert died_at(None, AT) is None


@pytest.mark.django_db
def test_a_position_with_a_zero_net_transaction_is_flagged() -> None:
    wallet = make_wallet()
    deal(
        wallet,
        [
            Deal(AT, "buy", "A", 1_000, SOL),
            Deal(AT, "sell", "A", 1_000, 2 * SOL),
            Deal(AT, "buy", "B", 1_000, SOL),
        ],
    )
    leg = PoolLeg.objects.order_by("transaction__slot").first()
    assert leg is not None
    back = PoolLeg(
        transaction=leg.transaction, no=1, owner=wallet.address, program=leg.program, venue="",
        pool=leg.pool, mint_in=leg.mint_out, raw_in=1, mint_out=leg.mint_in, raw_out=1,
    )  # fmt: skip
    back.save()
    assert flags_of(wallet, now=AT) == {(mint_of("A"), 0): {"wash_w3": None}}
    PoolLeg.objects.filter(pk=back.pk).update(owner=address("somebody else"))
    assert flags_of(wallet, now=AT) == {}
    assert leg.mint_in == WSOL


DEEP = 10**18


def step(
    is_buy: bool, raw: int, lamports: int, price: tuple[int, int] | Pool | None, costs: int = 0
) -> Step:
    """A step filled in a pool so deep that its price stands, free of a fee; or in one given."""
    if isinstance(price, tuple):
        price = Pool(price[0] * DEEP, price[1] * DEEP, NO_FEE)
    fill = None if price is None else Fill("s", "free", price)
    return Step(is_buy, raw, lamports, costs, fill)


def test_a_size_is_shared_out_as_the_wallet_shared_its_own() -> None:
    """300 over buys of 1 and 2: 100 at 1 a piece, 200 at 2: 200 pieces, all sold at 3: 600.

    Each fill is floored: a piece less at a buy, a lamport at a sale.
    """
    steps = [step(True, 10, 1, (5, 5)), step(True, 10, 2, (5, 10)), step(False, 20, 9, (1, 3), 7)]
    assert follow(steps, 300) == Followed(300, 198 * 3 - 1 - 7)


def test_a_part_sale_sells_the_same_part() -> None:
    """99 pieces; a quarter of the wallet's sold, then all of the rest: 24 × 2 and 75 × 1."""
    steps = [step(True, 40, 8, (1, 1)), step(False, 10, 2, (1, 2)), step(False, 30, 6, (1, 1))]
    assert follow(steps, 100) == Followed(100, 47 + 74)


def test_a_follower_pays_impact_and_fee_on_both_sides() -> None:
    """10 SOL into 90 SOL against 10^15 at 0.25 %, on paper; then out of 180 SOL against as much.

    9.975 SOL go in: 10^15 × 9.975 / 99.975 = 99,774,943,735,933. Of them 249,437,359,340 are fee:
    180 SOL × 99,525,506,376,593 / 1,099,525,506,376,593 = 16.293020074 SOL.
    """
    bought = pool_at("Raydium AMM v4", 10**15, 90 * SOL)
    sold = pool_at("Raydium AMM v4", 10**15, 180 * SOL)
    steps = [step(True, 10, SOL, bought, 5_000), step(False, 10, SOL, sold, 7_000)]
    assert follow(steps, 10 * SOL) == Followed(10 * SOL + 5_000, 16_293_020_074 - 7_000)
    # a size that moves nothing gets twice the price, less twice the fee
    followed = follow(steps, SOL // 1_000)
    assert followed is not None
    assert (followed.got_lamports + 7_000) / (SOL // 1_000) == pytest.approx(1.99, abs=0.001)


def test_one_trade_without_a_pool_leaves_a_position_unmeasured() -> None:
    steps = [step(True, 10, 1, (5, 5)), step(False, 10, 1, None)]
    assert follow(steps, 100) is None
    assert follow([step(False, 10, 1, (1, 1))], 100) is None
    assert follow([], 100) is None
    concentrated = Step(False, 10, 1, 0, Fill("s", "Orca Whirlpool", None))
    assert follow([steps[0], concentrated], 100) is None


def test_a_curve_that_sells_out_or_is_complete_leaves_a_position_unmeasured() -> None:
    """Almost complete, there are fewer tokens than 5 SOL would buy; complete, none come back."""
    last = pool_at("pump.fun", 281_000_000_000_000, 114_500_000_000)
    complete = pool_at("pump.fun", 279_900_000_000_000, 115_005_359_056)
    young = pool_at("pump.fun", 1_000_000_000_000_000, 32 * SOL)
    assert follow([step(True, 10, 1, last), step(False, 10, 1, young)], 5 * SOL) is None
    assert follow([step(True, 10, 1, young), step(False, 10, 1, complete)], 5 * SOL) is None
    assert follow([step(True, 10, 1, last), step(False, 10, 1, last)], SOL // 10) is not None


def test_copyability_is_of_the_measurable_positions_and_tells_their_share() -> None:
    told = copyability([Followed(100, 150), None, Followed(300, 250), None])
    assert (told.value, told.n, told.coverage) == (0.0, 2, 0.5)
    assert told.note == ""
    assert copyability([]).missing_reason == "no closed position with full basis in the window"


def test_a_size_in_dollars_is_floored_to_lamports() -> None:
    assert size_in_lamports(500, Decimal("150")) == 3_333_333_333
