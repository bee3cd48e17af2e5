"""The five methods: worked examples to the lamport, and what holds for every history by each."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.wallets.histories import (
    airdropped,
    bought,
    fold,
    histories,
    lamports,
    methods,
    pieces,
    purchases,
    received,
    sales,
    sold,
)
from wallets.domain.ledger import METHODS, Acquired, Book, Disposed, Event, Method, airdrop_proceeds

MANY = settings(max_examples=300, deadline=None)
# Three lots of 10 units at 40, 60 and 50 million lamports.
THREE = (bought(10, 40_000_000), bought(10, 60_000_000), bought(10, 50_000_000))


@pytest.mark.parametrize(
    ("method", "taken"),
    [
        ("fifo", [(0, 10, 40_000_000), (1, 5, 30_000_000)]),
        ("lifo", [(2, 10, 50_000_000), (1, 5, 30_000_000)]),
        ("hifo", [(1, 10, 60_000_000), (2, 5, 25_000_000)]),
        ("lofo", [(0, 10, 40_000_000), (2, 5, 25_000_000)]),
        ("average", [(0, 15, 75_000_000)]),
    ],
)
def test_which_lots_a_sale_takes(method: Method, taken: list[tuple[int, int, int]]) -> None:
    book = fold(*THREE, sold(15, 90_000_000), method=method)
    assert [piece[:3] for piece in pieces(book)] == taken
    cost = sum(cost for _, _, cost in taken)
    assert (book.raw, book.cost_lamports) == (15, 150_000_000 - cost)
    assert book.touched_positions[0].realised_lamports == 90_000_000 - cost


def test_average_floors_its_share_and_the_last_sale_takes_the_rest() -> None:
    """Of a pool of 3 units at 100,000,001: a third, half of the 66,666,668 left, then the rest."""
    book = fold(bought(1, 1), bought(2, 10**8), *[sold(1, 10**8)] * 3, method="average")
    assert [d.cost_lamports for d in book.disposals] == [33_333_333, 33_333_334, 33_333_334]
    assert len(book.lots) == 0


def test_average_restates_the_pool_after_a_sale() -> None:
    """10 at 40, 5 sold at 200 in all, 10 more at 70: 15 cost 900, 5 of them 300."""
    book = Book(method="average", writes_off_dust=False)
    book.fold([bought(10, 400), sold(5, 250), bought(10, 700), sold(5, 400)])
    assert [d.gain_lamports for d in book.disposals] == [50, 100]
    (pool,) = book.lots
    assert (pool.raw, pool.raw_left, pool.cost_lamports, pool.cost_left_lamports) == (
        15, 10, 900, 600,
    )  # fmt: skip


def test_average_in_usd_is_the_pools_too() -> None:
    book = Book(method="average", writes_off_dust=False).fold(
        [
            bought(10, 400, cost_usd=Decimal(40)),
            sold(5, 250, proceeds_usd=Decimal(25)),
            bought(10, 700, cost_usd=Decimal(70)),
            sold(5, 400, proceeds_usd=Decimal(40)),
        ]
    )
    assert [d.gain_usd for d in book.disposals] == [Decimal(5), Decimal(10)]
    book.fold([bought(1, 1), sold(5, 400, proceeds_usd=Decimal(40))])
    assert book.disposals[-1].gain_usd is None


@pytest.mark.parametrize(
    ("method", "order"), [("hifo", [2, 1, 0]), ("lofo", [0, 1, 2]), ("fifo", [0, 1, 2])]
)
def test_lots_are_ranked_by_the_price_before_fees(method: Method, order: list[int]) -> None:
    """By cost with fees the first lot would be the dearest; by the swap it is the cheapest."""
    lots = [
        bought(10, 9_000_000, value_lamports=1_000_000),
        bought(10, 3_000_000, value_lamports=2_000_000),
        bought(10, 3_000_001, value_lamports=3_000_000),
    ]
    book = fold(*lots, sold(30, 10**9), method=method)
    assert [d.lot_no for d in book.disposals] == order


@pytest.mark.parametrize("method", ["hifo", "lofo"])
def test_equal_prices_go_to_the_older_lot(method: Method) -> None:
    """1 for 3, 2 for 6 and 3 for 9 are one price, which no float and no decimal would tell."""
    book = fold(bought(6, 2), bought(3, 1), bought(9, 3), sold(18, 10**9), method=method)
    assert [d.lot_no for d in book.disposals] == [0, 1, 2]


@pytest.mark.parametrize(
    ("method", "first"), [("hifo", [(1, 2), (0, 1)]), ("lofo", [(0, 2), (1, 1)])]
)
def test_prices_a_float_cannot_tell_apart_are_ranked(
    method: Method, first: list[tuple[int, int]]
) -> None:
    near = 10**18
    book = fold(bought(2, near), bought(2, near + 1), sold(3, 10**9), method=method)
    assert [(d.lot_no, d.raw) for d in book.disposals] == first


@pytest.mark.parametrize(
    ("method", "taken"),
    [
        ("fifo", [(0, 10, None), (1, 2, 40_000_000)]),
        ("lifo", [(2, 10, 50_000_000), (1, 2, 40_000_000)]),
        ("hifo", [(1, 10, 200_000_000), (2, 2, 10_000_000)]),
        ("lofo", [(2, 10, 50_000_000), (1, 2, 40_000_000)]),
        ("average", [(1, 8, 100_000_000), (0, 4, None)]),
    ],
)
def test_where_lots_of_unknown_basis_stand(
    method: Method, taken: list[tuple[int, int, int | None]]
) -> None:
    """By date under FIFO and LIFO, last under HIFO and LOFO, pro rata beside the pool."""
    lots = (received(10), bought(10, 200_000_000), bought(10, 50_000_000))
    book = fold(*lots, sold(12, 12 * 10**8), method=method)
    assert [piece[:3] for piece in pieces(book)] == taken


@pytest.mark.parametrize("method", ["hifo", "lofo"])
def test_unknown_basis_is_taken_last_when_it_must(method: Method) -> None:
    book = fold(received(10), bought(10, 10**9), sold(15, 15 * 10**8), method=method)
    assert pieces(book) == [(1, 10, 10**9, 10**9, 0), (0, 5, None, 5 * 10**8, None)]


def test_average_shares_a_sale_among_pool_airdrop_and_unknown() -> None:
    """Of 7 of 20 units (10, 6, 4): 7×10//20 = 3, of 4 left 4×6//10 = 2, the last takes 2."""
    lots = (bought(10, 10**9), airdropped(6), received(4))
    book = fold(*lots, sold(7, 7 * 10**8), method="average")
    assert [(d.raw, d.cost_lamports, d.proceeds_lamports) for d in book.disposals] == [
        (3, 3 * 10**8, 3 * 10**8),
        (2, 0, 2 * 10**8),
        (2, None, 2 * 10**8),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_an_airdrop_costs_nothing_and_gains_nothing(method: Method) -> None:
    book = fold(airdropped(100), sold(100, 5_000_000), method=method)
    position = book.touched_positions[0]
    assert airdrop_proceeds(book.disposals) == 5_000_000
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 0)
    assert not position.full_basis
    assert not position.is_open


