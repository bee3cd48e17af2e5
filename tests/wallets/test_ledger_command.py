"""`manage ledger`: histories in decimals, folded by the product's own book, without a database."""

import json
import sys
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

DEALS = [
    {"id": 1, "side": "buy", "ts": "2026-01-01T00:00:00+00:00", "qty": "3", "price": "1"},
    {"id": 2, "side": "buy", "ts": "2026-01-02T00:00:00+00:00", "qty": "1", "price": "0.5"},
    {"id": 3, "side": "sell", "ts": "2026-01-03T00:00:00+00:00", "qty": "2", "price": "2",
     "fee": "0.1"},
]  # fmt: skip


def file_of(tmp_path: Path, *events: dict[str, Any], name: str = "one") -> str:
    file = tmp_path / "history.json"
    file.write_text(json.dumps({"cases": [{"case": name, "events": list(events)}]}))
    return str(file)


def told(*arguments: str) -> Any:
    out = StringIO()
    call_command("ledger", *arguments, stdout=out)
    return json.loads(out.getvalue())


def rows(*arguments: str) -> list[dict[str, Any]]:
    (case,) = told(*arguments)["cases"]
    found: list[dict[str, Any]] = case["rows"]
    return found


def test_rows_in_plain_decimals(tmp_path: Path) -> None:
    assert told(file_of(tmp_path, *DEALS)) == {
        "cases": [
            {
                "case": "one",
                "rows": [{"sell": 3, "lot": 1, "qty": "2", "proceeds": "3.9", "cost": "2"}],
                "realized": "1.9",
            }
        ]
    }


def test_the_method_chooses_the_lots(tmp_path: Path) -> None:
    file = file_of(tmp_path, *DEALS)
    lots = {m: [r["lot"] for r in rows(file, "--method", m)] for m in ("lifo", "hifo", "lofo")}
    assert lots == {"lifo": [2, 1], "hifo": [1], "lofo": [2, 1]}
    (row,) = rows(file, "--method", "average")
    assert (row["lot"], row["cost"]) == (None, "1.75")


def test_a_third_is_told_with_forty_digits_and_the_thirds_are_one(tmp_path: Path) -> None:
    deals = [
        {"id": "b", "side": "buy", "qty": "3", "price": "0", "fee": "1"},
        *({"id": f"s{n}", "side": "sell", "qty": "1", "price": "0"} for n in range(3)),
    ]
    case = told(file_of(tmp_path, *deals))["cases"][0]
    assert [r["cost"] for r in case["rows"]] == ["0." + "3" * 40] * 3
    assert case["realized"] == "-1"


def test_tiny_and_huge_figures_keep_their_digits(tmp_path: Path) -> None:
    deals = [
        {"id": 1, "side": "buy", "qty": "7e-18", "price": "1e-18", "fee": "0"},
        {"id": 2, "side": "sell", "qty": "3e-18", "price": "1e30", "fee": "0"},
    ]
    (row,) = rows(file_of(tmp_path, *deals))
    assert row["qty"] == "0.000000000000000003"
    assert Decimal(row["cost"]) == Decimal("3e-36")
    assert (Decimal(row["proceeds"]), "E" in row["proceeds"]) == (Decimal("3e12"), False)


def test_events_are_taken_in_order_of_time(tmp_path: Path) -> None:
    late = [DEALS[2], DEALS[1], DEALS[0]]
    assert rows(file_of(tmp_path, *late)) == rows(file_of(tmp_path, *DEALS))


def test_events_of_one_moment_are_taken_as_they_stand(tmp_path: Path) -> None:
    moment = [{**deal, "ts": "2026-01-01T00:00:00Z"} for deal in (DEALS[1], DEALS[0], DEALS[2])]
    assert [r["lot"] for r in rows(file_of(tmp_path, *moment))] == [2, 1]


@pytest.mark.parametrize(
    ("policy", "proceeds", "cost", "realised"),
    [("aura", "5.85", None, "1.95"), ("rp2", "6", None, "2"), ("rotki", "5.85", "0", "7.8")],
)
def test_the_policy_is_a_parameter(
    tmp_path: Path, policy: str, proceeds: str, cost: str | None, realised: str
) -> None:
    """1 bought at 0, 4 sold at 2 (a quarter of it matched) with a fee of 0.2."""
    deals = [
        {"id": 1, "side": "buy", "qty": "1", "price": "0"},
        {"id": 2, "side": "sell", "qty": "4", "price": "2", "fee": "0.2"},
    ]
    case = told(file_of(tmp_path, *deals), "--policy", policy)["cases"][0]
    missing = case["rows"][1]
    assert missing["lot"] is None
    assert (missing["proceeds"], missing["cost"]) == (proceeds, cost)
    assert case["realized"] == realised


