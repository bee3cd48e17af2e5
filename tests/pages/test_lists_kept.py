"""What a user keeps about wallets: tags, notes, mute and minimum, on pages, in the feed, pushed."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from aura.core.events import announce
from aura.models import User
from tests.make import make_trade, make_wallet
from wallets.actions import FollowTerms, create_list, edit_follow, follow_wallet, mute_follow
from wallets.events import TradesRecorded
from wallets.models import Follow, ListedWallet, Wallet
from wallets.subscribers import push_news

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _names(client: Client, page: str = "/feed/") -> Any:
    html = client.get(page).content.decode()
    return json.loads(re.findall(r'<script id="names"[^>]*>(.*?)</script>', html)[0])


def _feed(client: Client, query: str = "") -> list[int]:
    html = client.get(f"/feed/?{query}").content.decode()
    return [int(pk) for pk in re.findall(r'<tr id="trade-(\d+)"', html)]


@pytest.fixture
def followed(alice: User) -> Wallet:
    wallet = make_wallet(curated=True)
    follow_wallet(alice, address=wallet.address, nickname="Yenni")
    return wallet


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_notes_tags_and_minimum_are_kept_with_and_without_script(
    as_alice: Client, followed: Wallet, headers: dict[str, str]
) -> None:
    sent = {"tags": "Memes, #early", "notes": "<b>buys</b>\nat night", "min_trade_usd": "250.5"}
    answer = as_alice.post(
        reverse("edit_follow", args=[followed.address]), sent, headers=headers, follow=not headers
    )
    assert answer.status_code == 200
    follow = Follow.objects.get()
    assert (follow.nickname, follow.tags, follow.notes, follow.min_trade_usd) == (
        "Yenni", ["early", "memes"], "<b>buys</b>\nat night", Decimal("250.50")
    )  # fmt: skip
    html = answer.content.decode()
    assert "&lt;b&gt;buys&lt;/b&gt;<br>at night" in html
    assert 'href="/whales/?tag=early"' in html
    assert ("<html" in html) is not bool(headers)
    assert '"min": "250.50"' in html


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"tags": "x" * 25}, "at most 24 characters"),
        ({"notes": "x" * 2001}, "at most 2000 characters"),
        ({"min_trade_usd": "-1"}, "greater than or equal to 0"),
        ({"min_trade_usd": "NaN"}, "Enter a number"),
        ({"min_trade_usd": "1e12"}, "A threshold lies between"),
    ],
)
def test_a_refusal_is_told_in_place_and_keeps_what_was_written(
    as_alice: Client, followed: Wallet, headers: Any, sent: dict[str, str], told: str
) -> None:
    url = reverse("edit_follow", args=[followed.address])
    answer = as_alice.post(url, {"notes": "long thoughts", **sent}, headers=headers)
    html = answer.content.decode()
    assert (answer.status_code, told in html) == (422, True)
    assert "long thoughts" in html or "notes" in sent
    assert Follow.objects.get().notes == ""


def test_muting_and_unmuting(as_alice: Client, followed: Wallet, standing_clock: datetime) -> None:
    url = reverse("mute", args=[followed.address])
    assert as_alice.post(url, {"for": "7d"})["Location"] == f"/whales/{followed.address}/#own"
    assert Follow.objects.get().muted_until == standing_clock + timedelta(days=7)
    until = int((standing_clock + timedelta(days=7)).timestamp())
    assert _names(as_alice)[followed.address] == {"name": "Yenni", "muted": until}
    assert "muted until" in as_alice.get(followed.get_absolute_url()).content.decode()
    assert ">muted<" in as_alice.get("/whales/").content.decode()
    as_alice.post(url, {"for": "always"}, headers=HTMX)
    assert _names(as_alice)[followed.address] == {"name": "Yenni", "muted": True}
    answer = as_alice.post(reverse("unmute", args=[followed.address]), headers=HTMX)
    assert answer.status_code == 200
    assert _names(as_alice)[followed.address] == {"name": "Yenni"}
    assert ">muted<" not in as_alice.get("/whales/").content.decode()


def test_what_is_kept_is_ones_own(
    as_alice: Client, as_bob: Client, alice: User, bob: User, followed: Wallet
) -> None:
    follow_wallet(bob, address=followed.address)
    edit_follow(alice, wallet=followed, terms=FollowTerms(tags=["secret"], notes="whispered"))
    for page in ("/", "/whales/", "/feed/", followed.get_absolute_url(), "/whales/?tag=secret"):
        html = as_bob.get(page).content.decode()
        assert "whispered" not in html, page
        assert ">secret<" not in html, page
    assert "whispered" in as_alice.get(followed.get_absolute_url()).content.decode()
    assert as_bob.get("/whales/?tag=secret").context["wallets"] == []
    own = make_wallet("own")
    follow_wallet(alice, address=own.address)
    for name in ("edit_follow", "mute", "unmute", "place_on_lists"):
        assert as_bob.post(reverse(name, args=[own.address])).status_code == 404, name
        assert as_bob.get(reverse(name, args=[own.address])).status_code == 405, name


def test_only_a_follower_keeps_anything(as_bob: Client) -> None:
    wallet = make_wallet(curated=True)
    for name in ("edit_follow", "mute", "unmute"):
        answer = as_bob.post(reverse(name, args=[wallet.address]), {"for": "1h"})
        assert answer.status_code == 422, name
        assert "You do not follow this wallet." in answer.content.decode(), name
    assert Follow.objects.count() == 0


def test_whales_by_tag_and_list(as_alice: Client, alice: User, followed: Wallet) -> None:
    other = make_wallet("other", curated=True)
    edit_follow(alice, wallet=followed, terms=FollowTerms(tags=["early"]))
    kept = create_list(alice, name="Mine")
    ListedWallet.objects.create(list=kept, wallet=other)

    def found(query: str) -> list[Wallet]:
        return [wallet for wallet, _ in as_alice.get(f"/whales/?{query}").context["wallets"]]

    assert found("tag=%23EARLY") == [followed]
    assert found("tag=none") == []
    assert found("list=followed") == [followed]
    assert found(f"list={kept.pk}") == [other]
    assert found(f"list={kept.pk}&tag=early") == []
    assert found("list=999999999999999999") == []
    for nonsense in ("list=x", "list=-1", "tag=%00", "tag=" + "x" * 99, "list=1e5"):
        assert set(found(nonsense)) == {followed, other}, nonsense


def test_anothers_list_shows_nothing(as_bob: Client, alice: User) -> None:
    kept = create_list(alice, name="Hers")
    ListedWallet.objects.create(list=kept, wallet=make_wallet(curated=True))
    page = as_bob.get(f"/whales/?list={kept.pk}")
    assert page.context["wallets"] == []
    assert "Hers" not in page.content.decode()


def test_the_feed_leaves_out_what_is_muted_or_small(
    as_alice: Client, as_bob: Client, alice: User, bob: User, standing_clock: datetime
) -> None:
    muted, bounded, other = (make_wallet(name, curated=True) for name in ("m", "b", "o"))
    for user in (alice, bob):
        for wallet in (muted, bounded):
            follow_wallet(user, address=wallet.address)
    terms = FollowTerms(min_trade_usd=Decimal(100))
    edit_follow(alice, wallet=bounded, terms=terms)
    later = standing_clock + timedelta(seconds=1)
    mute_follow(alice, wallet=muted, at=standing_clock, until=later)
    trades = [
        make_trade(wallet, slot=slot, value_usd=usd, fold=False).pk
        for slot, (wallet, usd) in enumerate(
            [(muted, 500), (bounded, Decimal("99.999999")), (bounded, 100), (bounded, None),
             (other, 1)], start=1,
        )
    ]  # fmt: skip
    hushed, small, exact, unknown, others = trades
    assert _feed(as_alice) == [others, unknown, exact]
    assert _feed(as_alice, "followed=1") == [unknown, exact]
    assert _feed(as_alice, "muted=1") == trades[::-1]
    assert _feed(as_alice, "muted=1&followed=1") == [unknown, exact, small, hushed]
    assert _feed(as_bob) == trades[::-1]
    assert [row.trade.pk for row in as_alice.get("/").context["rows"]] == [others, unknown, exact]
    # its own page hides nothing
    page = as_alice.get(muted.get_absolute_url())
    assert [row.trade.pk for row in page.context["rows"]] == [hushed]
    Follow.objects.update(muted_until=standing_clock, muted_at=standing_clock)
    assert _feed(as_alice) == [others, unknown, exact, hushed]


def test_pushed_rows_carry_what_the_rule_needs_and_nothing_private(
    as_alice: Client, alice: User, followed: Wallet, sent: list[dict[str, Any]],
    standing_clock: datetime,
) -> None:  # fmt: skip
    assert push_news() is False
    terms = FollowTerms(tags=["hush"], notes="hush", min_trade_usd=Decimal(7))
    edit_follow(alice, wallet=followed, terms=terms)
    mute_follow(alice, wallet=followed, at=standing_clock, until=None)
    trade = make_trade(followed, value_usd=Decimal("12.5"))
    with transaction.atomic():
        announce(TradesRecorded([trade.pk], [followed.pk]))
    push_news()
    everything = "".join(frame["content"] for frame in sent)
    assert 'data-usd="12.500000"' in sent[0]["content"]
    assert "hush" not in everything
    assert "muted" not in everything
    html = as_alice.get("/feed/").content.decode()
    assert "data-only-news" in html
    assert "data-only-news" not in as_alice.get("/feed/?muted=1").content.decode()
    assert "data-only-news" not in as_alice.get(followed.get_absolute_url()).content.decode()
    assert _names(as_alice) == {followed.address: {"name": "Yenni", "muted": True, "min": "7.00"}}
