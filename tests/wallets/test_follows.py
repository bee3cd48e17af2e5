"""Following: limits, names of one's own, and nothing of one user for another."""

from typing import Any

import pytest

from aura.core.errors import LimitReached, Refused
from billing.models import Plan
from tests.make import address, make_wallet
from wallets.actions import follow_wallet, rename_follow, unfollow_wallet
from wallets.models import Follow, Wallet


def test_following_tracks_the_wallet_and_keeps_the_nickname(alice: Any) -> None:
    follow = follow_wallet(alice, address=f" {address('Yenni')} ", nickname="  Yenni   the whale ")
    assert (follow.nickname, follow.wallet.address) == ("Yenni the whale", address("Yenni"))
    again = follow_wallet(alice, address=address("Yenni"))
    assert (again.pk, again.nickname) == (follow.pk, "Yenni the whale")
    assert Wallet.objects.count() == 1


def test_two_users_never_see_each_others_follows(alice: Any, bob: Any, carol: Any) -> None:
    mine = follow_wallet(alice, address=address("Yenni"), nickname="mine")
    his = follow_wallet(bob, address=address("Yenni"), nickname="his")
    assert list(Follow.objects.visible_to(alice)) == [mine]
    assert list(Follow.objects.visible_to(bob)) == [his]
    assert list(Follow.objects.visible_to(carol)) == []
    assert list(Wallet.objects.visible_to(alice)) == [mine.wallet]
    assert list(Wallet.objects.visible_to(carol)) == []


def test_a_curated_wallet_is_visible_to_everybody(carol: Any) -> None:
    make_wallet("hidden")
    shown = make_wallet("curated", curated=True)
    assert list(Wallet.objects.visible_to(carol)) == [shown]


def test_the_plan_limits_own_wallets_and_a_refusal_changes_nothing(bob: Any) -> None:
    Plan.objects.filter(code="free").update(own_wallets=2)
    follow_wallet(bob, address=address("one"))
    follow_wallet(bob, address=address("two"))
    with pytest.raises(LimitReached, match="Your Free plan follows 2 wallets") as refusal:
        follow_wallet(bob, address=address("three"))
    assert refusal.value.limit == 2
    assert Follow.objects.count() == 2
    assert Wallet.objects.count() == 2
    follow_wallet(bob, address=address("two"), nickname="renamed")
    assert Follow.objects.get(wallet__address=address("two")).nickname == "renamed"


@pytest.mark.parametrize(
    ("given", "nickname", "reason"),
    [
        ("whale_001", "", "no Solana address: not base58"),
        ("", "", "no address given"),
        (address("Yenni"), "x" * 65, "at most 64"),
        (address("Yenni"), "a\u202eb", "printable"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(
    alice: Any, given: str, nickname: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        follow_wallet(alice, address=given, nickname=nickname)
    assert (Follow.objects.count(), Wallet.objects.count()) == (0, 0)


def test_unfollowing_keeps_what_was_recorded(alice: Any, bob: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    follow_wallet(bob, address=address("Yenni"))
    unfollow_wallet(alice, wallet=wallet)
    assert [f.user for f in Follow.objects.all()] == [bob]
    assert Wallet.objects.watched().count() == 1
    unfollow_wallet(bob, wallet=wallet)
    assert (Wallet.objects.count(), Wallet.objects.watched().count()) == (1, 0)


def test_only_a_followed_wallet_can_be_renamed(alice: Any, bob: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni"), nickname="old").wallet
    assert rename_follow(alice, wallet=wallet, nickname="new").nickname == "new"
    with pytest.raises(Refused, match="do not follow"):
        rename_follow(bob, wallet=wallet, nickname="his")
    assert Follow.objects.get().nickname == "new"
