"""What a parser expects, and how an answer that differs is told of."""

from decimal import Decimal
from typing import Any

import pytest

from aura.core.shapes import NUMBER, Filled, OneOf, differences, nullable, optional

SHAPE = {
    "slot": int,
    "err": OneOf((None, dict)),
    "time": nullable(int),
    "note": optional(str),
    "meta": {"logs": [str], "rows": Filled({"amount": str})},
}


def answer(**changes: Any) -> dict[str, Any]:
    meta = {"logs": [], "rows": [{"amount": "1"}, {"amount": "2"}]}
    return {"slot": 1, "err": None, "time": 5, "note": "x", "meta": meta, "new": 1} | changes


@pytest.mark.parametrize(
    "value",
    [
        answer(),
        answer(err={}, time=None, note=None),
        {name: value for name, value in answer().items() if name != "note"},
    ],
)
def test_what_is_allowed_is_no_difference(value: Any) -> None:
    assert differences(value, SHAPE) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ["the answer is null, expected object"]),
        ([], ["the answer is list, expected object"]),
        (answer(slot="1"), ["slot is string, expected int"]),
        (answer(slot=True), ["slot is bool, expected int"]),
        (answer(slot=Decimal("1.5")), ["slot is decimal, expected int"]),
        (answer(note=5), ["note is int, expected string"]),
        (answer(err=7), ["err is int, expected null"]),
        (answer(meta={"logs": None, "rows": []}), [
            "meta.logs is null, expected list",
            "meta.rows is empty: nothing to compare",
        ]),
        (answer(meta={"logs": ["a", 1, 2]}), [
            "meta.logs[] is int, expected string",
            "meta.rows is missing",
        ]),
        (answer(meta={"logs": [], "rows": [{"amount": 1}, {}]}), [
            "meta.rows[].amount is int, expected string",
            "meta.rows[].amount is missing",
        ]),
    ],
)  # fmt: skip
def test_differences_are_named_with_their_place(value: Any, told: list[str]) -> None:
    assert differences(value, SHAPE) == told


def test_a_number_is_an_int_or_a_decimal() -> None:
    assert differences([1, Decimal("0.5")], [NUMBER]) == []
    assert differences(["1"], [NUMBER]) == ["[] is string, expected int"]
