"""The nine Solana policy cases: to the lamport, through the decoder where it decides them.

One word differs: the failed swap's `realised` of −255,000 is our net. Fees outside trades never
enter what is realised; net is realised less the fee bucket.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.payloads.chain import RENT, SPL, WSOL, Call, Chain, close, create, open_account
from tests.payloads.trades import COIN, SOL, YENNI, YENNI_COIN, YENNI_SOL, lamport_costs
from wallets.domain.decode import decode
from wallets.domain.ledger import Acquired, Book, Disposed, Event, airdrop_proceeds, carry_out
from wallets.domain.parse import parse

pytestmark = pytest.mark.recorded
COSTS = ("base_fee", "priority_fee", "jito_tip")


@pytest.fixture
def cases(recorded: Path) -> dict[str, Any]:
    told = json.loads((recorded / "pnl" / "solana_policy_cases.json").read_text())["cases"]
    assert len(told) == 9
    return {case["id"]: case for case in told}


def event_of(told: dict[str, Any]) -> Event:
    """Network fee, priority fee and tip go into cost or come off proceeds; rent is neither."""
    raw, costs = told["raw"], sum(told.get(name, 0) for name in COSTS)
    if told["op"] == "sell":
        value = told["swap_lamports"]
        return Disposed("s", None, raw, True, value - costs, value)
    if told["op"] == "airdrop":
        return Acquired("a", None, raw, "airdrop", 0)
    if told["op"] == "transfer_in":
        return Acquired("t", None, raw, "transfer", None)
    value = told["swap_lamports"]
    return Acquired("b", None, raw, "buy", value + costs, value_lamports=value)


def folded(case: dict[str, Any], *, writes_off_dust: bool = True) -> Book:
    book = Book(writes_off_dust=writes_off_dust)
    return book.fold(event_of(told) for told in case["events"])


def test_buy_and_partial_sell(cases: dict[str, Any]) -> None:
    case = cases["sol-buy-partial-sell"]
    book, expected = folded(case), case["expected"]
    (lot,), (piece,) = book.lots, book.disposals
    assert lot.cost_lamports == expected["cost_total"]
    assert piece.cost_lamports == expected["cost_sold"]
    assert piece.proceeds_lamports == expected["net_proceeds"]
    assert piece.gain_lamports == expected["realised"]
    assert (book.raw, book.cost_lamports) == (expected["open_raw"], expected["open_cost"])
    deposit = expected["rent_receivable"]
    opening = Chain(
        signers=(YENNI,),
        calls=(create(YENNI, YENNI_COIN, deposit), open_account(YENNI_COIN, COIN, YENNI)),
        lamports={YENNI: (SOL, SOL - deposit - 5000), YENNI_COIN: (0, deposit)},
        tokens=((YENNI_COIN, COIN, YENNI, None, 0),),
    )
    assert lamport_costs(decode(parse(opening.json())))[1:] == [("rent", YENNI_COIN, deposit)]


def test_closing_an_account_realises_nothing(cases: dict[str, Any]) -> None:
    (told,) = cases["sol-close-refund"]["events"]
    refund = told["rent_refund"]
    closing = Chain(
        signers=(YENNI,),
        calls=(close(YENNI_COIN, YENNI, YENNI),),
        lamports={YENNI: (SOL, SOL + refund - 5000), YENNI_COIN: (refund, 0)},
        tokens=((YENNI_COIN, COIN, YENNI, 0, None),),
    )
    decoded = decode(parse(closing.json()))
    assert (decoded.swaps, decoded.transfers) == ((), ())
    assert lamport_costs(decoded)[1:] == [("rent", YENNI_COIN, -refund)]


@pytest.mark.parametrize("wraps", [True, False])
def test_wrapping_is_no_trade(cases: dict[str, Any], wraps: bool) -> None:
    wrap, unwrap = cases["sol-wrap"]["events"]
    moved = wrap["lamports"]
    assert moved == unwrap["lamports"]
    calls: tuple[Call, ...] = (close(YENNI_SOL, YENNI, YENNI),)
    before, after = (RENT + moved, 0), (moved, None)
    if wraps:
        sync = Call(SPL, (YENNI_SOL,), b"\x11")
        opened = open_account(YENNI_SOL, WSOL, YENNI)
        calls = (create(YENNI, YENNI_SOL, RENT + moved), opened, sync)
        before, after = (0, RENT + moved), (None, moved)  # type: ignore[assignment]
    change = before[0] - before[1] - 5000
    chain = Chain(
        signers=(YENNI,),
        calls=calls,
        lamports={YENNI: (9 * SOL, 9 * SOL + change), YENNI_SOL: before},
        tokens=((YENNI_SOL, WSOL, YENNI, *after),),
    )
    decoded = decode(parse(chain.json()))
    assert (decoded.swaps, decoded.transfers, decoded.ambiguous) == ((), (), ())
    assert sum(lamports for _, _, lamports in lamport_costs(decoded)) == 5000 + (
        RENT if wraps else -RENT
    )


def test_a_failed_swap_is_no_trade_and_its_fee_is_a_bucket(cases: dict[str, Any]) -> None:
    case = cases["sol-failed-tx"]
    (told,), expected = case["events"], case["expected"]
    fee = told["base_fee"] + told["priority_fee"]
    failed = Chain(
        signers=(YENNI,),
        calls=(create(YENNI, YENNI_SOL),),
        lamports={YENNI: (SOL, SOL - fee)},
        fee=fee,
        err={"InstructionError": [0, {"Custom": 6000}]},
    )
    decoded = decode(parse(failed.json()))
    assert (decoded.failed, decoded.swaps, decoded.transfers) == (True, (), ())
    assert bool(decoded.swaps) is expected["counts_as_trade"]
    assert lamport_costs(decoded) == [("network", None, expected["fee_bucket"])]
    net = 0 - expected["fee_bucket"]
    assert net == expected["realised"]


def test_an_airdrop_sold_stands_apart(cases: dict[str, Any]) -> None:
    case = cases["sol-airdrop-then-sell"]
    book, expected = folded(case), case["expected"]
    (piece,), position = book.disposals, book.touched_positions[0]
    assert piece.gain_lamports is expected["realised"]
    assert airdrop_proceeds(book.disposals) == expected["unmatched_proceeds"]
    assert (position.realised_lamports, position.unknown_proceeds_lamports) == (0, 0)
    assert position.full_basis is expected["counts_in_win_rate"]


def test_a_transfer_from_a_stranger_has_no_basis(cases: dict[str, Any]) -> None:
    """With the write-off of dust left out: the whole case is worth less than dust is."""
    case = cases["sol-transfer-in-unknown"]
    book, expected = folded(case, writes_off_dust=False), case["expected"]
    unknown, matched = book.disposals
    assert (unknown.proceeds_lamports, unknown.cost_lamports) == (
        expected["unknown_basis_proceeds"], None,
    )  # fmt: skip
    assert matched.raw == expected["matched_raw"]
    assert matched.proceeds_lamports == expected["matched_proceeds"]
    assert matched.cost_lamports == expected["matched_cost"]
    assert matched.gain_lamports == expected["realised"]
    sold = sum(piece.raw for piece in book.disposals)
    assert f"{matched.raw}/{sold}" == expected["coverage"]


def test_a_transfer_to_an_own_wallet_takes_its_cost_along(cases: dict[str, Any]) -> None:
    case = cases["sol-transfer-own"]
    bought, moved, sold = case["events"]
    books = {"A": Book(), "B": Book()}
    books["A"].apply(event_of(bought))
    sent = Disposed("m", None, moved["raw"], is_sale=False)
    books[moved["to"]].fold(carry_out(books[moved["frm"]], sent))
    books["B"].apply(event_of(sold))
    realised = {name: book.touched_positions[0].realised_lamports for name, book in books.items()}
    assert realised == {"A": 0, "B": case["expected"]["realised"]}
    assert moved["base_fee"] == case["expected"]["fee_bucket"]
    assert (books["A"].raw, books["A"].cost_lamports) == (40, 400)


def test_a_swap_of_tokens_has_one_value_for_both(cases: dict[str, Any]) -> None:
    case = cases["sol-token-to-token"]
    bought, swapped, sold = case["events"]
    expected, value = case["expected"], swapped["value_lamports"]
    (given, gave), (got, came) = swapped["give"], swapped["get"]
    books = {"A": Book(), "B": Book()}
    books[bought["mint"]].apply(event_of(bought))
    books[given].apply(Disposed("x", None, gave, True, value, value))
    books[got].apply(Acquired("x", None, came, "buy", value))
    assert books["B"].cost_lamports == expected["cost_B"]
    books[sold["mint"]].apply(event_of(sold))
    assert books["A"].touched_positions[0].realised_lamports == expected["realised_A"]
    assert books["B"].touched_positions[0].realised_lamports == expected["realised_B"]


def test_dust_closes_the_position(cases: dict[str, Any]) -> None:
    case = cases["sol-dust-close"]
    book, expected = folded(case), case["expected"]
    position = book.touched_positions[0]
    assert ("open" if position.is_open else "closed") == expected["status"]
    assert book.raw == expected["dust_raw"]
    assert book.disposals[-1].cost_lamports == expected["dust_cost"]
    assert position.realised_lamports == expected["realised"]