def test_the_dust_of_an_airdrop_stays_an_airdrop() -> None:
    book = fold(airdropped(1_000_000), sold(999_500, 10**9), sold(500, 900_000))
    assert [lot.origin for lot in book.touched_lots.values()] == ["airdrop", "airdrop"]
    assert airdrop_proceeds(book.disposals) == 10**9 + 900_000
    assert sum(p.realised_lamports for p in book.touched_positions.values()) == 0


@given(histories, methods)
@MANY
def test_quantity_and_cost_are_conserved_exactly(history: list[Event], method: Method) -> None:
    """In − out = held; remaining cost plus cost of what left is what was paid, to the lamport."""
    book = fold(*history, method=method)
    came = sum(e.raw for e in history if isinstance(e, Acquired))
    went = sum(e.raw for e in history if isinstance(e, Disposed))
    missing = _missing(history)
    assert book.raw == came + missing - went == sum(lot.raw_left for lot in book.lots)
    paid = sum(e.cost_lamports or 0 for e in history if isinstance(e, Acquired))
    assert book.cost_lamports + sum(d.cost_lamports or 0 for d in book.disposals) == paid
    assert all(lot.raw_left > 0 for lot in book.lots)


def _missing(history: list[Event]) -> int:
    """What was sold without being held."""
    held = missing = 0
    for event in history:
        held += event.raw if isinstance(event, Acquired) else -event.raw
        missing, held = missing - min(0, held), max(0, held)
    return missing


