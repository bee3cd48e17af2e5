"""Transfers between wallets of one owner: cost and date go along, whichever method chooses."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallets.histories import (
    airdropped,
    bought,
    day,
    fold,
    histories,
    methods,
    received,
    sent,
    sold,
)
from wallets.domain.ledger import Book, Event, Method, airdrop_proceeds, carry_out


def costs(book: Book) -> list[tuple[int, int | None]]:
    return [(lot.raw_left, lot.cost_left_lamports) for lot in book.lots]


def test_cost_date_and_first_purchase_go_along() -> None:
    source, target = fold(bought(100, 1_000, at=day(1))), Book()
    target.fold(carry_out(source, sent(60, day(5))))
    (lot,) = target.lots
    assert (lot.raw, lot.cost_lamports, lot.acquired_at) == (60, 600, day(1))
    assert (lot.origin, lot.signature) == ("buy", "buy")
    assert costs(source) == [(40, 400)]
    position = target.touched_positions[0]
    assert (position.opened_at, position.buys) == (day(5), 0)
    assert (position.bought_raw, position.cost_lamports) == (60, 600)


def test_the_round_trip_ends_with_full_basis_where_it_is_sold() -> None:
    """What the sender gave away is no round trip of his; the receiver's sale is one."""
    source, target = fold(bought(100, 10**9)), Book()
    target.fold(carry_out(source, sent(100)))
    target.apply(sold(100, 3 * 10**9))
    gone, done = source.touched_positions[0], target.touched_positions[0]
    assert (gone.is_open, gone.full_basis, gone.realised_lamports) == (False, False, 0)
    assert (done.is_open, done.full_basis, done.realised_lamports) == (False, True, 2 * 10**9)


@pytest.mark.parametrize(
    ("method", "left", "order"),
    [
        ("fifo", [(2, 2 * 10**8)], [day(1), day(2), day(3)]),
        ("lifo", [(2, 10**8)], [day(2), day(3), day(3)]),
    ],
)
def test_carried_lots_stand_where_their_date_puts_them(
    method: Method, left: list[tuple[int, int]], order: list[object]
) -> None:
    """The receiver bought on day 2 and on day 3; what came on day 4 is of day 1 and day 3."""
    source = fold(bought(4, 2 * 10**8, at=day(1)), bought(4, 4 * 10**8, at=day(3)), method=method)
    target = fold(bought(4, 10**9, at=day(2)), bought(4, 10**9, at=day(3)), method=method)
    target.fold(carry_out(source, sent(6, day(4))))
    assert costs(source) == left
    dates = [lot.acquired_at for lot in target.lots]
    assert dates == sorted(dates, key=lambda at: at or day(0))
    target.apply(sold(12, 10**12, at=day(5)))
    taken = [target.touched_lots[d.lot_no].acquired_at for d in target.disposals]
    if method == "fifo":
        assert taken == order
    else:
        assert list(reversed(taken)) == order


@pytest.mark.parametrize(("method", "order"), [("hifo", [2, 3, 0, 1]), ("lofo", [1, 0, 3, 2])])
def test_a_piece_keeps_the_price_of_its_lot(method: Method, order: list[int]) -> None:
    """A third of 100 lamports for 3 units would be floored to 33, yet it ranks as 100 for 3.

    In the receiver's book stand 33.3, 1 and 33.4 a unit; the carried piece is above the first.
    """
    source = fold(bought(3, 500, value_lamports=100, at=day(1)), method=method)
    lots = (bought(10, 333, at=day(2)), bought(10, 10, at=day(2)), bought(10, 334, at=day(2)))
    target = fold(*lots, method=method)
    target.fold(carry_out(source, sent(1, day(3))))
    target.apply(sold(31, 10**12))
    assert [d.lot_no for d in target.disposals] == order
    assert target.disposals[order.index(3)].cost_lamports == 166


def test_a_pool_sends_at_its_joint_cost_and_takes_in_at_the_carried_one() -> None:
    source = fold(bought(10, 10**9), bought(10, 3 * 10**9), method="average")
    target = fold(bought(10, 10**9), method="average")
    target.fold(carry_out(source, sent(5)))
    assert costs(source) == [(15, 3 * 10**9)]
    assert costs(target) == [(15, 2 * 10**9)]


def test_what_a_fee_withheld_is_gone_with_its_cost() -> None:
    """105 sent, 100 arrived: 5 leave first, and only then what is carried."""
    source, target = fold(bought(200, 2_000)), Book()
    target.fold(carry_out(source, sent(105), arrived=100))
    assert (costs(source), costs(target)) == ([(95, 950)], [(100, 1_000)])
    assert [(d.raw, d.proceeds_lamports, d.gain_lamports) for d in source.disposals] == [
        (5, None, None), (100, None, None),
    ]  # fmt: skip


def test_no_basis_and_airdrops_stay_what_they_are() -> None:
    source, target = fold(received(10), airdropped(10)), Book(writes_off_dust=False)
    target.fold(carry_out(source, sent(25)))
    assert [lot.origin for lot in target.lots] == ["transfer", "airdrop", "unknown"]
    target.apply(sold(25, 2_500))
    position = target.touched_positions[0]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 1_500)
    assert airdrop_proceeds(target.disposals) == 1_000


def test_usd_goes_along_in_proportion() -> None:
    source, target = fold(bought(100, 10**9, cost_usd=Decimal(150))), Book()
    target.fold(carry_out(source, sent(40)))
    assert target.lots[0].cost_usd == Decimal(60)


@pytest.mark.parametrize("arrived", [0, -1, 11])
def test_more_cannot_arrive_than_was_sent(arrived: int) -> None:
    book = fold(bought(10, 100))
    with pytest.raises(ValueError, match="what arrives was sent"):
        carry_out(book, sent(10), arrived=arrived)
    assert (book.raw, book.disposals) == (10, [])


def test_a_sale_is_not_carried() -> None:
    with pytest.raises(ValueError, match="no sale"):
        carry_out(fold(bought(10, 100)), sold(10, 1))


@given(histories, histories, methods, st.integers(1, 10**6))
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost_on_the_way(
    ours: list[Event], theirs: list[Event], method: Method, raw: int
) -> None:
    source, target = fold(*ours, method=method), fold(*theirs, method=method)
    raw_before = source.raw + target.raw + max(0, raw - source.raw)
    cost_before = source.cost_lamports + target.cost_lamports
    realised = [d.gain_lamports for d in (*source.disposals, *target.disposals)]
    target.fold(carry_out(source, sent(raw)))
    assert source.raw + target.raw == raw_before
    assert source.cost_lamports + target.cost_lamports == cost_before
    gains = [d.gain_lamports for d in (*source.disposals, *target.disposals)]
    assert sum(g or 0 for g in gains) == sum(g or 0 for g in realised)
