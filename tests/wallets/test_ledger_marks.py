"""When a token is dead for its holder though it may be traded."""

from decimal import Decimal
from typing import Any

import pytest

from wallets.domain.ledger.marks import exit_signs

ALIVE: dict[str, Any] = {
    "pool_usd": Decimal(1_000),
    "executable_lamports": 50,
    "cost_lamports": 1_000,
}


@pytest.mark.parametrize(
    ("told", "signs"),
    [
        ({}, ()),
        ({"pool_usd": Decimal("999.99")}, ("thin pool",)),
        ({"executable_lamports": 49}, ("no exit",)),
        ({"executable_lamports": 0}, ("no exit",)),
        ({"executable_lamports": 0, "cost_lamports": 0}, ()),
        ({"pool_usd": None, "executable_lamports": None}, ()),
        ({"pool_usd": Decimal(0), "executable_lamports": 1}, ("thin pool", "no exit")),
    ],
)
def test_when_a_traded_token_is_dead(told: dict[str, Any], signs: tuple[str, ...]) -> None:
    """Under $1,000, under 5 % of the cost; what is not known tells nothing."""
    assert exit_signs(**(ALIVE | told)) == signs
