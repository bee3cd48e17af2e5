"""The true books: the integer rule by hand, and the books against the balances of the chain."""

from __future__ import annotations

from collections import defaultdict

import pytest

from sandbox.addresses import JITO_TIPS, PLATFORMS, WSOL, ata
from sandbox.chain import Chain
from sandbox.engine import Engine
from sandbox.ledger import Ledger, TruthTrade
from sandbox.record import Record, unpack
from sandbox.truth import wallet_truth

Ran = tuple[Engine, list[Record]]


def trade(side: str, raw: int, lamports: int, costs: int = 0) -> TruthTrade:
    return TruthTrade("w", side, "m", raw, lamports, costs)


def test_part_cost_is_floored_and_the_last_piece_takes_the_rest() -> None:
    ledger = Ledger()
    ledger.record(trade("buy", 3, 900_000, 100_000))
    ledger.record(trade("sell", 1, 50_000, 5_000))
    assert ledger.totals("w")["realised_lamports"] == 45_000 - 333_333
    assert ledger.holdings("w") == {"m": {"raw": 2, "cost_lamports": 666_667, "unknown_raw": 0}}
    ledger.record(trade("sell", 2, 10))
    assert ledger.totals("w")["realised_lamports"] == 45_000 - 333_333 + 10 - 666_667
    assert ledger.holdings("w") == {}


def test_sale_over_known_and_unknown_lots_splits_proceeds_by_quantity() -> None:
    ledger = Ledger()
    ledger.record(trade("buy", 10, 100))
    ledger.receive("w", "m", 5)
    ledger.record(trade("buy", 10, 300))
    ledger.record(trade("sell", 18, 1_000_000))
    # 10 of 18: 555,555; 5 of 8: 277,778 of 444,445; the last 3 take 166,667, cost 300 * 3 // 10.
    assert ledger.totals("w") == {
        "realised_lamports": 555_555 - 100 + 166_667 - 90,
        "unknown_proceeds_lamports": 277_778,
        "other_fees_lamports": 0,
        "trades": 3,
    }
    assert ledger.holdings("w") == {"m": {"raw": 7, "cost_lamports": 210, "unknown_raw": 0}}


def test_transfer_out_takes_the_oldest_lots_and_realises_nothing() -> None:
    ledger = Ledger()
    ledger.record(trade("buy", 10, 101))
    ledger.record(trade("buy", 10, 300))
    ledger.send("w", "m", 13)
    assert ledger.totals("w")["realised_lamports"] == 0
    assert ledger.holdings("w") == {"m": {"raw": 7, "cost_lamports": 210, "unknown_raw": 0}}


def test_open_lots_stand_oldest_first_with_what_is_left_of_each() -> None:
    ledger = Ledger()
    ledger.record(trade("buy", 10, 101))
    ledger.receive("w", "m", 4)
    ledger.record(trade("buy", 10, 300))
    ledger.send("w", "m", 3)
    assert ledger.open_lots("w") == {
        "m": [
            {"raw_left": 7, "cost_left_lamports": 71},
            {"raw_left": 4, "cost_left_lamports": None},
            {"raw_left": 10, "cost_left_lamports": 300},
        ]
    }


def test_a_sale_that_leaves_dust_loses_its_cost_and_the_next_trip_has_it_free() -> None:
    """999 of a million left is under a thousandth of the most held; 1,000 is not."""
    for left, cost_left in ((999, 0), (1_000, 1_000_000)):
        ledger = Ledger()
        ledger.record(trade("buy", 1_000_000, 10**9))
        ledger.record(trade("sell", 1_000_000 - left, 2 * 10**9))
        lots = [{"raw_left": left, "cost_left_lamports": cost_left}]
        assert ledger.open_lots("w") == {"m": lots}
        assert ledger.totals("w")["realised_lamports"] == 10**9 + cost_left
        ledger.record(trade("buy", 1_000_000, 10**9))
        ledger.record(trade("sell", 1_000_000 + left, 2 * 10**9))
        assert ledger.totals("w")["realised_lamports"] == 2 * 10**9


def test_a_remainder_worth_less_than_fifty_thousand_lamports_is_dust() -> None:
    """By the sale's own price, before its costs: 50 left at 999 lamports each, or at 1,000."""
    for price, cost_left in ((999, 0), (1_000, 100)):
        ledger = Ledger()
        ledger.record(trade("buy", 100, 200))
        ledger.record(trade("sell", 50, 50 * price, 40_000))
        lots = [{"raw_left": 50, "cost_left_lamports": cost_left}]
        assert ledger.open_lots("w") == {"m": lots}
        realised = 50 * price - 40_000 - 200 + cost_left
        assert ledger.totals("w")["realised_lamports"] == realised


