"""A vendor's figure becomes ours, or it is not known: never zero, never a guess."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.core import exact
from market.domain import figures
from market.domain.fees import VENUES, is_curve
from market.domain.readings import TERMS
from market.domain.venues import PROGRAMS, kind_of, venue_of

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
Reader = Callable[[Any], object]

# What no reader takes: missing, words, other shapes, not finite, absurd.
NOTHING: list[Any] = [
    None, "", "abc", "NaN", "sNaN", "Infinity", "-Infinity", "1,000", "1e999999999", "9" * 81,
    Decimal("NaN"), Decimal("Infinity"), Decimal("1E+9999999"), 10**4000, True, False, 1.5,
    [], {}, {"usd": 1}, [1], -1, "-0.5",
]  # fmt: skip


@pytest.mark.parametrize("given", NOTHING, ids=repr)
@pytest.mark.parametrize(
    "read",
    [
        figures.price, figures.worth, figures.volume, figures.count, figures.several,
        figures.share, figures.share_of_percent,
    ],
)  # fmt: skip
def test_what_is_no_figure_is_not_known(read: Reader, given: Any) -> None:
    assert read(given) is None


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (figures.price, "0.000000003566888835712458", Decimal("3.56688883571245800E-9")),
        (figures.price, Decimal("115636.26995774232"), Decimal("115636.26995774232")),
        (figures.price, 3, Decimal(3)),
        (figures.price, "1e-18", Decimal("1e-18")),
        (figures.price, "9e-19", None),
        (figures.price, 10**10, None),
        (figures.price, 0, None),
        (figures.price, "0.0", None),
        (figures.worth, "0", None),
        (figures.worth, 0, None),
        (figures.worth, Decimal("127.3"), Decimal("127.3")),
        (figures.worth, 10**15, None),
        (figures.volume, 0, Decimal(0)),
        (figures.volume, "-0", Decimal(0)),
        (figures.volume, "12.5", Decimal("12.5")),
        (figures.count, 0, 0),
        (figures.count, "17", 17),
        (figures.count, Decimal("17.0"), 17),
        (figures.count, Decimal("17.5"), None),
        (figures.several, 0, None),
        (figures.several, 3, 3),
        (figures.share, "0.35", Decimal("0.35")),
        (figures.share, 0, Decimal(0)),
        (figures.share, Decimal("1.0001"), None),
        (figures.share_of_percent, Decimal("35.5"), Decimal("0.355")),
        (figures.share_of_percent, 101, None),
        (figures.change_of_percent, Decimal("-12.5"), Decimal("-0.125")),
        (figures.change_of_percent, 0, Decimal(0)),
        (figures.change_of_percent, -100, Decimal(-1)),
        (figures.change_of_percent, Decimal("-100.1"), None),
        (figures.change_of_percent, 10**8 + 1, None),
        (figures.change_of_percent, None, None),
        (figures.change_of_percent, "NaN", None),
        (figures.number, "-3.5", Decimal("-3.5")),
    ],
)
def test_a_figure_is_read_exactly_within_what_is_possible(
    read: Reader, given: Any, expected: object
) -> None:
    assert read(given) == expected


def test_minus_zero_has_no_sign_of_its_own() -> None:
    assert str(figures.volume("-0")) == "0"


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (figures.at_seconds, 1_756_574_814, datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC)),
        (figures.at_seconds, "1756574814", datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC)),
        (figures.at_seconds, 1_756_574_814_000, None),
        (figures.at_milliseconds, 1_756_574_814_000, datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC)),
        (figures.at_milliseconds, 1_756_574_814, None),
        (figures.at_milliseconds, NOW.timestamp().__int__() * 1000 + 7_200_000, None),
        (figures.at_milliseconds, 0, None),
        (figures.at_milliseconds, None, None),
        (figures.at_milliseconds, "soon", None),
        (figures.at_milliseconds, 10**30, None),
        (figures.at_iso, "2025-08-30T17:26:54Z", datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC)),
        (figures.at_iso, "2025-08-30T17:26:54", datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC)),
        (
            figures.at_iso,
            "2025-08-30T19:26:54+02:00",
            datetime(2025, 8, 30, 17, 26, 54, tzinfo=UTC),
        ),
        (figures.at_iso, "0001-01-01T00:00:00+14:00", None),
        (figures.at_iso, "1969-12-31", None),
        (figures.at_iso, "2027-01-01T00:00:00Z", None),
        (figures.at_iso, "yesterday", None),
        (figures.at_iso, 1_756_574_814, None),
        (figures.at_iso, None, None),
    ],
)
def test_a_moment_lies_between_the_first_block_and_now(
    read: Callable[[Any, datetime], object], given: Any, expected: object
) -> None:
    assert read(given, NOW) == expected


def test_a_vendors_clock_may_be_a_little_ahead() -> None:
    ahead = NOW + timedelta(minutes=30)
    assert figures.at_seconds(int(ahead.timestamp()), NOW) == ahead


def test_json_keeps_the_digits_a_reader_gets() -> None:
    told = exact.loads('{"usd": 0.000000003566888835712458, "n": 12345678901234567890}')
    assert figures.price(told["usd"]) == Decimal("3.566888835712458E-9")
    assert figures.number(told["n"]) == Decimal("12345678901234567900")


@pytest.mark.parametrize(
    ("dex", "labels", "venue", "kind"),
    [
        ("pumpfun", [], "pump.fun", "curve"),
        ("pumpswap", [], "PumpSwap", "product"),
        ("raydium", [], "Raydium AMM v4", "product"),
        ("raydium", ["CPMM"], "Raydium CPMM", "product"),
        ("raydium", ["CLMM"], "Raydium CLMM", "concentrated"),
        ("launchlab", [], "Raydium LaunchLab", "curve"),
        ("orca", ["wp"], "Orca Whirlpool", "concentrated"),
        ("meteora", ["DLMM"], "Meteora DLMM", "concentrated"),
        ("meteora", ["DYN"], "Meteora DAMM v1", "product"),
        ("meteora", ["DYN2"], "Meteora DAMM v2", "concentrated"),
        ("meteoradbc", [], "Meteora DBC", "curve"),
        ("raydium", ["new kind"], "raydium new kind", "unknown"),
        ("raydium", ["new kind", "CPMM"], "Raydium CPMM", "product"),
        ("meteora", [], "meteora", "unknown"),
        ("\u202eswap" + "x" * 99, ["v9"], "swap" + "x" * 28, "unknown"),
    ],
)
def test_a_venue_has_one_name(dex: str, labels: list[str], venue: str, kind: str) -> None:
    assert venue_of(dex, labels) == venue
    assert kind_of(venue) == kind


def test_venues_agree_with_the_table_of_fees() -> None:
    assert {name for name in VENUES if kind_of(name) == "curve"} == {
        name for name in VENUES if is_curve(name)
    }
    assert [name for name in VENUES if kind_of(name) == "unknown"] == []
    assert set(VENUES) <= set(PROGRAMS.values())


def test_terms_say_what_may_be_kept_and_given_on() -> None:
    told = {name: (t.may_store, t.may_redistribute) for name, t in TERMS.items()}
    assert told == {
        "chain": (True, True),
        "trades": (True, True),
        "dexscreener": (True, False),
        "jupiter": (True, False),
        "rugcheck": (True, False),
        "birdeye": (False, False),
    }
