"""Average-price positions of Nautilus, and HMRC's pool.

Nautilus charges fees to what is realised at once; ours puts a purchase's fee into its cost. Its
figures hold to their printed digits, the average price, a float, to that float's last bit. Of
HMRC's five the two that are a pool alone are held. CRYPTO22252, 22253 and 22255 match a sale with
purchases of the same day or of the thirty days after it: tax rules that look forward in time, no
method of this ledger.
"""

import json
from fractions import Fraction
from math import ulp
from pathlib import Path
from typing import Any

import pytest

from tests.wallets.exactly import amount, buy, is_exactly, quantity, realised, sell
from wallets.domain.ledger import Book

pytestmark = pytest.mark.recorded


def cases_of(recorded: Path, name: str) -> dict[str, Any]:
    told = json.loads((recorded / "pnl" / name).read_text())["cases"]
    return {case["id"]: case for case in told}


def as_printed(ours: Fraction, theirs: str) -> bool:
    """Whether a figure is theirs to the last digit they print."""
    return abs(ours - Fraction(theirs)) < Fraction(1, 10 ** len(theirs.partition(".")[2]))


def fill(book: Book, told: list[str], rate: str) -> Fraction:
    """Fold a fill without its fee; return the fee."""
    side, size, price = told
    worth = Fraction(size) * Fraction(price)
    book.apply(buy("b", size, worth) if side == "buy" else sell("s", size, worth))
    return worth * Fraction(rate)


@pytest.mark.parametrize("name", ["nautilus-tt-example", "nautilus-interleaved"])
def test_nautilus_position_after_each_fill(recorded: Path, name: str) -> None:
    cases = cases_of(recorded, "nautilus_vectors.json")
    assert len(cases) == 3
    case = cases[name]
    book, fees, checked = Book(method="average", writes_off_dust=False), Fraction(0), 0
    for told, after in zip(case["fills"], case["expected_after"], strict=True):
        fees += fill(book, told, case["fee_rate"])
        if after is None:
            continue
        assert quantity(book.raw) == Fraction(after["qty"])
        assert as_printed(amount(realised(book)) - fees, after["realised"])
        average = amount(book.cost_lamports) / quantity(book.raw)
        assert abs(average - Fraction(after["avg_open"])) < ulp(float(after["avg_open"]))
        checked += 1
    assert checked == 4


def test_each_nautilus_cycle_is_a_position(recorded: Path) -> None:
    case = cases_of(recorded, "nautilus_vectors.json")["nautilus-cycles"]
    book, net = Book(method="average"), []
    for cycle in case["cycles"]:
        fees = sum(fill(book, told, case["fee_rate"]) for told in cycle["fills"])
        position = book.touched_positions[book.next_position - 1]
        assert not position.is_open
        net.append(amount(position.realised_lamports) - fees)
    assert book.next_position == 2
    for ours, cycle in zip(net, case["cycles"], strict=True):
        assert as_printed(ours, cycle["realised"])


def test_hmrc_pool(recorded: Path) -> None:
    case = cases_of(recorded, "hmrc_vectors.json")["CRYPTO22251"]
    pool, sale, expected = case["pool"], case["dispose"], case["expected"]
    book = Book(method="average", writes_off_dust=False)
    book.fold([buy("b", pool["qty"], pool["cost"]), sell("s", sale["qty"], sale["proceeds"])])
    assert is_exactly(book.disposals[0].cost_lamports or 0, expected["allowable_cost"])
    assert is_exactly(realised(book), expected["gain"])
    assert quantity(book.raw) == Fraction(expected["pool_qty"])
    assert is_exactly(book.cost_lamports, expected["pool_cost"])


def test_hmrc_fee_paid_in_the_token(recorded: Path) -> None:
    """The fee's worth comes off the proceeds, and giving it away is a sale of its own."""
    case = cases_of(recorded, "hmrc_vectors.json")["CRYPTO22280"]
    opening, sale, expected = case["opening"], case["sell"], case["expected"]
    fee = Fraction(sale["fee_qty"]) * Fraction(sale["proceeds"]) / Fraction(sale["qty"])
    book = Book(method="average", writes_off_dust=False)
    book.apply(buy("b", opening["qty"], opening["cost"]))
    book.apply(sell("s", sale["qty"], Fraction(sale["proceeds"]) - fee))
    assert is_exactly(realised(book), expected["sale_gain"])
    book.apply(sell("fee", sale["fee_qty"], fee))
    assert is_exactly(book.disposals[-1].gain_lamports or 0, expected["fee_disposal_gain"])
    assert is_exactly(realised(book), expected["total"])
