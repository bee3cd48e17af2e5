"""import_prototype: every row is taken, known, or refused with a reason; nothing twice."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.models import Plan
from portfolio.models import ManualPosition, WatchlistEntry
from tests.core.prototypes import (
    POSITIONS,
    SIGNALS,
    STATS,
    WALLETS,
    WATCHLIST,
    make_prototype,
    run,
    state,
    wallet_row,
)
from tests.make import address
from wallets.actions import follow_wallet
from wallets.models import Follow

YENNI, OTHER, WIF, BONK = (address(name) for name in ("Yenni", "Other", "WIF", "BONK"))
NOON = datetime(2025, 1, 2, 12, tzinfo=UTC)
ALICE = ("--user", "alice@example.com")


@pytest.fixture
def belongings(tmp_path: Path) -> Path:
    """Wallets, watchlist and positions, good and hostile."""
    wallets = [
        wallet_row(YENNI, "  Yenni  the whale ", 1000.126),
        wallet_row("whale_001", "Fake", 500),
        wallet_row(OTHER, None, None),
        wallet_row(f" {YENNI} ", "again"),
        wallet_row(None, "nobody"),
        wallet_row(b"\xff\xfe", "bytes"),
        wallet_row(12345, "number"),
        wallet_row(address("odd"), "bell\x07 \u202e🐋" + "x" * 80, "a lot"),
        wallet_row(address("rich"), "rich", 1e300),
        wallet_row(address("all"), "all", 0),
        wallet_row(WIF[:-1] + "0", "zero is no base58"),
    ]
    watchlist = [
        (1, WIF, "WIF", "waits for a dip", "2025-01-02 12:00:00"),
        (2, BONK, "BONK", None, 1735819200000),
        (3, WIF, "WIF", "again", None),
        (4, "0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", None, None),
        (9, address("cut"), None, "n\0" * 4_500, "someday"),
    ]
    positions = [
        (1, WIF, "WIF", 1234.5, 1e-7, "open", "2025-01-02T12:00:00Z", None, "bag"),
        (2, WIF, "WIF", "2,000", "$0.25", "CLOSED", 1735819200, "2025-01-03 12:00:00", None),
        (3, WIF, "WIF", 1234.5, 1e-7, "open", "2025-01-02 12:00:00", None, "bag"),
        (4, BONK, "BONK", 0, 1, "closed", None, None, None),
        (5, BONK, "BONK", 9e999, 1, "open", None, None, None),
        (6, BONK, "BONK", None, 1, "open", None, None, None),
        (7, BONK, "BONK", "lots", 1, "open", None, None, None),
        (8, BONK, "BONK", 1e300, 1, "open", None, None, None),
        (9, BONK, "BONK", 5, -3, "pending", "2025-01-03", "2025-01-02", None),
        (10, BONK, "BONK", 7, "free", "sold", -5, "then", None),
        (11, "BONK", "BONK", 7, 1, "open", None, None, None),
    ]
    tables = {
        WALLETS: wallets,
        WATCHLIST: watchlist,
        POSITIONS: positions,
        STATS: [(YENNI, 88.0, 1e6)] * 10,
        SIGNALS: [("mint", "X", 3.5)] * 4,
        "alembic_version(version)": [("1",)],
    }
    return make_prototype(tmp_path / "aura.db", tables)


REFUSED = """\
live_whale_wallets row 2: whale_001: not base58: contains '0 _ l'
live_whale_wallets row 4: {yenni}: a duplicate of live_whale_wallets row 1
live_whale_wallets row 5: (empty): no address given
live_whale_wallets row 6: \ufffd\ufffd: not base58: contains '\ufffd'
live_whale_wallets row 7: 12345: not 32 bytes: 5 characters, an address has 32 to 44
live_whale_wallets row 11: {zero}: not base58: contains '0'
watchlist row 3: {wif}: a duplicate of watchlist row 1
watchlist row 4: 0xdAC17F958D2ee523a2206206994597C13D831ec7: not base58: contains '0'
positions row 3: {wif}: a duplicate of positions row 1
positions row 4: 0.0: The quantity is not above zero
positions row 5: inf: the quantity is not a finite number
positions row 6: (empty): no quantity given
positions row 7: lots: the quantity is not a number
positions row 8: 1e+300: The quantity is no number that fits
positions row 11: BONK: not base58: contains 'O'"""
IN_PART = """\
live_whale_wallets row 8: bell? ?🐋{long}…: the nickname is kept as 'bell 🐋{kept}'
live_whale_wallets row 8: a lot: taken without its threshold: not a number
live_whale_wallets row 9: 1e+300: taken without its threshold: out of range
watchlist row 9: {cut}…: the note is cut at 4,000 characters
watchlist row 9: someday: taken without the time added: not a time
positions row 9: 2025-01-02: taken without the time closed: before it opened
positions row 9: pending: the status is not known; its times decide
positions row 9: -3.0: taken without its entry price: The entry price is below zero
positions row 10: -5: taken without the time opened: a time of the year 1969
positions row 10: then: taken without the time closed: not a time
positions row 10: free: taken without its entry price: not a number"""


def expected(template: str) -> list[str]:
    words = {"yenni": YENNI, "wif": WIF, "zero": WIF[:-1] + "0", "long": "x" * 39,
             "kept": "x" * 58, "cut": "n?" * 23 + "n"}  # fmt: skip
    return template.format(**words).splitlines()


def test_belongings_become_the_users_and_every_other_row_has_its_reason(
    alice: Any, bob: Any, belongings: Path
) -> None:
    outcome = run(belongings, *ALICE)
    assert (outcome.code, outcome.error) == (0, "")
    assert outcome.of("live_whale_wallets") == (11, 5, 0, 6)
    assert outcome.of("watchlist") == (5, 3, 0, 2)
    assert outcome.of("positions") == (11, 4, 0, 7)
    assert outcome.listed("refused (15):") == expected(REFUSED)
    assert outcome.listed("taken in part (11):") == expected(IN_PART)
    assert outcome.said("discarded") == [
        "discarded, AURA computes its own figures (rows): whale_stats 10, helix_signals 4"
    ]
    assert outcome.said("left alone") == ["left alone, not known: alembic_version"]
    assert outcome.said("not in the file") == ["not in the file: transactions"]
    assert outcome.lines[-1] == "12 rows are alice@example.com's now"
    assert not Follow.objects.filter(user=bob).exists()


def test_what_is_taken_is_taken_exactly(alice: Any, belongings: Path) -> None:
    run(belongings, *ALICE)
    follows = Follow.objects.filter(user=alice).select_related("wallet")
    assert {f.wallet.address: (f.nickname, f.min_trade_usd) for f in follows} == {
        YENNI: ("Yenni the whale", Decimal("1000.13")),
        OTHER: ("", None),
        address("odd"): ("bell 🐋" + "x" * 58, None),
        address("rich"): ("rich", None),
        address("all"): ("all", None),
    }
    watched = WatchlistEntry.objects.filter(user=alice).order_by("pk")
    assert [(w.mint, w.note) for w in watched] == [
        (WIF, "waits for a dip"), (BONK, "BONK"), (address("cut"), "n" * 2_000)
    ]  # fmt: skip
    assert [w.added_at for w in watched[:2]] == [NOON, NOON]
    fields = ("mint", "quantity", "entry_price_usd", "opened_at", "is_closed", "closed_at", "note")
    day = timedelta(days=1)
    assert list(ManualPosition.objects.filter(user=alice).order_by("pk").values_list(*fields)) == [
        (WIF, Decimal("1234.5"), Decimal("1E-7"), NOON, False, None, "bag"),
        (WIF, Decimal(2000), Decimal("0.25"), NOON, True, NOON + day, "WIF"),
        (BONK, Decimal(5), None, NOON + day - timedelta(hours=12), True, None, "BONK"),
        (BONK, Decimal(7), None, None, True, None, "BONK"),
    ]


def test_a_dry_run_says_the_same_and_changes_nothing(alice: Any, belongings: Path) -> None:
    before = state()
    dry = run(belongings, *ALICE, "--dry-run")
    assert (dry.code, state()) == (0, before)
    assert dry.lines[-1] == "12 rows would be alice@example.com's (dry run: nothing changed)"
    wet = run(belongings, *ALICE)
    assert [re.sub(r"would be | {2,}", " ", line).split() for line in dry.lines[:-1]] == [
        line.split() for line in wet.lines[:-1]
    ]
    assert re.split(r"  +", dry.lines[0]) == [
        "table", "rows", "would be taken", "already there", "would be refused"
    ]  # fmt: skip


def test_a_second_run_changes_nothing_and_says_so(alice: Any, belongings: Path) -> None:
    run(belongings, *ALICE)
    before = state()
    again = run(belongings, *ALICE)
    assert (again.code, state()) == (0, before)
    assert again.of("live_whale_wallets") == (11, 0, 5, 6)
    assert again.of("watchlist") == (5, 0, 3, 2)
    assert again.of("positions") == (11, 0, 4, 7)
    assert again.said("taken in part") == []
    assert again.lines[-1] == "nothing new: whatever can be taken is there already"


def test_what_the_user_has_made_of_it_since_stays(alice: Any, belongings: Path) -> None:
    follow_wallet(alice, address=YENNI, nickname="mine")
    follow_wallet(alice, address=OTHER, nickname="other")
    outcome = run(belongings, *ALICE)
    assert outcome.of("live_whale_wallets") == (11, 4, 1, 6)
    yenni = Follow.objects.get(wallet__address=YENNI)
    assert (yenni.nickname, yenni.min_trade_usd) == ("mine", Decimal("1000.13"))
    ManualPosition.objects.filter(quantity=2000).update(quantity=1, note="sold most")
    WatchlistEntry.objects.filter(mint=WIF).update(note="mine")
    before = state()
    run(belongings, *ALICE)
    assert state() == before


def test_the_plan_does_not_stop_it_and_that_is_said(bob: Any, belongings: Path) -> None:
    Plan.objects.filter(code="free").update(own_wallets=3)
    would = run(belongings, "--user", "bob@example.com", "--dry-run").said("plan has")
    assert would == [
        "bob@example.com would follow 5 wallets; the Free plan has 3. It does not stop an import "
        "of one's own data; further wallets it does."
    ]
    said = run(belongings, "--user", "bob@example.com").said("plan has")
    assert said == [would[0].replace("would follow", "follows")]
    assert Follow.objects.filter(user=bob).count() == 5
    assert run(belongings, "--user", "bob@example.com").said("plan has") == []


def test_every_refused_row_can_be_had_as_a_table(
    alice: Any, belongings: Path, tmp_path: Path
) -> None:
    table = tmp_path / "refused.csv"
    run(belongings, *ALICE, refused=table)
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert Counter(row["outcome"] for row in rows) == {"refused": 15, "taken in part": 11}
    assert rows[0] == {
        "table": "live_whale_wallets", "row": "2", "outcome": "refused", "value": "whale_001",
        "reason": "not base58: contains '0 _ l'",
    }  # fmt: skip


def test_the_table_never_overwrites_the_file_nor_goes_nowhere(
    alice: Any, belongings: Path, tmp_path: Path
) -> None:
    body, before = belongings.read_bytes(), state()
    outcome = run(belongings, *ALICE, refused=tmp_path / "." / "aura.db")
    assert outcome.code == 1
    assert "is the file to read" in outcome.error
    outcome = run(belongings, *ALICE, refused=tmp_path / "none" / "x.csv")
    assert outcome.code == 1
    assert "cannot be written: No such file or directory" in outcome.error
    assert (belongings.read_bytes(), state()) == (body, before)


def test_it_becomes_the_only_superusers_or_the_only_users(alice: Any, belongings: Path) -> None:
    assert run(belongings, "--dry-run").lines[-1].startswith("12 rows would be alice@example.com's")


def test_the_only_superuser_comes_before_others(
    alice: Any, bob: Any, staff: Any, belongings: Path
) -> None:
    assert run(belongings).code == 0
    assert {follow.user for follow in Follow.objects.all()} == {staff}


def test_nobody_guesses_whose_it_is(alice: Any, bob: Any, belongings: Path) -> None:
    before = state()
    assert (run(belongings).code, run(belongings).error) == (
        1, "Whose is it? Name a user: --user EMAIL."
    )  # fmt: skip
    stranger = run(belongings, "--user", "nobody@example.com")
    assert (stranger.code, stranger.error) == (1, "There is no user nobody@example.com.")
    assert state() == before
    assert run(belongings, "--user", " Alice@Example.com ").code == 0


@pytest.mark.django_db
def test_without_any_user_there_is_nobody(belongings: Path) -> None:
    assert run(belongings).error == "Whose is it? Name a user: --user EMAIL."


def test_missing_columns_cost_what_depends_on_them(alice: Any, tmp_path: Path) -> None:
    tables = {
        "live_whale_wallets(nickname)": [("Yenni",)],
        "whale_transactions(wallet_address)": [(YENNI,)],
        "watchlist(mint)": [(WIF,)],
        "holdings(mint)": [(WIF,)],
        "portfolio(mint, amount)": [(WIF, 3)],
    }
    outcome = run(make_prototype(tmp_path / "aura.db", tables), *ALICE)
    assert outcome.listed("refused (3):") == [
        "live_whale_wallets row 1: (empty): no address given",
        "whale_transactions row 1: (empty): no signature given",
        "holdings row 1: (empty): no quantity given",
    ]
    assert outcome.of("watchlist") == outcome.of("portfolio") == (1, 1, 0, 0)
    assert ManualPosition.objects.get().opened_at is None


@pytest.mark.recorded
def test_of_the_originals_174_wallets_24_are_taken(
    alice: Any, recorded: Path, tmp_path: Path
) -> None:
    with (recorded / "wallets" / "seed_wallets.csv").open(newline="") as stream:
        rows = [wallet_row(r["address"], r["nickname"], 1000) for r in csv.DictReader(stream)]
    file = make_prototype(tmp_path / "aura.db", {WALLETS.replace(" PRIMARY KEY", ""): rows})
    outcome = run(file, *ALICE)
    assert outcome.of("live_whale_wallets") == (174, 24, 0, 150)
    assert len(outcome.listed("refused (150):")) == 150
    assert Follow.objects.filter(user=alice, min_trade_usd=1000).count() == 24
