"""Gradings worked out on paper from the pools' own arithmetic, and the rules around them.

The usual pool is Raydium AMM v4: x·y = k and 0.25 % off what goes in, rounded up. It holds
1,000,000 coins and 1,000 SOL of $100: $100,000 on the quote side. In raw units, 10^6 a coin and
10^9 a SOL:

    entry    $500 = 5,000,000,000; fee 12,500,000; 4,987,500,000 goes in
             out = 10^12 x 4,987,500,000 / 1,004,987,500,000 = 4,962,748,292 (4,962.748292 coins)
    a sale   fee = 4,962,748,292 x 25 / 10,000 = 12,406,871; 4,950,341,421 goes in
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.domain.grading import DELAY, ENDS, SETTLES, Call, Graded, grade, next_due
from tests.signals.points import CALLED, LATER, Seen, held, seen

DAY = 24 * 3600
M, K = 1_000_000, 1_000


def graded(points: list[Seen], size_usd: int = 500, **call: Any) -> Graded:
    return once(points, LATER, size_usd, **call)


def once(points: list[Seen], now: datetime, size_usd: int = 500, **call: Any) -> Graded:
    return grade(Call(CALLED, **call), points, now=now, sizes=[size_usd])[size_usd]


def usual(until: float = DAY + 60) -> list[Seen]:
    return held(-60, until, M, K)


def test_1_nobody_trades_and_both_sides_costs_are_lost() -> None:
    # sale: 10^12 x 4,950,341,421 / (10^12 + 4,950,341,421) = 4,925,956,255 lamports = $492.5956255
    # 492.5956255 / 500 - 1 = -0.014808749
    found = graded(usual())
    assert (found.outcome, found.reason) == ("miss", "neither barrier within 24 hours")
    assert found.entry_at == CALLED + timedelta(seconds=60)
    # $500 / 4,962.748292 coins
    assert found.entry_price_usd == Decimal("0.10075062658446833032")
    assert found.horizons == dict.fromkeys(("5m", "15m", "1h", "4h", "24h"), Decimal("-0.014809"))
    assert found.exit_return == found.mfe == found.mae == Decimal("-0.014809")
    assert found.is_final


def test_2_half_more_before_three_tenths_less() -> None:
    # ten minutes on 800,000 coins and 1,250 SOL (the same k): 1,250 x 10^9 x 4,950,341,421 /
    # (800,000 x 10^6 + 4,950,341,421) = 7,687,339,774 lamports = $768.7339774, over 750: a hit
    # two hours on 1,250,000 coins and 800 SOL: 3,155,720,992 lamports = $315.5720992
    points = held(-60, 540, M, K) + held(600, 7000, 800_000, 1_250)
    points += held(7100, DAY + 60, 1_250_000, 800)
    found = graded(points)
    assert (found.outcome, found.reason) == ("hit", "+50 % first")
    assert found.outcome_at == CALLED + timedelta(seconds=600)
    assert found.exit_return == found.mfe == Decimal("0.537468")
    assert found.mae == Decimal("-0.368856")
    assert dict(found.horizons) == {
        "5m": Decimal("-0.014809"), "15m": Decimal("0.537468"), "1h": Decimal("0.537468"),
        "4h": Decimal("-0.368856"), "24h": Decimal("-0.368856"),
    }  # fmt: skip
    assert found.evidence["outcome"]["worth_usd"] == "768.733977"
    assert found.evidence["entry"]["bought"] == "4962.748292"


def test_3_a_price_half_higher_is_no_hit_when_it_cannot_be_had() -> None:
    # 811,000 coins and 1,233 SOL: the price rose by 52 %, but 1,233 x 10^9 x 4,950,341,421 /
    # (811,000 x 10^6 + 4,950,341,421) = 7,480,566,723 lamports = $748.0566723, under 750
    found = graded(held(-60, 540, M, K) + held(600, DAY + 60, 811_000, 1_233))
    assert Decimal(1_233) / 811_000 / (Decimal(K) / M) > Decimal("1.52")
    assert (found.outcome, found.mfe) == ("miss", Decimal("0.496113"))


def test_4_three_tenths_less_first_is_a_miss_whatever_comes_after() -> None:
    # 1,250,000 coins and 800 SOL: $315.5720992, under 350; a day later it would have been a hit
    points = held(-60, 540, M, K) + held(600, 3540, 1_250_000, 800)
    found = graded(points + held(3600, DAY + 60, 800_000, 1_250))
    assert (found.outcome, found.reason) == ("miss", "-30 % first")
    assert found.exit_return == Decimal("-0.368856")
    assert found.horizons["24h"] == found.mfe == Decimal("0.537468")


def test_5_both_barriers_inside_one_minute_are_a_miss() -> None:
    # $768.73 at 12:10:05 and $315.57 at 12:10:50: which came first nobody can prove
    tail = held(720, DAY + 60, M, K)
    both = [seen(605, 800_000, 1_250), seen(650, 1_250_000, 800)]
    found = graded(held(-60, 540, M, K) + both + tail)
    assert (found.outcome, found.reason) == ("miss", "both barriers inside one minute")
    assert found.exit_return == Decimal("-0.368856")
    # a minute apart the first one counts
    apart = [seen(605, 800_000, 1_250), seen(665, 1_250_000, 800)]
    assert graded(held(-60, 540, M, K) + apart + tail).outcome == "hit"


def test_6_liquidity_below_fifteen_in_a_hundred_fails_for_good() -> None:
    # at the call 1,000 SOL x $100 = $100,000; 15 % are $15,000
    # 149 SOL = $14,900 at the same price: failed; an hour later it is back and nobody is helped
    points = held(-60, 540, M, K) + held(600, 4140, 149_000, 149)
    found = graded(points + held(4200, DAY + 60, 800_000, 1_250))
    assert (found.outcome, found.reason) == (
        "failed", "liquidity below 15 % of its value at the call",
    )  # fmt: skip
    assert found.horizons["5m"] == Decimal("-0.014809")
    assert found.horizons["15m"] == found.horizons["24h"] == Decimal(-1)
    assert found.exit_return == found.mae == Decimal(-1)
    assert found.mfe == Decimal("-0.014809")
    # 150 SOL are exactly 15 %: not below
    assert graded(held(-60, 540, M, K) + held(600, DAY + 60, 150_000, 150)).outcome == "miss"


def test_7_a_source_silent_for_a_quarter_of_an_hour_leaves_it_ungraded() -> None:
    # last state 12:09:00; the next at 12:24:00 is 15 minutes later, at 12:24:01 it is too late
    for first, outcome in ((1440, "hit"), (1441, "ungraded")):
        found = graded(held(-60, 540, M, K) + held(first, DAY + 1441, 800_000, 1_250))
        assert found.outcome == outcome
    assert found.reason == "no pool state for 15 minutes after 2026-11-01T12:09:00Z"
    assert found.exit_return is None
    # 12:16 has a state of 12:09; nothing of the silence is graded
    assert found.horizons["15m"] == Decimal("-0.014809")
    # what was decided before the silence stands
    decided = [*held(-60, 540, M, K), seen(600, 800_000, 1_250)]
    assert graded(decided).outcome == "hit"
    assert set(graded(decided).horizons) == {"5m", "15m"}


def test_8_entry_is_the_first_state_fifteen_seconds_after_publication() -> None:
    # at 14.9 s it is too early, at 15 s it is the entry: what it costs then counts
    points = [seen(14.9, M, K), seen(15, 800_000, 1_250), *held(60, DAY + 60, 800_000, 1_250)]
    found = graded(points)
    assert found.entry_at == CALLED + DELAY
    # 800,000 x 10^6 x 4,987,500,000 / (1,250 x 10^9 + 4,987,500,000) = 3,179,314,535
    assert found.evidence["entry"]["bought"] == "3179.314535"
    assert found.entry_price_usd == (Decimal(500) / Decimal("3179.314535")).quantize(
        Decimal("1e-20")
    )
    late = [seen(14, M, K), *held(916, DAY, M, K)]
    found = graded(late)
    assert (found.outcome, found.entry_at) == ("ungraded", None)
    assert found.reason == "no pool state to enter at within 15 minutes"


def test_9_a_curve_is_priced_by_virtual_reserves_and_followed_into_its_pool() -> None:
    # pump.fun with 10 real SOL: 40 x 804,750,000 = 30 x 1,073,000,000 million, virtual.
    # $500 = 5 SOL, fee on top (0.95 + 0.30 %): 5 x 10^9 x 10,000 / 10,125 = 4,938,271,604 go in,
    # one lamport is kept back: 804,750,000 x 10^6 x 4,938,271,603 / 44,938,271,603 =
    # 88,434,065.903169 coins. Sold again at once: gross 3,960,396,038, fee 49,504,952:
    # $391.0891086, -0.2178217828
    # In PumpSwap's pool of 206,900,000 coins and 85 SOL (410.8 SOL of market value: 1.25 %):
    # gross 25,452,179,310, fee 318,152,242: 25,134,027,068 lamports = $2,513.4027, +4.026805
    curve = {"pool": "curve", "venue": "pump.fun"}
    points = held(-60, 540, 773_000_000, 10, **curve)
    points += held(600, DAY + 60, 206_900_000, 85, pool="amm", venue="PumpSwap")
    found = graded(points)
    assert found.evidence["entry"]["bought"] == "88434065.903169"
    assert found.horizons["5m"] == found.mae == Decimal("-0.217822")
    assert (found.outcome, found.exit_return) == ("hit", Decimal("4.026805"))
    assert found.evidence["outcome"]["pool"] == "amm"


def test_10_the_larger_size_pays_its_own_impact() -> None:
    # a pool of 100,000 coins and 100 SOL: $500 buys 4,750.565543 coins, $2,000 16,631.92997
    # at 75,000 coins and 133.3333 SOL they bring 7,923,695,086 lamports = $792.37 and
    # 24,151,519,559 = $2,415.15: +0.584739 and +0.207576
    points = held(-60, 540, 100_000, 100) + held(600, DAY + 60, 75_000, "133.3333")
    small, large = graded(points), graded(points, 2_000)
    assert small.evidence["entry"]["bought"] == "4750.565543"
    assert large.evidence["entry"]["bought"] == "16631.92997"
    assert (small.outcome, small.mfe) == ("hit", Decimal("0.584739"))
    assert (large.outcome, large.mfe) == ("miss", Decimal("0.207576"))
    # flat: 4,524,296,769 and 14,229,608,303 lamports
    assert (small.mae, large.mae) == (Decimal("-0.095141"), Decimal("-0.288520"))


def test_11_dollars_are_those_of_the_moment() -> None:
    # nothing traded, SOL from $100 to $160: 4.925956255 SOL = $788.1530008, +0.576306
    found = graded(held(-60, 540, M, K) + held(600, DAY + 60, M, K, quote_usd=160))
    assert (found.outcome, found.exit_return) == ("hit", Decimal("0.576306"))


def test_12_an_exit_is_graded_by_what_holding_on_would_have_made() -> None:
    # worth at entry $492.5956255; at 1,250,000 and 800: $315.5720992: 0.640631, -0.359369
    down = held(-60, 540, M, K) + held(600, DAY + 60, 1_250_000, 800)
    found = graded(down, direction="exit")
    assert (found.outcome, found.exit_return) == ("hit", Decimal("-0.359369"))
    assert (found.mfe, found.horizons["5m"]) == (Decimal(0), Decimal(0))
    up = held(-60, 540, M, K) + held(600, DAY + 60, 800_000, 1_250)
    assert graded(up, direction="exit").outcome == "miss"
    gone = held(-60, 540, M, K) + held(600, DAY + 60, 149_000, 149)
    found = graded(gone, direction="exit")
    assert (found.outcome, found.horizons["24h"]) == ("hit", Decimal(-1))


def test_what_is_missing_is_never_taken_for_a_price() -> None:
    broken = [
        seen(600, M, 0), seen(601, 0, K), seen(602, M, K, quote_usd=0), seen(603, -M, K),
        seen(604, 1, "1e24"), seen(605, M, K, venue="Orca Whirlpool"),
        seen(606, M, 500, venue="Raydium LaunchLab"), seen(607, M, 1, venue="nobody knows"),
        Seen(CALLED + timedelta(seconds=608), None, None, None),
    ]  # fmt: skip
    with_them, without = graded(usual() + broken), graded(usual())
    assert with_them.outcome == without.outcome == "miss"
    assert with_them.horizons == without.horizons
    assert with_them.points == without.points + len(broken)
    assert graded(broken).outcome == "ungraded"


def test_a_zero_on_the_chain_is_a_zero() -> None:
    points = held(-60, 540, M, K) + held(600, DAY + 60, 0, 0, source="chain")
    assert graded(points).outcome == "failed"


def test_the_deepest_pool_is_traded_in() -> None:
    shallow = held(-60, DAY + 60, 1_000, "0.5", pool="other")
    assert graded(usual() + shallow).horizons == graded(usual()).horizons
    # a pool nobody tells of any more does not count for longer than a quarter of an hour
    stale = [seen(-61, 100, 100_000, pool="stale")]
    assert graded(stale + usual()).evidence["entry"]["pool"] == "stale"
    entered_late = [seen(-61, 100, 100_000, pool="stale"), *held(860, DAY + 900, M, K)]
    assert graded(entered_late).evidence["entry"]["pool"] == "pool"


def test_a_pool_nobody_tells_of_any_more_has_not_failed() -> None:
    small = held(-60, DAY + 60, 10_000, 10, pool="small")
    silent = held(-60, 540, M, K) + small
    # from 12:25 on only the small pool is known: one hundredth of the liquidity, and no proof
    found = graded(silent)
    assert (found.outcome, found.exit_return) == ("ungraded", None)
    assert found.reason == "no pool state for 15 minutes after 2026-11-01T12:23:00Z"
    # the same with the large pool told to be drained
    drained = silent + held(600, DAY + 60, 9_000, 9)
    assert graded(drained).outcome == "failed"
    # or left for a pool as deep
    moved = silent + held(600, DAY + 60, M, K, pool="new")
    assert graded(moved).outcome == "miss"


def test_a_provisional_grade_fills_its_horizons_as_they_come() -> None:
    points = usual()
    dues, now = [], CALLED
    known: list[set[str]] = []
    while True:
        stored = [p for p in points if p.at <= now]
        found = once(stored, now)
        known.append(set(found.horizons))
        if found.is_final:
            break
        assert found.outcome == ("open" if now < CALLED + ENDS else "miss")
        assert found.next_due > now
        dues.append(found.next_due - CALLED)
        now = found.next_due
    minute, settling = timedelta(minutes=1), timedelta(seconds=150)
    assert dues == [
        DELAY + settling,
        *(minute + timedelta(minutes=m) + settling for m in (5, 15, 60, 240, 1440)),
        SETTLES,
    ]
    assert [len(names) for names in known] == [0, 0, 1, 2, 3, 4, 5, 5]
    assert now == CALLED + SETTLES


def test_a_call_without_entry_is_looked_at_again_and_settles() -> None:
    call = Call(CALLED)
    waiting = once([], CALLED + timedelta(minutes=10))
    assert (waiting.outcome, waiting.is_final) == ("open", False)
    silent = once([], CALLED + timedelta(minutes=20))
    assert (silent.outcome, silent.is_final) == ("ungraded", False)
    assert silent.next_due == CALLED + SETTLES
    assert next_due(call, None, CALLED + ENDS) == CALLED + SETTLES


def test_later_points_change_nothing_and_order_neither() -> None:
    later = held(DAY + 62, 3 * DAY, 800_000, 1_250)
    first = graded(usual())
    assert graded(usual() + later) == first
    assert graded(list(reversed(usual() + later))) == first
    other = graded(held(-60, DAY + 60, M, 1_001))
    assert other.points == first.points
    assert other.points_hash != first.points_hash


@given(
    st.lists(
        st.tuples(
            st.integers(-900, DAY + 2000), st.integers(0, 10**12), st.integers(0, 10**9),
            st.sampled_from(["Raydium AMM v4", "pump.fun", "PumpSwap", "Orca Whirlpool"]),
            st.sampled_from(["a", "b"]), st.sampled_from(["chain", "dexscreener"]),
        ),
        max_size=40,
    ),
    st.sampled_from(["long", "exit"]),
    st.sampled_from([500, 2_000]),
)  # fmt: skip
def test_any_states_give_a_sound_grade(told: Any, direction: Any, size_usd: int) -> None:
    points = [
        seen(s, base, quote, venue=venue, pool=pool, source=source)
        for s, base, quote, venue, pool, source in told
    ]
    found = graded(points, size_usd, direction=direction)
    assert found.is_final
    assert found.outcome in ("hit", "miss", "failed", "ungraded")
    assert (found.outcome == "failed") <= (direction == "long")
    returns = [*found.horizons.values(), found.exit_return, found.mfe, found.mae]
    assert all(value >= -1 for value in returns if value is not None)
    assert (found.exit_return is None) == (found.outcome == "ungraded")
    if found.mae is not None and found.mfe is not None:
        assert all(found.mae <= value <= found.mfe for value in found.horizons.values())
    assert graded(points[::-1], size_usd, direction=direction) == found


@pytest.mark.parametrize("now", [CALLED, CALLED + timedelta(seconds=15)])
def test_nothing_is_known_at_the_moment_of_the_call(now: Any) -> None:
    found = once(usual(), now)
    assert (found.outcome, found.entry_at, found.points) == ("open", None, 1)