def test_dust_that_came_without_a_cost_stays_without_one() -> None:
    ledger = Ledger()
    ledger.receive("w", "m", 100)
    ledger.record(trade("sell", 50, 50))
    assert ledger.open_lots("w") == {"m": [{"raw_left": 50, "cost_left_lamports": None}]}
    assert ledger.totals("w")["realised_lamports"] == 0


def test_the_most_held_is_counted_anew_with_each_trip() -> None:
    """A trip that ended by a transfer or a sale leaves no peak behind: 5 of 1,000 is no dust."""
    ledger = Ledger()
    for leave in (ledger.send, lambda w, m, raw: ledger.record(trade("sell", raw, raw))):
        ledger.record(trade("buy", 10_000_000, 1))
        leave("w", "m", 10_000_000)
    ledger.record(trade("buy", 1_000, 1_000))
    ledger.record(trade("sell", 995, 995 * 10**6))
    assert ledger.open_lots("w") == {"m": [{"raw_left": 5, "cost_left_lamports": 5}]}


def test_selling_more_than_held_is_an_error() -> None:
    ledger = Ledger()
    ledger.record(trade("buy", 1, 1))
    with pytest.raises(IndexError):
        ledger.record(trade("sell", 2, 1))


def test_books_hold_exactly_what_the_accounts_hold(ran: Ran) -> None:
    world = ran[0].world
    checked = 0
    for wallet in world.wallets:
        held: dict[str, int] = {}
        for key in world.bank.owned.get(wallet, set()):
            account = world.bank.tokens[key]
            if account.amount and account.mint != WSOL:
                held[account.mint] = account.amount
                assert key == ata(wallet, account.mint, account.program)
        books = world.ledger.holdings(wallet)
        assert {mint: row["raw"] for mint, row in books.items()} == held
        checked += len(held)
    assert checked > 100


def test_every_true_trade_agrees_with_the_balances_of_its_transaction(chain: Chain) -> None:
    """Lamports of the payer = swap and costs and the deposits of its own token accounts."""
    tips = set(JITO_TIPS) | {account for account, _ in PLATFORMS}
    rows = chain.store.rows(
        "SELECT tx.body, trade.wallet, side, mint, raw, lamports, costs FROM trade "
        "JOIN tx ON tx.signature = trade.signature ORDER BY trade.rowid"
    )
    by_signature: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    records: dict[str, Record] = {}
    for body, *rest in rows:
        record = unpack(body)
        records[record.signature] = record
        by_signature[record.signature].append(tuple(rest))
    kinds = set()
    for signature, trades in by_signature.items():
        record = records[signature]
        order = record.all_keys
        wallet = order[0]
        if record.steps[1:2] and any(
            step.data[:8].hex() == "d6904cec5f8b31b4" for step in record.steps
        ):
            continue  # a launch also pays for the mint and the curve
        swapped = sum(int(t[4]) * (1 if t[1] == "sell" else -1) for t in trades)  # type: ignore[call-overload]
        costs = sum(int(t[5]) for t in trades)  # type: ignore[call-overload]
        own = {row[0] for row in record.pre_tokens + record.post_tokens if row[2] == wallet}
        deposits = sum(record.post[n] - record.pre[n] for n in own)
        assert record.post[0] - record.pre[0] == swapped - costs - deposits, signature
        paid = sum(record.post[n] - record.pre[n] for n, key in enumerate(order) if key in tips)
        assert costs == record.fee + paid
        for _, side, mint, raw, _, _ in trades:
            change = sum(r[4] for r in record.post_tokens if r[1] == mint and r[2] == wallet)
            change -= sum(r[4] for r in record.pre_tokens if r[1] == mint and r[2] == wallet)
            assert change == (raw if side == "buy" else -int(raw))  # type: ignore[call-overload]
            kinds.add((side, len(trades)))
    assert kinds == {("buy", 1), ("sell", 1), ("buy", 2), ("sell", 2)}


def test_truth_endpoint_totals_follow_from_its_own_trades(chain: Chain) -> None:
    checked = 0
    for wallet in chain.world.wallets:
        truth = wallet_truth(chain, wallet)
        ledger = Ledger()
        if any(row["unknown_raw"] for row in truth["holdings"].values()):
            continue
        if truth["unknown_proceeds_lamports"]:
            continue  # its trades alone do not tell what was given to it
        for row in truth["trades"]:
            ledger.record(
                TruthTrade(wallet, row["side"], row["mint"], row["raw"], row["lamports"],
                           row["costs_lamports"])
            )  # fmt: skip
        if ledger.holdings(wallet) == truth["holdings"]:
            assert ledger.totals(wallet)["realised_lamports"] == truth["realised_lamports"]
            checked += truth["realised_lamports"] != 0
    assert checked >= 10
