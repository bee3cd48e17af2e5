"""Odd and hostile amounts: what the ledger makes of each is stated here."""

import pytest

from tests.wallets.histories import U64, airdropped, bought, fold, pieces, received, sent, sold
from wallets.domain.ledger import METHODS, Book, Disposed, Event, Method

by_every_method = pytest.mark.parametrize("method", METHODS)
SUPPLY = 6 * 10**17  # about all SOL there is, in lamports


@by_every_method
@pytest.mark.parametrize("event", [bought(0, 5), bought(-1, 5), sold(0, 5), sold(-1, 5), sent(0)])
def test_an_amount_not_above_zero_is_a_defect_and_changes_nothing(
    method: Method, event: Event
) -> None:
    book = fold(bought(10, 100), method=method)
    with pytest.raises(ValueError, match="positive amount"):
        book.apply(event)
    assert (book.raw, book.cost_lamports, book.disposals) == (10, 100, [])


@by_every_method
def test_a_mint_without_decimals_has_whole_units_only(method: Method) -> None:
    """One unit of three at 10 lamports: 3, 3, then the 4 that are left."""
    book = Book(method=method, writes_off_dust=False)
    book.fold([bought(3, 10), sold(1, 5), sold(1, 5), sold(1, 5)])
    assert [d.cost_lamports for d in book.disposals] == [3, 3, 4]
    assert (book.raw, len(book.lots)) == (0, 0)


@by_every_method
def test_a_mint_of_eighteen_decimals_is_exact_at_the_last_of_them(method: Method) -> None:
    """18.446744073709551615 coins are all that fit; one raw unit less leaves dust of one."""
    book = fold(bought(U64, SUPPLY), sold(U64 - 1, SUPPLY), method=method)
    position = book.touched_positions[0]
    assert not position.is_open
    assert position.realised_lamports == 0
    assert (book.raw, book.cost_lamports) == (1, 0)


@by_every_method
def test_amounts_at_the_limit_of_the_chain_stay_exact(method: Method) -> None:
    """Two lots of 2^64 − 1 at all SOL there is: more than a 64-bit product or a float holds."""
    book = Book(method=method, writes_off_dust=False)
    book.fold([bought(U64, SUPPLY), bought(U64, SUPPLY - 1), sold(U64, SUPPLY)])
    book.fold([sold(U64, SUPPLY)])
    assert sum(d.cost_lamports or 0 for d in book.disposals) == 2 * SUPPLY - 1
    assert book.touched_positions[0].realised_lamports == 1
    assert book.touched_positions[0].peak_raw == 2 * U64


@by_every_method
def test_a_sale_of_what_was_never_bought_realises_nothing(method: Method) -> None:
    book = fold(sold(100, 5_000_000), method=method)
    position = book.touched_positions[0]
    assert pieces(book) == [(0, 100, None, 5_000_000, None)]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 5_000_000)
    assert (position.is_open, position.full_basis) == (False, False)


@by_every_method
def test_the_missing_part_of_a_sale_has_no_basis(method: Method) -> None:
    """60 of 100 were bought: 60 % of the proceeds are matched by every method."""
    book = fold(bought(60, 600), sold(100, 2_000), method=method)
    assert pieces(book) == [(0, 60, 600, 1_200, 600), (1, 40, None, 800, None)]
    assert not book.touched_positions[0].full_basis


@by_every_method
def test_what_cost_nothing_and_was_sold_is_all_gain(method: Method) -> None:
    """A purchase at zero has a basis, of zero: unlike an airdrop and unlike an unknown one."""
    book = fold(bought(100, 0), sold(100, 5_000_000), method=method)
    position = book.touched_positions[0]
    assert (position.realised_lamports, position.full_basis) == (5_000_000, True)


@by_every_method
def test_a_purchase_of_unknown_worth_has_no_basis(method: Method) -> None:
    book = fold(bought(100, None), sold(100, 5_000_000), method=method)
    position = book.touched_positions[0]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 5_000_000)
    assert (position.buys, position.full_basis) == (1, False)


@by_every_method
def test_a_sale_of_unknown_worth_takes_its_cost_and_gains_nothing(method: Method) -> None:
    """It is never dust's judge either: without a price nothing is worth too little."""
    book = fold(bought(100, 10_000), sold(60, None), method=method)
    assert pieces(book) == [(0, 60, 6_000, None, None)]
    position = book.touched_positions[0]
    assert (position.is_open, position.full_basis, position.realised_lamports) == (True, False, 0)


@by_every_method
def test_costs_above_the_value_make_proceeds_negative(method: Method) -> None:
    """A sale for 10 lamports that cost 5,000: the shares of −4,990 add up to it."""
    lots = (bought(1, 10**6), bought(2, 10**6))
    book = fold(*lots, Disposed("s", None, 3, True, -4_990, 10), method=method)
    assert sum(d.proceeds_lamports or 0 for d in book.disposals) == -4_990
    assert book.touched_positions[0].realised_lamports == -4_990 - 2 * 10**6


@by_every_method
def test_sending_what_was_never_held_is_kept_as_unknown(method: Method) -> None:
    book = fold(sent(5), method=method)
    assert pieces(book) == [(0, 5, None, None, None)]
    assert book.touched_positions[0].unknown_proceeds_lamports == 0


@by_every_method
def test_events_without_a_time_fold_as_they_stand(method: Method) -> None:
    events: list[Event] = [bought(10, 10**9, at=None), received(5), airdropped(5)]
    book = fold(*events, sold(20, 10**9, at=None), method=method)
    assert (book.raw, sum(d.raw for d in book.disposals)) == (0, 20)


def test_a_method_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        Book(method="specific")  # type: ignore[arg-type]
