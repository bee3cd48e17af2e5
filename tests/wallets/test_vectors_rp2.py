"""rp2's own examples: 30 sheets by four methods, row by row.

rp2's policy differs from ours, and lives here. What is earned (interest, staking, an airdrop) is
income at once, with fee, and a lot at that cost; ours has no basis or costs nothing. A gift, a
donation or a fee paid in coins is a sale at the price of the day; ours realises nothing. A sale's
fee in money stays in its proceeds. Lots are ranked by the quoted price, given apart from cost.
All wallets are one. A move is a sale of the fee it cost.
"""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.wallets.exactly import agrees, money, quantity, units
from wallets.domain.ledger import Acquired, Book, Disposal, Disposed, Method

pytestmark = pytest.mark.recorded
EARNED = {"airdrop", "hardfork", "income", "interest", "mining", "staking", "wages"}
Row = tuple[str, str | None, Fraction, int, int]


def fold(transactions: list[dict[str, Any]], method: Method) -> tuple[Book, list[Row]]:
    """The rows as rp2 tells them: disposals, and what was earned."""
    book, rows = Book(method=method, writes_off_dust=False), []
    for told in sorted(transactions, key=lambda t: datetime.fromisoformat(t["timestamp"])):
        no, at = told["id"], datetime.fromisoformat(told["timestamp"])
        if told["kind"] == "in":
            came, cost = Fraction(told["qty"]), money(told["cost_with_fee"])
            if told["type"] in EARNED:
                rows.append((no, None, came, cost, 0))
            quoted = money(Fraction(told["spot_price"]) * came)
            book.apply(Acquired(no, at, units(came), "buy", cost, value_lamports=quoted))
            continue
        is_out = told["kind"] == "out"
        raw = units(told["qty_with_fee" if is_out else "fee_qty"])
        if raw:
            before = len(book.disposals)
            fetched = money(told["taxable_fiat" if is_out else "fee_fiat"])
            book.apply(Disposed(no, at, raw, True, fetched))
            rows += [_row(book, piece) for piece in book.disposals[before:]]
    return book, rows


def _row(book: Book, piece: Disposal) -> Row:
    assert piece.proceeds_lamports is not None
    assert piece.cost_lamports is not None
    lot = book.touched_lots[piece.lot_no].signature
    return (
        piece.signature, lot, quantity(piece.raw), piece.proceeds_lamports, piece.cost_lamports
    )  # fmt: skip


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo"])
def test_every_row_of_every_sheet(recorded: Path, method: Method) -> None:
    sheets = json.loads((recorded / "pnl" / "rp2_vectors.json").read_text())["cases"]
    assert len(sheets) == 30
    for sheet in sheets:
        expected = sheet["expected"][method]
        _, rows = fold(sheet["transactions"], method)
        assert len(rows) == len(expected["rows"]), sheet["case"]
        for (no, lot, raw, proceeds, cost), theirs in zip(rows, expected["rows"], strict=True):
            assert (no, lot) == (theirs["disposal"], theirs["lot"]), sheet["case"]
            assert raw == Fraction(theirs["qty"]), sheet["case"]
            assert agrees(proceeds, theirs["proceeds"]), sheet["case"]
            assert agrees(cost, theirs["cost"]), sheet["case"]
            assert agrees(proceeds - cost, theirs["gain"]), sheet["case"]
        assert agrees(sum(row[3] - row[4] for row in rows), expected["total_gain"])
