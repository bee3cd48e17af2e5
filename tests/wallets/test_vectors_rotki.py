"""rotki's examples: its gain is our realised, unknown-basis and airdrop proceeds together.

rotki lets what was never bought cost nothing and reports it as missing; ours keeps its proceeds
apart. All seven are held, none is left out.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.wallets.exactly import (
    amount,
    buy,
    is_exactly,
    money,
    quantity,
    realised,
    sell,
    units,
    unknown_proceeds,
)
from wallets.domain.ledger import Acquired, Book, Method, airdrop_proceeds

pytestmark = pytest.mark.recorded


@pytest.fixture
def cases(recorded: Path) -> dict[str, Any]:
    told = json.loads((recorded / "pnl" / "rotki_vectors.json").read_text())["cases"]
    assert len(told) == 7
    return {case["id"]: case for case in told}


def book_by(method: Method = "fifo") -> Book:
    return Book(method=method, writes_off_dust=False)


def gain(book: Book) -> int:
    """rotki's gain."""
    return realised(book) + unknown_proceeds(book) + airdrop_proceeds(book.disposals)


def test_average_chain_of_eleven_steps(cases: dict[str, Any]) -> None:
    case, book, missing = cases["rotki-acb-11-steps"], book_by("average"), []
    for step in case["steps"]:
        worth = Fraction(step["qty"]) * Fraction(step["unit_price"])
        held, before = book.raw, gain(book)
        if step["op"] == "buy":
            book.apply(buy("b", step["qty"], worth))
            assert step["expected_pnl"] is None
        else:
            book.apply(sell("s", step["qty"], worth))
            assert is_exactly(gain(book) - before, step["expected_pnl"])
            short = units(step["qty"]) - held
            if short > 0:
                missing.append({"found": held, "missing": short})
        assert is_exactly(book.cost_lamports, step["pool_cost_after"])
        assert book.raw == units(step["pool_qty_after"])
    assert missing == [
        {name: units(told) for name, told in each.items()} for each in case["expected_missing"]
    ]
    unknown = [lot.raw for lot in book.touched_lots.values() if lot.origin == "unknown"]
    assert unknown == [each["missing"] for each in missing]


def test_fifo_spends_a_lot_and_a_part(cases: dict[str, Any]) -> None:
    case, book = cases["rotki-fifo-partial"], book_by()
    for lot in case["lots"]:
        book.apply(buy("b", lot["qty"], Fraction(lot["qty"]) * Fraction(lot["price"])))
    book.apply(sell("s", case["spend"], "0"))
    first, second = (piece.cost_lamports for piece in book.disposals)
    expected = case["expected"]
    assert first == money(expected["cost_first_lot"])
    assert second == money(expected["cost_second_lot"])
    assert [lot.raw_left for lot in book.lots] == [units(told) for told in expected["remaining"]]


def test_lifo_leaves_the_oldest(cases: dict[str, Any]) -> None:
    book, checked = book_by("lifo"), 0
    for step in cases["rotki-lifo-chain"]["steps"]:
        if step["op"] == "buy":
            book.apply(buy("b", step["qty"], "1"))
            continue
        book.apply(sell("s", step["qty"], "1"))
        left = [quantity(lot.raw_left) for lot in reversed(book.lots)]
        assert left == [Fraction(told) for told in step["expect_remaining_newest_first"]]
        checked += 1
    assert checked == 2


@pytest.mark.parametrize("method", ["FIFO", "AVERAGE"])
def test_history_of_token_to_token_swaps(cases: dict[str, Any], method: str) -> None:
    """A swap is worth what the asset given is; that and the fee's worth is the new one's cost.

    To 17 decimals (20 digits): rotki keeps the average as a rounded unit cost, ours never does.
    """
    case = cases["rotki-history1"]
    named: Method = "fifo" if method == "FIFO" else "average"
    books = {asset: book_by(named) for asset in ("BTC", "ETH")}
    for event in case["events"]:
        (given, spent), (got, came) = event["spend"], event["receive"]
        prices = {name: Fraction(told) for name, told in event.get("prices", {}).items()}
        value = Fraction(spent) * prices.get(given, 1)
        if given in books:
            books[given].apply(sell("s", spent, value))
        cost = value
        if "fee" in event:
            asset, paid = event["fee"]
            cost += Fraction(paid) * prices[asset]
        books[got].apply(buy("b", came, cost))
    total = sum(gain(book) for book in books.values())
    told = case["expected_realised"][method]
    assert abs(amount(total) - Fraction(told)) < Fraction(1, 10**17)


def test_fee_is_part_of_the_cost(cases: dict[str, Any]) -> None:
    for case in cases["rotki-fee-in-basis"]["cases"]:
        fee = Fraction(case["fee"][1]) * Fraction(case.get("price_btc", "1"))
        bought = case["buy"][1]
        book = book_by().fold([buy("b", bought, Fraction(case["pay"][1]) + fee)])
        unit_cost = amount(book.cost_lamports) / Fraction(bought)
        assert unit_cost == Fraction(case["expected_unit_cost"])


def test_a_sale_of_what_was_never_bought(cases: dict[str, Any]) -> None:
    """rotki: all of it is gain, the fee apart. Here: unknown-basis proceeds, nothing realised."""
    case = cases["rotki-no-acquisition"]
    book = book_by().fold([sell("s", case["sell"][1], case["proceeds"][1])])
    assert (realised(book), book.touched_positions[0].full_basis) == (0, False)
    assert is_exactly(gain(book), case["expected"]["trade_gain"])
    assert Fraction(case["expected"]["fee"]) == -Fraction(case["fee"][1])


def test_what_was_received_without_a_price_is_sold(cases: dict[str, Any]) -> None:
    """Airdrop-like: a lot that cost nothing. Here what it fetched stands apart."""
    case = cases["rotki-receive-without-price"]
    came, went = case["events"]
    book = book_by().fold(
        [
            Acquired("a", None, units(came["qty"]), "airdrop", 0),
            sell("s", went["qty"], went["proceeds"]),
        ]
    )
    assert (realised(book), unknown_proceeds(book)) == (0, 0)
    assert is_exactly(gain(book), case["expected_gain"])
    assert not book.touched_positions[0].full_basis
