"""Ten thousand random histories against other ledgers, where those are right.

beancount books FIFO, LIFO and HIFO, at the quoted price without fees; rp2 1.7.2 is right about
the same three (its LOFO is not) and puts a purchase's fee into the cost. LOFO and average are
held by the vectors. Both see what `manage ledger` folds and tells.
"""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from aura.management.bench.peers import PEERS, Matched
from tests.wallets.histories import AT
from wallets.domain.ledger import Method
from wallets.domain.ledger.histories import POLICIES, Deal, tell_case

HISTORIES = 10_000
# rp2 computes with 28 digits and rounds on the way; beancount's products here are exact.
NEAR = {"beancount": Decimal(0), "rp2": Decimal("1e-13")}


def history(seed: int, *, with_fees: bool) -> list[Deal]:
    """Up to 25 deals, never more sold than held: often a few prices only, often all of it sold."""
    chance = random.Random(seed)
    prices = [_decimal(chance, 9, 9) for _ in range(chance.choice([1, 3, 25]))]
    held, deals, at = Decimal(0), [], AT
    for no in range(1, chance.randint(2, 25)):
        at += timedelta(seconds=chance.randint(1, 100_000))
        is_buy = not held or chance.random() < 0.55
        quantity = _decimal(chance, 9, 6)
        if not is_buy:
            quantity = held if chance.random() < 0.2 else min(held, quantity)
        held += quantity if is_buy else -quantity
        fee = _decimal(chance, 4, 5) if with_fees and is_buy else Decimal(0)
        deals.append(Deal(no, is_buy, at, quantity, chance.choice(prices), fee))
    return deals


def _decimal(chance: random.Random, digits: int, places: int) -> Decimal:
    return Decimal(chance.randint(1, 10 ** chance.randint(1, digits))).scaleb(-places)


def ours(deals: list[Deal], method: Method) -> list[Matched]:
    rows = tell_case("", deals, method, POLICIES["aura"])["rows"]
    return [(str(r["sell"]), str(r["lot"]), Decimal(r["qty"]), Decimal(r["cost"])) for r in rows]


def disagree(ours: list[Matched], theirs: list[Matched], near: Decimal) -> bool:
    return len(ours) != len(theirs) or any(
        a[:3] != b[:3] or abs(a[3] - b[3]) > near for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo"])
@pytest.mark.parametrize(
    ("peer", "count"),
    [
        ("beancount", 50),
        ("rp2", 50),
        pytest.param("beancount", HISTORIES, marks=pytest.mark.slow),
        pytest.param("rp2", HISTORIES, marks=pytest.mark.slow),
    ],
)
def test_no_history_disagrees(peer: str, count: int, method: Method) -> None:
    wrong, sales = [], 0
    for seed in range(count):
        deals = history(seed, with_fees=peer == "rp2")
        if all(deal.is_buy for deal in deals):
            continue
        prepared = PEERS[peer](deals, method)
        theirs = prepared.rows(prepared.match())
        sales += len(theirs)
        if disagree(ours(deals, method), theirs, NEAR[peer]):
            wrong.append(seed)
    assert wrong == []
    assert sales > 5 * count
