"""From how many dollars on a followed wallet's trades are news; and whom no plan stops."""

from decimal import Decimal
from typing import Any

import pytest

from aura.core.errors import LimitReached, Refused
from billing.models import Plan
from tests.make import address, make_wallet
from wallets.actions import follow_wallet, set_threshold
from wallets.models import Follow


def test_a_threshold_is_each_followers_own(alice: Any, bob: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    follow_wallet(bob, address=address("Yenni"))
    set_threshold(alice, wallet=wallet, min_trade_usd=Decimal("1000.126"))
    assert Follow.objects.get(user=alice).min_trade_usd == Decimal("1000.13")
    assert Follow.objects.get(user=bob).min_trade_usd is None
    set_threshold(alice, wallet=wallet, min_trade_usd=None)
    assert Follow.objects.get(user=alice).min_trade_usd is None


@pytest.mark.parametrize("amount", ["-0.01", "1000000000.01", "NaN", "Infinity"])
def test_a_threshold_nobody_can_mean_is_refused(alice: Any, amount: str) -> None:
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    with pytest.raises(Refused, match=r"between \$0 and \$1,000,000,000"):
        set_threshold(alice, wallet=wallet, min_trade_usd=Decimal(amount))
    assert Follow.objects.get().min_trade_usd is None


def test_only_a_followed_wallet_has_a_threshold(alice: Any) -> None:
    with pytest.raises(Refused, match="do not follow"):
        set_threshold(alice, wallet=make_wallet(), min_trade_usd=Decimal(5))
    assert Follow.objects.count() == 0


def test_the_plan_does_not_stop_the_owners_import_but_what_comes_after(bob: Any) -> None:
    Plan.objects.filter(code="free").update(own_wallets=1)
    follow_wallet(bob, address=address("one"))
    follow_wallet(bob, address=address("two"), beyond_plan=True)
    with pytest.raises(LimitReached):
        follow_wallet(bob, address=address("three"))
    assert Follow.objects.filter(user=bob).count() == 2
