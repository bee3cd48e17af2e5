"""Who may see what: nobody without login, nobody another's wallets or nicknames."""

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from aura.consumers import audiences
from aura.models import User
from tests.make import address, make_token, make_trade, make_wallet
from wallets.actions import follow_wallet, unfollow_wallet
from wallets.models import Follow, Wallet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/whales/", "/feed/", f"/whales/{address('Yenni')}/"])
def test_a_page_without_login_leads_to_login(page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={page}"


def test_the_start_without_login_is_the_landing_page() -> None:
    answer = Client().get("/")
    assert answer.status_code == 200
    assert next(t.name for t in answer.templates) == "landing.html"


def _pages_of(wallet: Wallet, mint: str) -> list[str]:
    return [
        wallet.get_absolute_url(),
        reverse("follow", args=[wallet.address]),
        reverse("position", args=[wallet.address, mint, 0]),
    ]


def test_a_followed_wallet_is_the_followers_alone(
    as_alice: Client, as_bob: Client, alice: User
) -> None:
    wallet = make_wallet()
    make_trade(wallet)
    follow_wallet(alice, address=wallet.address, nickname="Yenni of Alice")
    for page in _pages_of(wallet, make_token().mint):
        assert as_alice.get(page).status_code == 200, page
        assert as_bob.get(page).status_code == 404, page
    for page in ("/", "/whales/", "/feed/"):
        assert wallet.address in as_alice.get(page).content.decode(), page
        assert wallet.address not in as_bob.get(page).content.decode(), page
    for verb in ("follow", "unfollow"):
        assert as_bob.post(reverse(verb, args=[wallet.address])).status_code == 404
    assert list(Follow.objects.values_list("user", "nickname")) == [(alice.pk, "Yenni of Alice")]


def test_two_users_never_see_each_others_nicknames(
    as_alice: Client, as_bob: Client, alice: User, bob: User
) -> None:
    wallet = make_wallet(curated=True)
    make_trade(wallet)
    follow_wallet(alice, address=wallet.address, nickname="Apple")
    follow_wallet(bob, address=wallet.address, nickname="Pear")
    for page in ("/", "/whales/", "/feed/", wallet.get_absolute_url()):
        alices, bobs = as_alice.get(page).content.decode(), as_bob.get(page).content.decode()
        assert "Apple" in alices, page
        assert "Pear" not in alices, page
        assert "Pear" in bobs, page
        assert "Apple" not in bobs, page


@pytest.mark.django_db(transaction=True)
async def test_a_socket_hears_its_user_and_the_wallets_he_sees(alice: User, bob: User) -> None:
    from asgiref.sync import sync_to_async

    curated = await sync_to_async(make_wallet)("curated", curated=True)
    own = await sync_to_async(make_wallet)("own")
    await sync_to_async(follow_wallet)(alice, address=own.address)
    assert await audiences(bob) == {
        "everyone", "signals", f"user:{bob.pk}", f"wallet:{curated.pk}"
    }  # fmt: skip
    assert await audiences(alice) == {
        "everyone", "signals", f"user:{alice.pk}", f"wallet:{curated.pk}", f"wallet:{own.pk}"
    }  # fmt: skip
    await sync_to_async(unfollow_wallet)(alice, wallet=own)
    assert await audiences(alice) == {
        "everyone", "signals", f"user:{alice.pk}", f"wallet:{curated.pk}"
    }  # fmt: skip
    await sync_to_async(connections.close_all)()
