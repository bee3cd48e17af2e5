"""Following from the pages: success and refusal, with and without htmx."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from aura.models import User
from tests.make import address, make_wallet
from wallets.actions import follow_wallet
from wallets.models import Follow, Wallet

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _follows(user: User) -> list[tuple[str, str]]:
    return list(Follow.objects.filter(user=user).values_list("wallet__address", "nickname"))


def test_adding_an_address_follows_it_and_leads_to_its_page(as_alice: Client, alice: User) -> None:
    given = address("new")
    answer = as_alice.post("/whales/add/", {"address": f" {given} ", "nickname": "New one"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/whales/{given}/"
    assert _follows(alice) == [(given, "New one")]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"address": "0OIl"}, "not base58"),
        ({"address": ""}, "This field is required."),
        ({"address": "x" * 5000}, "at most 100 characters"),
        ({}, "This field is required."),
    ],
)
def test_a_bad_address_is_refused_beside_the_form(
    as_alice: Client, alice: User, sent: dict[str, str], told: str
) -> None:
    answer = as_alice.post("/whales/add/", sent)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert (_follows(alice), Wallet.objects.count()) == ([], 0)
    assert not list(get_messages(answer.wsgi_request))


def test_the_plans_limit_is_told_in_place(as_bob: Client, bob: User) -> None:
    for number in range(10):
        follow_wallet(bob, address=address(f"w{number}"))
    wallet = make_wallet("eleventh", curated=True)
    before = _follows(bob)
    url = reverse("follow", args=[wallet.address])
    for headers in ({}, HTMX):
        answer = as_bob.post(url, {"nickname": "x"}, headers=headers)
        assert answer.status_code == 422
        assert "Your Free plan follows 10 wallets." in answer.content.decode()
    assert _follows(bob) == before


def test_follow_rename_and_unfollow_in_a_row(as_alice: Client, alice: User) -> None:
    wallet = make_wallet(curated=True)
    url = reverse("follow", args=[wallet.address])
    form = as_alice.get(url, headers=HTMX).content.decode()
    assert "Unfollow" not in form
    assert 'name="csrfmiddlewaretoken"' in form

    answer = as_alice.post(url, {"nickname": "One"}, headers=HTMX).content.decode()
    assert "Following" in answer
    assert f'"{wallet.address}": {{"name": "One"}}' in answer
    assert _follows(alice) == [(wallet.address, "One")]

    assert "Unfollow" in as_alice.get(url, headers=HTMX).content.decode()
    as_alice.post(url, {"nickname": ""}, headers=HTMX)
    assert _follows(alice) == [(wallet.address, "")]

    answer = as_alice.post(reverse("unfollow", args=[wallet.address]), headers=HTMX)
    assert "Following" not in answer.content.decode()
    assert _follows(alice) == []


def test_without_script_follow_returns_to_the_page(as_alice: Client, alice: User) -> None:
    curated, own = make_wallet("curated", curated=True), make_wallet("own")
    follow_wallet(alice, address=own.address)
    answer = as_alice.post(reverse("follow", args=[curated.address]), {"nickname": "C"})
    assert answer["Location"] == curated.get_absolute_url()
    # what nobody else shows him is gone with the follow, so he is led to the list
    answer = as_alice.post(reverse("unfollow", args=[own.address]))
    assert answer["Location"] == "/whales/"
    answer = as_alice.post(reverse("unfollow", args=[curated.address]))
    assert answer["Location"] == curated.get_absolute_url()


def test_changes_need_a_token_and_a_post(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    wallet = make_wallet(curated=True)
    for name in ("follow", "unfollow"):
        assert strict.post(reverse(name, args=[wallet.address])).status_code == 403
    assert strict.post("/whales/add/", {"address": wallet.address}).status_code == 403
    assert strict.get(reverse("unfollow", args=[wallet.address])).status_code == 405
    assert _follows(alice) == []


def test_a_reload_after_a_refused_address_leads_back_to_whales(as_alice: Client) -> None:
    answer = as_alice.get("/whales/add/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/whales/")