@given(histories, methods)
@MANY
def test_proceeds_are_conserved_exactly(history: list[Event], method: Method) -> None:
    """Matched, unknown-basis and airdrop proceeds are all that was fetched."""
    book = fold(*history, method=method)
    fetched = sum(e.proceeds_lamports or 0 for e in history if isinstance(e, Disposed))
    assert sum(d.proceeds_lamports or 0 for d in book.disposals) == fetched
    positions = book.touched_positions.values()
    known = sum(p.proceeds_lamports + p.unknown_proceeds_lamports for p in positions)
    assert known + airdrop_proceeds(book.disposals) == fetched
    gains = sum(d.gain_lamports or 0 for d in book.disposals)
    assert sum(p.realised_lamports for p in positions) == gains


@given(histories, methods, st.integers(0, 30))
@MANY
def test_folding_in_two_equals_folding_at_once(
    history: list[Event], method: Method, cut: int
) -> None:
    whole, first = fold(*history, method=method), fold(*history[:cut], method=method)
    resumed = Book(
        first.lots, first.position, first.next_lot, first.next_disposal, first.next_position,
        method=method,
    ).fold(history[cut:])  # fmt: skip
    assert [*first.disposals, *resumed.disposals] == whole.disposals
    assert list(resumed.lots) == list(whole.lots)
    assert resumed.position == whole.position
    assert resumed.raw == whole.raw


@given(st.lists(purchases, min_size=1, max_size=8), st.data())
@MANY
def test_the_method_changes_nothing_in_a_finished_round_trip(
    buys: list[Event], data: st.DataObject
) -> None:
    """Bought, sold in parts in between and to the end: one result, however lots were chosen."""
    history: list[Event] = []
    held = 0
    for event in buys:
        history.append(event)
        held += event.raw
        part = data.draw(st.integers(0, held - 1))
        if part:
            history.append(sold(part, data.draw(lamports)))
            held -= part
    history.append(sold(held, data.draw(lamports)))
    results = [_round_trips(history, method) for method in METHODS]
    assume(results[0])
    assert all(result == results[0] for result in results)


def _round_trips(history: list[Event], method: Method) -> list[tuple[int, int, int]]:
    positions = fold(*history, method=method).touched_positions.values()
    return [
        (p.no, p.realised_lamports, p.proceeds_lamports)
        for p in positions
        if p.full_basis and not p.is_open
    ]


@given(st.lists(st.one_of(purchases, sales), max_size=30))
@MANY
def test_positions_stand_at_the_same_places_by_every_method(history: list[Event]) -> None:
    """What is held does not depend on the method, so neither do openings, closings and dust."""
    shapes = [
        [
            (p.no, p.is_open, p.buys, p.sells, p.bought_raw, p.sold_raw, p.peak_raw)
            for p in fold(*history, method=method).touched_positions.values()
        ]
        for method in METHODS
    ]
    assert all(shape == shapes[0] for shape in shapes)
