"""The curated list: proposed by what is proven, kept with reasons, never forgotten."""

import importlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from aura.core import clock
from aura.core.errors import Refused
from aura.models import AuditEntry
from tests.make import SOL, make_trade, make_wallet
from wallets.actions import curate_wallet, describe_wallet, follow_wallet
from wallets.models import CuratedEntry, Wallet, WalletStats
from wallets.queries import curated_members, curated_version, propose_curated

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock to so many days after the start."""

    def set_clock(days: int) -> datetime:
        now = START + days * DAY
        monkeypatch.setattr(clock, "now", lambda: now)
        return now

    set_clock(0)
    return set_clock


def _stats(wallet: Wallet, **figures: Any) -> None:
    usual = {"closed_positions": 30, "wins": 20, "win_rate": 2 / 3, "win_rate_low": 0.48,
             "win_rate_high": 0.81, "coverage": 0.9, "trades": 60}  # fmt: skip
    WalletStats.objects.create(wallet=wallet, **(usual | figures))


def test_only_what_can_be_proven_is_proposed_the_best_first(alice: Any) -> None:
    def known(name: str, *, follow: bool = True, **figures: Any) -> Wallet:
        wallet = make_wallet(name)
        if follow:
            follow_wallet(alice, address=wallet.address)
        _stats(wallet, **figures)
        return wallet

    fair, best = known("fair"), known("best", win_rate_low=0.6)
    lucky = known("lucky", win_rate=1.0, win_rate_low=0.55, closed_positions=29)
    unclear = known("unclear", win_rate_low=0.9, coverage=0.8999)
    unsold = known("unsold", coverage=None)
    unwatched = known("unwatched", follow=False)
    vault, listed = known("vault"), known("listed")
    Wallet.objects.filter(pk=vault.pk).update(kind=Wallet.Kind.PROGRAM_OWNED)
    curate_wallet(listed)
    assert list(propose_curated()) == [best, fair]
    assert not {lucky, unclear, unsold, unwatched} & set(propose_curated())
    said = io.StringIO()
    call_command("propose_curated", limit=1, stdout=said)
    told, count = said.getvalue().splitlines()
    assert told.startswith(f"{best.address} win rate 60.0% to 81.0% (20 of 30), coverage 90.0%")
    assert count == "2 proposed"


def test_a_stay_keeps_the_figures_of_its_first_and_its_last_day(at: Any, staff: Any) -> None:
    wallet = make_wallet()
    make_trade(wallet, "buy", slot=1)
    make_trade(wallet, "sell", lamports=2 * SOL, slot=2)
    curate_wallet(wallet, by=staff, reason="  A  good\nyear ")
    entry = CuratedEntry.objects.get()
    assert (entry.entered_at, entry.by, entry.reason) == (START, staff, "A good year")
    assert (entry.left_at, entry.figures_at_exit) == (None, {})
    make_trade(wallet, "buy", slot=3)
    make_trade(wallet, "sell", lamports=SOL // 2, slot=4)
    left = at(5)
    curate_wallet(wallet, curated=False, by=staff, reason="Began to lose")
    entry.refresh_from_db()
    assert (entry.left_at, entry.by_left, entry.reason_left) == (left, staff, "Began to lose")
    told = [(f["closed_positions"], f["wins"]) for f in (entry.figures_at_entry,
                                                        entry.figures_at_exit)]  # fmt: skip
    assert told == [(1, 1), (2, 1)]
    gains = WalletStats.objects.get().realised_lamports
    assert entry.figures_at_exit["realised_lamports"] == gains
    assert entry.figures_at_entry["realised_lamports"] > gains
    wallet.refresh_from_db()
    assert wallet.curated is False


def test_saying_it_twice_makes_no_second_stay(at: Any, staff: Any) -> None:
    wallet = make_wallet()
    curate_wallet(wallet, by=staff, reason="first")
    at(1)
    curate_wallet(wallet, by=staff)
    curate_wallet(wallet)
    assert [(e.entered_at, e.reason) for e in CuratedEntry.objects.all()] == [(START, "first")]
    assert AuditEntry.objects.count() == 1
    curate_wallet(wallet, curated=False)
    curate_wallet(wallet, curated=False)
    at(2)
    curate_wallet(wallet, reason="again")
    stays = CuratedEntry.objects.order_by("entered_at").values_list("entered_at", "left_at")
    assert list(stays) == [(START, START + DAY), (START + 2 * DAY, None)]
    with pytest.raises(IntegrityError), transaction.atomic():
        CuratedEntry.objects.create(wallet=wallet, entered_at=START)


def test_a_person_says_why_or_nothing_changes(at: Any, staff: Any) -> None:
    wallet = make_wallet()
    for reason in ("", " \n", "x" * 501):
        with pytest.raises(Refused, match=r"Say why|at most 500"):
            curate_wallet(wallet, by=staff, reason=reason)
    wallet.refresh_from_db()
    assert (wallet.curated, CuratedEntry.objects.count(), AuditEntry.objects.count()) == (
        False, 0, 0
    )  # fmt: skip


def test_an_entry_outlives_the_person_and_holds_its_wallet(at: Any, staff: Any) -> None:
    wallet = make_wallet()
    curate_wallet(wallet, by=staff, reason="why not")
    staff.delete()
    entry = CuratedEntry.objects.get()
    assert (entry.by, entry.reason) == (None, "why not")
    with pytest.raises(ProtectedError):
        wallet.delete()


def test_what_a_wallet_is_called_is_no_stay(staff: Any) -> None:
    wallet = make_wallet()
    describe_wallet(wallet, character="kol", by=staff)
    wallet.refresh_from_db()
    assert (wallet.character, wallet.curated) == ("kol", False)
    assert AuditEntry.objects.get().action == "wallet.described"
    assert CuratedEntry.objects.count() == 0


def test_the_past_of_the_list_can_be_asked_for(at: Any) -> None:
    one, two = make_wallet("one"), make_wallet("two")
    curate_wallet(one)
    at(2)
    curate_wallet(two)
    at(4)
    curate_wallet(one, curated=False)

    def seen(days: int | None) -> tuple[set[Wallet], int]:
        on = None if days is None else START + days * DAY
        return {e.wallet for e in curated_members(on=on)}, curated_version(on=on)

    assert [seen(days) for days in (-1, 1, 3, 5, None)] == [
        (set(), 0), ({one}, 1), ({one, two}, 2), ({two}, 3), ({two}, 3)
    ]  # fmt: skip


def test_wallets_curated_before_have_their_entry() -> None:
    before, entered = make_wallet("before", curated=True), make_wallet("entered")
    make_wallet("never")
    curate_wallet(entered, reason="by the verb")
    migration = importlib.import_module("wallets.migrations.0003_lists")
    for _ in range(2):
        migration.enter_the_curated(apps, None)
    assert set(CuratedEntry.objects.values_list("wallet", "entered_at")) == {
        (before.pk, before.added_at),
        (entered.pk, CuratedEntry.objects.get(wallet=entered).entered_at),
    }
