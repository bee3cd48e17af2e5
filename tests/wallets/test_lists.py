"""A user's own lists, and what he keeps about wallets he follows: bounds, and nobody else's."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core.errors import LimitReached, Refused
from tests.make import address, make_wallet
from wallets import actions
from wallets.actions import FollowTerms, follow_wallet
from wallets.domain.tags import normal_tags
from wallets.models import Follow, ListedWallet, WalletList

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (["#Early", " early ", "EARLY"], ["early"]),
        (["two   words", ""], ["two words"]),
        (["ＦＵＬＬ", "straße", "STRASSE"], ["full", "strasse"]),
        (["##", " , "[0:1]], []),
        (["b", "a"], ["a", "b"]),
    ],
)
def test_tags_are_written_one_way(given: list[str], tags: list[str]) -> None:
    assert normal_tags(given) == tags
    assert normal_tags(tags) == tags


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["x" * 25], "at most 24 characters"),
        (["a\u202eb"], "printable"),
        (["a,b"], "no comma"),
        ([str(n) for n in range(13)], "at most 12 tags"),
    ],
)
def test_what_is_no_tag_is_refused(given: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normal_tags(given)


def test_what_is_kept_of_a_follow_is_kept_whole_or_not_at_all(alice: Any, bob: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni"), nickname="Y").wallet
    follow_wallet(bob, address=address("Yenni"))
    terms = FollowTerms(tags=["Memes", "#early"], notes=" a\r\nb\x07 ",
                        min_trade_usd=Decimal("99.999"))  # fmt: skip
    actions.edit_follow(alice, wallet=wallet, terms=terms)
    kept = Follow.objects.get(user=alice)
    assert (kept.nickname, kept.tags, kept.notes) == ("Y", ["early", "memes"], "a\nb")
    assert kept.min_trade_usd == Decimal("100.00")
    for wrong in (
        FollowTerms(tags=["x" * 25]),
        FollowTerms(notes="x" * 2_001),
        FollowTerms(min_trade_usd=Decimal(-1)),
    ):
        with pytest.raises(Refused):
            actions.edit_follow(alice, wallet=wallet, terms=wrong)
    after = Follow.objects.get(user=alice)
    assert (after.tags, after.notes) == (kept.tags, kept.notes)
    his = Follow.objects.get(user=bob)
    assert (his.tags, his.notes, his.min_trade_usd) == ([], "", None)


def test_a_mute_ends_by_itself_or_never(alice: Any, carol: Any) -> None:
    wallet = follow_wallet(alice, address=address("Yenni")).wallet
    hour = timedelta(hours=1)
    follow = actions.mute_follow(alice, wallet=wallet, at=NOW, until=NOW + hour)
    assert [follow.is_muted(NOW + n * hour) for n in (0, 1, 2)] == [True, False, False]
    follow = actions.mute_follow(alice, wallet=wallet, at=NOW, until=None)
    assert follow.is_muted(NOW + 100_000 * hour)
    with pytest.raises(Refused, match="over already"):
        actions.mute_follow(alice, wallet=wallet, at=NOW, until=NOW)
    assert Follow.objects.get().is_muted(NOW)
    assert not actions.unmute_follow(alice, wallet=wallet).is_muted(NOW)
    for verb in (
        lambda: actions.mute_follow(carol, wallet=wallet, at=NOW, until=None),
        lambda: actions.unmute_follow(carol, wallet=wallet),
        lambda: actions.edit_follow(carol, wallet=wallet, terms=FollowTerms()),
    ):
        with pytest.raises(Refused, match="do not follow"):
            verb()
    assert Follow.objects.count() == 1


def test_lists_are_made_renamed_filled_and_deleted(alice: Any) -> None:
    kept = actions.create_list(alice, name="  Early   birds ")
    assert kept.name == "Early birds"
    mine, curated = make_wallet("mine"), make_wallet("curated", curated=True)
    follow_wallet(alice, address=mine.address)
    added = [actions.add_to_list(alice, list_id=kept.pk, wallet=w) for w in (mine, curated, mine)]
    assert added == [True, True, False]
    assert set(kept.wallets.all()) == {mine, curated}
    actions.remove_from_list(alice, list_id=kept.pk, wallet=curated)
    assert list(kept.wallets.all()) == [mine]
    actions.rename_list(alice, list_id=kept.pk, name="EARLY birds")
    actions.delete_list(alice, list_id=kept.pk)
    assert (WalletList.objects.count(), ListedWallet.objects.count()) == (0, 0)
    assert Follow.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "needs a name"),
        ("x" * 65, "at most 64"),
        ("a\u202eb", "printable"),
        ("ONE", "a list named ONE already"),
    ],
)
def test_a_bad_or_taken_name_is_refused(alice: Any, bob: Any, name: str, reason: str) -> None:
    actions.create_list(alice, name="one")
    other = actions.create_list(alice, name="other")
    for verb in (
        lambda: actions.create_list(alice, name=name),
        lambda: actions.rename_list(alice, list_id=other.pk, name=name),
    ):
        with pytest.raises(Refused, match=reason):
            verb()
    assert sorted(WalletList.objects.values_list("name", flat=True)) == ["one", "other"]
    assert actions.create_list(bob, name="one").user == bob


def test_nobody_touches_anothers_list(alice: Any, bob: Any) -> None:
    kept = actions.create_list(alice, name="hers")
    wallet = make_wallet(curated=True)
    actions.add_to_list(alice, list_id=kept.pk, wallet=wallet)
    secret = actions.share_list(alice, list_id=kept.pk)
    for verb in (
        lambda: actions.rename_list(bob, list_id=kept.pk, name="his"),
        lambda: actions.delete_list(bob, list_id=kept.pk),
        lambda: actions.add_to_list(bob, list_id=kept.pk, wallet=wallet),
        lambda: actions.remove_from_list(bob, list_id=kept.pk, wallet=wallet),
        lambda: actions.place_on_lists(bob, wallet=wallet, list_ids=[kept.pk]),
        lambda: actions.share_list(bob, list_id=kept.pk),
        lambda: actions.unshare_list(bob, list_id=kept.pk),
    ):
        with pytest.raises(Refused, match="no such list of yours"):
            verb()
    kept.refresh_from_db()
    assert (kept.name, kept.share_token, list(kept.wallets.all())) == ("hers", secret, [wallet])
    actions.place_on_lists(bob, wallet=wallet, list_ids=[])
    assert list(kept.wallets.all()) == [wallet]


def test_what_is_not_seen_is_not_listed(alice: Any, bob: Any) -> None:
    kept, hidden = actions.create_list(alice, name="one"), make_wallet()
    follow_wallet(bob, address=hidden.address)
    with pytest.raises(Refused, match="do not follow"):
        actions.add_to_list(alice, list_id=kept.pk, wallet=hidden)
    assert ListedWallet.objects.count() == 0


def test_limits_are_told_and_change_nothing(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = actions.create_list(alice, name="0")
    for n in range(1, 20):
        actions.create_list(alice, name=str(n))
    with pytest.raises(LimitReached, match="20 lists") as refusal:
        actions.create_list(alice, name="one more")
    assert (refusal.value.limit, WalletList.objects.count()) == (20, 20)
    monkeypatch.setattr("wallets.actions.lists.MOST_LISTED", 1)
    one, two = make_wallet("one", curated=True), make_wallet("two", curated=True)
    actions.add_to_list(alice, list_id=first.pk, wallet=one)
    with pytest.raises(LimitReached, match="as many as a list can"):
        actions.add_to_list(alice, list_id=first.pk, wallet=two)
    with pytest.raises(LimitReached, match="20 lists"):
        actions.place_on_lists(alice, wallet=one, list_ids=[], new_name="new")
    assert list(ListedWallet.objects.values_list("list", "wallet")) == [(first.pk, one.pk)]


def test_a_wallet_is_on_exactly_the_lists_that_are_ticked(alice: Any) -> None:
    wallet = make_wallet(curated=True)
    a, b = (actions.create_list(alice, name=name) for name in "ab")
    actions.place_on_lists(alice, wallet=wallet, list_ids=[a.pk])
    actions.place_on_lists(alice, wallet=wallet, list_ids=[b.pk], new_name="c")
    on = ListedWallet.objects.filter(wallet=wallet).values_list("list__name", flat=True)
    assert sorted(on) == ["b", "c"]


def test_a_link_taken_back_never_leads_there_again(alice: Any) -> None:
    kept = actions.create_list(alice, name="shared")
    first = actions.share_list(alice, list_id=kept.pk)
    assert actions.share_list(alice, list_id=kept.pk) == first
    assert len(first) >= 32
    assert list(WalletList.objects.shared_as(first)) == [kept]
    actions.unshare_list(alice, list_id=kept.pk)
    assert list(WalletList.objects.shared_as(first)) == []
    assert list(WalletList.objects.shared_as("")) == []
    assert actions.share_list(alice, list_id=kept.pk) != first
