"""The ledger: worked examples to the lamport, and what holds for every history."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallets.domain.ledger import Acquired, Book, Disposed, Event

AT = datetime(2026, 11, 1, tzinfo=UTC)


def bought(raw: int, cost: int | None, **fields: Any) -> Acquired:
    return Acquired("buy", AT, raw, "buy", cost, **fields)


def received(raw: int) -> Acquired:
    return Acquired("in", AT, raw, "transfer", None)


def sold(raw: int, proceeds: int | None, **fields: Any) -> Disposed:
    return Disposed("sell", AT, raw, True, proceeds, proceeds, **fields)


def sent(raw: int) -> Disposed:
    return Disposed("out", AT, raw, False)


def fold(*events: Event) -> Book:
    return Book().fold(events)


def pieces(book: Book) -> list[tuple[int, int, int | None, int | None, int | None]]:
    return [
        (d.lot_no, d.raw, d.cost_lamports, d.proceeds_lamports, d.gain_lamports)
        for d in book.disposals
    ]


def test_a_sale_takes_the_oldest_lots_first_and_floors_each_part() -> None:
    """The first lot whole, then 20 of 50 of the second: 7,000,001 × 20 / 50, floored."""
    book = fold(bought(100, 10_000_000), bought(50, 7_000_001), sold(120, 31_000_001))
    assert pieces(book) == [
        (0, 100, 10_000_000, 25_833_334, 15_833_334),
        (1, 20, 2_800_000, 5_166_667, 2_366_667),
    ]
    assert (book.raw, book.cost_lamports) == (30, 4_200_001)


def test_the_last_piece_takes_the_rest() -> None:
    book = fold(bought(3, 1_000_000), *(sold(1, 300_000) for _ in range(3)))
    assert [d.cost_lamports for d in book.disposals] == [333_333, 333_333, 333_334]
    assert book.touched_positions[0].realised_lamports == -100_000


def test_a_sale_of_more_than_held_splits_into_known_and_unknown_basis() -> None:
    book = fold(bought(60, 600), sold(100, 2_000))
    assert pieces(book) == [(0, 60, 600, 1_200, 600), (1, 40, None, 800, None)]
    position = book.touched_positions[0]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (600, 800)
    assert not position.full_basis
    assert not position.is_open


def test_what_came_without_a_price_never_enters_realised() -> None:
    book = fold(received(100), sold(100, 5_000))
    position = book.touched_positions[0]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 5_000)
    assert not position.full_basis


def test_tokens_sent_away_take_their_cost_along_without_profit() -> None:
    book = fold(bought(100, 1_000), sent(40), sold(60, 900))
    position = book.touched_positions[0]
    assert pieces(book)[0] == (0, 40, 400, None, None)
    assert position.realised_lamports == 300
    assert not position.full_basis


def test_dust_closes_the_position_and_starts_the_next_at_zero_cost() -> None:
    """A remainder under a thousandth of the peak: its cost ends here, not in the next trip."""
    book = fold(bought(1_000_000, 1_000_000_000), sold(999_500, 1_999_000_000))
    first = book.touched_positions[0]
    assert not first.is_open
    assert first.realised_lamports == 1_999_000_000 - 1_000_000_000
    assert (book.raw, book.cost_lamports) == (500, 0)
    book.apply(bought(1_000_000, 10**9))
    second = book.touched_positions[1]
    assert (second.no, second.is_open, second.full_basis) == (1, True, True)
    book.apply(sold(1_000_500, 2 * 10**9))
    assert second.realised_lamports == 10**9


def test_a_remainder_worth_under_fifty_thousand_lamports_is_dust() -> None:
    """49 of 100 left, at 1,000 lamports each by the sale's own price: 49,000."""
    book = fold(bought(100, 100_000), sold(51, 51_000))
    assert not book.touched_positions[0].is_open
    kept = fold(bought(100, 100_000), sold(50, 50_000))
    assert kept.touched_positions[0].is_open


def test_selling_only_dust_is_not_a_win() -> None:
    book = fold(bought(1_000_000, 10**9), sold(999_500, 10**9), sold(500, 700_000))
    assert [p.full_basis for p in book.touched_positions.values()] == [True, False]


def test_a_position_counts_full_basis_only_when_all_of_it_was_bought_and_sold() -> None:
    assert fold(bought(5, 500_000), sold(5, 600_000)).touched_positions[0].full_basis
    mixed = fold(bought(5, 500_000), received(5), sold(10, 900_000))
    assert not mixed.touched_positions[0].full_basis
    unpriced = fold(bought(5, None), sold(5, 600_000))
    assert not unpriced.touched_positions[0].full_basis


def test_usd_gain_uses_the_prices_of_both_moments() -> None:
    book = fold(
        bought(100, 10**9, cost_usd=Decimal(150)), sold(50, 10**9, proceeds_usd=Decimal(200))
    )
    assert book.disposals[0].gain_usd == Decimal(125)
    assert book.touched_positions[0].realised_usd == Decimal(125)
    book.apply(sold(50, 10**9))
    assert book.touched_positions[0].realised_usd is None


@pytest.mark.parametrize("raw", [0, -5])
def test_an_event_without_a_positive_amount_is_a_defect(raw: int) -> None:
    with pytest.raises(ValueError, match="positive amount"):
        fold(bought(raw, 1))


amounts = st.integers(min_value=1, max_value=2**64 - 1)
lamports = st.integers(min_value=0, max_value=10**18)
events = st.lists(
    st.one_of(
        st.builds(bought, amounts, lamports),
        st.builds(received, amounts),
        st.builds(sold, amounts, st.one_of(st.none(), lamports)),
        st.builds(sent, amounts),
    ),
    max_size=30,
)


@given(events)
@settings(max_examples=200, deadline=None)
def test_quantity_and_cost_are_conserved_exactly(history: list[Event]) -> None:
    """In − out = held, and cost of what left plus cost of what stays equals what was paid."""
    book = fold(*history)
    unknown = sum(lot.raw for lot in book.touched_lots.values() if lot.origin == "unknown")
    came = sum(e.raw for e in history if isinstance(e, Acquired)) + unknown
    went = sum(e.raw for e in history if isinstance(e, Disposed))
    assert book.raw == came - went
    paid = sum(e.cost_lamports or 0 for e in history if isinstance(e, Acquired))
    assert book.cost_lamports + sum(d.cost_lamports or 0 for d in book.disposals) == paid


@given(events)
@settings(max_examples=200, deadline=None)
def test_proceeds_are_conserved_exactly(history: list[Event]) -> None:
    book = fold(*history)
    fetched = sum(e.proceeds_lamports or 0 for e in history if isinstance(e, Disposed))
    assert sum(d.proceeds_lamports or 0 for d in book.disposals) == fetched
    positions = book.touched_positions.values()
    assert sum(p.realised_lamports for p in positions) == sum(
        d.gain_lamports or 0 for d in book.disposals
    )
    assert sum(p.proceeds_lamports + p.unknown_proceeds_lamports for p in positions) == fetched


@given(events, st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_folding_on_from_a_stored_state_equals_folding_at_once(
    history: list[Event], cut: int
) -> None:
    whole, first = fold(*history), fold(*history[:cut])
    resumed = Book(
        first.lots, first.position, first.next_lot, first.next_disposal, first.next_position
    ).fold(history[cut:])
    assert [*first.disposals, *resumed.disposals] == whole.disposals
    assert list(resumed.lots) == list(whole.lots)
    assert resumed.position == whole.position
