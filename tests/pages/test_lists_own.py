"""A user's own lists on pages: made, filled, shared by a link; a stranger finds nothing."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aura.models import User
from tests.make import address, make_trade, make_wallet
from wallets.actions import create_list, follow_wallet, share_list, unfollow_wallet
from wallets.models import ListedWallet, Wallet, WalletList

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
VERBS = ("rename_list", "delete_list", "add_to_list", "share_list", "unshare_list")


@pytest.fixture
def kept(alice: User) -> WalletList:
    """A list of Alice's with one curated wallet."""
    made = create_list(alice, name="Early <birds>")
    ListedWallet.objects.create(list=made, wallet=make_wallet("listed", curated=True))
    return made


def test_a_list_is_made_and_filled_by_address(as_alice: Client, alice: User) -> None:
    page = as_alice.post("/lists/", {"name": "Early birds"}, follow=True)
    made = WalletList.objects.get()
    assert page.redirect_chain == [(f"/lists/{made.pk}/", 302)]
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    add = reverse("add_to_list", args=[made.pk])
    page = as_alice.post(add, {"address": f" {wallet.address} "}, follow=True)
    assert [w for w, _ in page.context["wallets"]] == [wallet]
    hidden = make_wallet("hidden")
    for given in (hidden.address, "nonsense", "", "\x00"):
        answer = as_alice.post(add, {"address": given})
        assert answer.status_code == 422
        assert "Follow it first" in answer.content.decode()
    as_alice.post(reverse("remove_from_list", args=[made.pk, wallet.address]))
    assert ListedWallet.objects.count() == 0
    as_alice.post(reverse("rename_list", args=[made.pk]), {"name": "Late"})
    assert "Late" in as_alice.get("/lists/").content.decode()
    assert as_alice.post(reverse("delete_list", args=[made.pk]))["Location"] == "/lists/"
    assert WalletList.objects.count() == 0


def test_a_refused_name_is_told_beside_the_form(as_alice: Client, kept: WalletList) -> None:
    for sent in ({"name": "EARLY <birds>"}, {}, {"name": "x" * 65}):
        assert as_alice.post("/lists/", sent).status_code == 422
    answer = as_alice.post("/lists/", {"name": "EARLY <birds>"})
    assert "You have a list named EARLY &lt;birds&gt; already." in answer.content.decode()
    answer = as_alice.post(reverse("rename_list", args=[kept.pk]), {"name": ""})
    assert (answer.status_code, WalletList.objects.get().name) == (422, "Early <birds>")


def test_a_stranger_finds_no_list(as_bob: Client, kept: WalletList, alice: User) -> None:
    share_list(alice, list_id=kept.pk)
    before = WalletList.objects.values().get()
    listed = kept.wallets.get()
    assert as_bob.get(kept.get_absolute_url()).status_code == 404
    assert "Early" not in as_bob.get("/lists/").content.decode()
    for name in VERBS:
        sent = {"name": "his", "address": listed.address}
        assert as_bob.post(reverse(name, args=[kept.pk]), sent).status_code == 404, name
    remove = reverse("remove_from_list", args=[kept.pk, listed.address])
    assert as_bob.post(remove).status_code == 404
    assert WalletList.objects.values().get() == before
    assert list(kept.wallets.all()) == [listed]


def test_changes_need_a_login_a_token_and_a_post(alice: User, kept: WalletList) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get("/lists/").status_code == 302
    strict.force_login(alice)
    assert strict.post("/lists/", {"name": "x"}).status_code == 403
    for name in VERBS:
        assert strict.post(reverse(name, args=[kept.pk])).status_code == 403, name
        assert strict.get(reverse(name, args=[kept.pk])).status_code == 405, name
    assert WalletList.objects.get().share_token is None


def test_a_link_shows_the_list_and_nothing_of_its_owner(
    as_alice: Client, alice: User, kept: WalletList
) -> None:
    own = follow_wallet(alice, address=address("own"), nickname="My secret name").wallet
    ListedWallet.objects.create(list=kept, wallet=own)
    make_trade(own)
    as_alice.post(reverse("share_list", args=[kept.pk]))
    kept.refresh_from_db()
    link = f"/lists/shared/{kept.share_token}/"
    assert f"http://testserver{link}" in as_alice.get(kept.get_absolute_url()).content.decode()
    answer = Client().get(link)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Early &lt;birds&gt;" in html
    assert {w for w, _ in answer.context["wallets"]} == set(kept.wallets.all())
    assert "My secret name" not in html
    assert alice.email not in html
    assert 'method="post"' not in html
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    # a wallet that only its followers see has no page for others to be led to
    assert f'href="{own.get_absolute_url()}"' not in html
    as_alice.post(reverse("unshare_list", args=[kept.pk]))
    assert Client().get(link).status_code == 404
    for wrong in ("x", "None", "0"):
        assert Client().get(f"/lists/shared/{wrong}/").status_code == 404


def test_a_wallet_unfollowed_stays_on_the_list_unseen(as_alice: Client, alice: User) -> None:
    kept = create_list(alice, name="one")
    own = follow_wallet(alice, address=address("own")).wallet
    ListedWallet.objects.create(list=kept, wallet=own)
    share_list(alice, list_id=kept.pk)
    unfollow_wallet(alice, wallet=own)
    page = as_alice.get(kept.get_absolute_url())
    assert (page.context["wallets"], page.context["unseen"]) == ([], [own])
    assert "no longer followed" in page.content.decode()
    kept.refresh_from_db()
    assert Client().get(kept.get_shared_url()).context["wallets"] == []
    as_alice.post(reverse("remove_from_list", args=[kept.pk, own.address]))
    assert ListedWallet.objects.count() == 0


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_lists_are_ticked_on_the_wallets_page(
    as_alice: Client, alice: User, kept: WalletList, headers: Any
) -> None:
    wallet = make_wallet("other", curated=True)
    url = reverse("place_on_lists", args=[wallet.address])
    sent = {"list": [str(kept.pk), "x", "-1"], "name": "New one"}
    answer = as_alice.post(url, sent, headers=headers, follow=not headers)
    assert answer.status_code == 200
    on = ListedWallet.objects.filter(wallet=wallet).values_list("list__name", flat=True)
    assert sorted(on) == ["Early <birds>", "New one"]
    assert "<bdi>New one</bdi>" in answer.content.decode()
    answer = as_alice.post(url, {"list": ["999999999"]}, headers=headers)
    assert answer.status_code == 422
    assert "There is no such list of yours." in answer.content.decode()
    as_alice.post(url, {}, headers=headers)
    assert list(Wallet.objects.filter(lists__user=alice)) == [kept.wallets.get()]


def test_more_on_a_list_costs_no_more_queries(
    as_alice: Client, alice: User, kept: WalletList, django_assert_num_queries: Any
) -> None:
    share_list(alice, list_id=kept.pk)
    kept.refresh_from_db()
    pages = [(kept.get_absolute_url(), 6), ("/lists/", 4), (kept.get_shared_url(), 5)]
    for page, limit in pages:
        as_alice.get(page)
        with django_assert_num_queries(limit):
            as_alice.get(page)
    for number in range(3):
        wallet = make_wallet(f"w{number}", curated=True)
        ListedWallet.objects.create(list=kept, wallet=wallet)
        make_trade(wallet)
        create_list(alice, name=f"n{number}")
    for page, limit in pages:
        with django_assert_num_queries(limit):
            as_alice.get(page)
