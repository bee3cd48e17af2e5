"""Cells nobody checked: text, numbers and times in every dress, and what is none."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aura.management.prototype.cells import line, moment, number, shown, signature, text
from tests import make

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOON = datetime(2025, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (0, "0"),
        (-(2**63), "-9223372036854775808"),
        (0.1, "0.1"),
        (1e-12, "1E-12"),
        (1e300, "1E+300"),
        (" 1000 ", "1000"),
        ("1,234,567.89", "1234567.89"),
        ("$5.50", "5.50"),
        ("-$5", "-5"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("1e-7", "1E-7"),
        (b"42", "42"),
    ],
)
def test_numbers_are_read_exactly(cell: Any, value: str | None) -> None:
    assert number(cell) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    "cell",
    [
        "abc", "1,5", "1,23,456", "1.2.3", "NaN", "Infinity", "-inf", "1_000", "0x10", "٣", ".",
        "$", "e5", ".e5", "1e9999", "--1", b"\xff\xfe", float("inf"), "1\x002",
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"not a (finite )?number"):
        number(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2025-01-02 12:00:00",
        "2025-01-02T12:00:00Z",
        "2025-01-02T12:00:00.000000",
        "2025-01-02T13:00:00+01:00",
        b"2025-01-02 12:00",
        1735819200,
        1735819200.0,
        "1735819200",
        1735819200000,
        "1735819200000",
    ],
)
def test_times_in_every_dress(cell: Any) -> None:
    at = moment(cell, now=NOW)
    assert (at, at and at.utcoffset()) == (NOON, timedelta(0))


@pytest.mark.parametrize("cell", [None, "", " "])
def test_no_time_is_no_time(cell: Any) -> None:
    assert moment(cell, now=NOW) is None


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("yesterday", "not a time"),
        ("2025-13-01", "not a time"),
        ("9999-12-31T23:59:59-23:00", "not a time"),
        (1e300, "not a time"),
        (2**63 - 1, "not a time"),
        ("9" * 4000, "not a time"),
        (0, "year 1970"),
        (-5, "year 1969"),
        (2460000.5, "year 1970"),
        ("2020-03-15", "year 2020"),
        ("2026-11-24", "year 2026"),
        (4102444800, "year 2100"),
    ],
)
def test_absurd_times_are_refused(cell: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        moment(cell, now=NOW)


def test_text_of_any_cell() -> None:
    assert [text(c) for c in (None, 5, 1.5, "a", b"a\xff")] == ["", "5", "1.5", "a", "a\ufffd"]
    assert line(" a\n\tb\x07\u202ec  🐋 ") == "a bc 🐋"
    assert shown(None) == shown("  ") == "(empty)"
    assert shown("a\nb\x1b[31m") == "a?b?[31m"
    assert shown("x" * 48) == "x" * 48
    assert shown("x" * 49) == "x" * 47 + "…"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "no signature given"),
        ("sig_001", "not base58: contains '0 _'"),
        (12345, "not 64 bytes: 5 characters"),
        ("z" * 88, "not 64 bytes when decoded"),
        ("z" * 70, "not 64 bytes when decoded"),
        (make.address("Yenni"), "not 64 bytes: 4[34] characters"),
    ],
)
def test_bad_signatures_say_why(cell: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        signature(cell)


def test_a_signature_may_have_spaces_around_it() -> None:
    assert signature(f" {make.signature('a')}\n") == make.signature("a")