def test_dust_is_left_alone_because_the_files_money_is_no_lamports(tmp_path: Path) -> None:
    deals = [
        {"id": 1, "side": "buy", "qty": "1", "price": "1"},
        {"id": 2, "side": "sell", "qty": "0.9999", "price": "2"},
        {"id": 3, "side": "sell", "qty": "0.0001", "price": "2"},
    ]
    assert [(r["sell"], r["cost"]) for r in rows(file_of(tmp_path, *deals))] == [
        (2, "0.9999"), (3, "0.0001"),
    ]  # fmt: skip


def test_a_file_without_cases_tells_none(tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    file.write_text('{"cases": []}')
    assert told(str(file)) == {"cases": []}
    assert told(file_of(tmp_path)) == {"cases": [{"case": "one", "rows": [], "realized": "0"}]}


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = BytesIO(Path(file_of(tmp_path, *DEALS)).read_bytes())
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(body))
    assert [r["lot"] for r in rows("-")] == [1]


def test_any_name_and_id_can_be_printed(tmp_path: Path) -> None:
    """Half a surrogate pair is no text a terminal can show; as JSON it is written escaped."""
    deals = [{**deal, "id": f"\ud800{deal['id']}"} for deal in DEALS]
    out = StringIO()
    call_command("ledger", file_of(tmp_path, *deals, name="\ud800"), stdout=out)
    assert out.getvalue().isascii()


BUY = DEALS[0]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"cases": [{"case": "a", "events": [{"qty": NaN}]}]}', "NaN is not a number"),
        ('{"cases": ' + "9" * 5_000 + "}", "is not JSON"),
        ("[]", "there is no list of `cases`"),
        ('{"cases": 5}', "there is no list of `cases`"),
        ('{"cases": [5]}', "case 1 has no name"),
        ('{"cases": [{"events": []}]}', "case 1 has no name"),
        ('{"cases": [{"case": "a"}]}', "case 1 has no list of `events`"),
        ('{"cases": [{"case": "a", "events": [7]}]}', "case 1, event 1 is not an object"),
    ],
)
def test_what_is_not_of_the_form_is_refused_in_a_line(
    tmp_path: Path, body: str, reason: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(body)
    with pytest.raises(CommandError) as refusal:
        call_command("ledger", str(file))
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.returncode == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"id": None}, "has no `id`"),
        ({"id": True}, "has no `id`"),
        ({"side": "hold"}, "`side` is neither buy nor sell"),
        ({"side": ["buy"]}, "`side` is neither buy nor sell"),
        ({"qty": None}, "`qty` is not a number"),
        ({"qty": "many"}, "`qty` is not a number"),
        ({"qty": "NaN"}, "`qty` is not a number"),
        ({"qty": "Infinity"}, "`qty` is not a number"),
        ({"qty": True}, "`qty` is not a number"),
        ({"qty": {}}, "`qty` is not a number"),
        ({"qty": "0"}, "`qty` is zero"),
        ({"qty": "-1"}, "`qty` is below zero"),
        ({"price": "-1"}, "`price` is below zero"),
        ({"price": "1e999999999"}, "`price` has more than 60 digits"),
        ({"price": "1e-999999999"}, "`price` has more than 60 digits"),
        ({"fee": "1e99999999999999999999"}, "`fee` is not a number"),
        ({"fee": "-1"}, "`fee` is below zero"),
        ({"ts": "yesterday"}, "`ts` is no time"),
        ({"ts": 5}, "`ts` is no time"),
        ({"ts": "0001-01-01T00:00:00+23:00"}, "`ts` is no time"),
    ],
)
def test_a_senseless_event_is_named(tmp_path: Path, event: dict[str, Any], reason: str) -> None:
    with pytest.raises(CommandError, match=f"case 1, event 2.*{reason}"):
        call_command("ledger", file_of(tmp_path, BUY, {**DEALS[1], **event}))


def test_ids_and_times_must_fit_together(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="two events have the same id"):
        call_command("ledger", file_of(tmp_path, BUY, {**DEALS[1], "id": "1"}))
    timeless = {name: value for name, value in DEALS[1].items() if name != "ts"}
    with pytest.raises(CommandError, match="some events have a time"):
        call_command("ledger", file_of(tmp_path, BUY, timeless))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("ledger", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        call_command("ledger", str(tmp_path))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ledger", "nul\0byte")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="is not UTF-8 text"):
        call_command("ledger", str(binary))


def test_methods_and_policies_are_the_known_ones(tmp_path: Path) -> None:
    file = file_of(tmp_path, *DEALS)
    with pytest.raises(CommandError, match="invalid choice: 'specific'"):
        call_command("ledger", file, "--method", "specific")
    with pytest.raises(CommandError, match="invalid choice: 'none'"):
        call_command("ledger", file, "--policy", "none")
