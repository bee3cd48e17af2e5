"""Signing up, confirming, resetting: a newcomer's way through the mail."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db
GOOD = "a-good-long-password-9"  # made up


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def _link(body: str) -> str:
    found = re.search(r"https?://\S+(/accounts/\S+)", body)
    assert found
    return found.group(1)


def _sign_up(client: Client, email: str = "new@example.com") -> int:
    form = {"email": email, "password1": GOOD, "password2": GOOD}
    return client.post("/accounts/signup/", form).status_code


def test_a_newcomer_confirms_his_address_and_comes_in(client: Client) -> None:
    assert _sign_up(client) == 302
    assert client.get("/whales/").status_code == 302, "not before the address is confirmed"
    message = mail.outbox[0]
    assert (message.subject, message.to) == ("Confirm your address for AURA", ["new@example.com"])
    client.post(_link(str(message.body)))
    client.post("/accounts/login/", {"login": "new@example.com", "password": GOOD})
    assert client.get("/whales/").status_code == 200


def test_an_address_with_an_account_is_not_told_to_the_one_who_asks(
    client: Client, alice: object
) -> None:
    assert _sign_up(client, "alice@example.com") == 302
    assert [m.subject for m in mail.outbox] == ["You have an account on AURA already"]


def test_a_forgotten_password_is_set_anew_once(client: Client, alice: object) -> None:
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    link = _link(str(mail.outbox[0].body))
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    client.post(path, {"password1": GOOD, "password2": GOOD})
    assert client.login(email="alice@example.com", password=GOOD)
    again = Client().get(link, follow=True)
    assert b"password1" not in again.content, "the link works once"


def test_an_unknown_address_gets_a_mail_that_says_so(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert answer.status_code == 302
    assert mail.outbox[0].subject == "No account on AURA with this address"


@pytest.mark.parametrize("page", ["login", "signup", "password/reset", "confirm-email"])
def test_the_account_pages_wear_our_layout(client: Client, page: str) -> None:
    body = client.get(f"/accounts/{page}/").content.decode()
    assert "<main" in body
    assert "Sandbox" in body
