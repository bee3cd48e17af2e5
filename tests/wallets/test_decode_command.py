"""`manage.py decode`: one line a transaction, refusals as lines, no database."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.payloads.trades import BOB, BUY, YENNI
from wallets.domain.decode import decode
from wallets.domain.lines import decoded_json
from wallets.domain.parse import parse


def run(*args: str) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code: Any = 0
    try:
        call_command("decode", *args, stdout=out)
    except SystemExit as end:
        code = end.code
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


LINE = json.loads(json.dumps(decoded_json(decode(parse(BUY.json())))))


def test_one_array_and_json_lines_give_a_line_each(tmp_path: Path) -> None:
    one, many, lines = tmp_path / "one.json", tmp_path / "many.json", tmp_path / "lines.jsonl"
    text = json.dumps(BUY.json())
    one.write_text(json.dumps(BUY.json(), indent=2))
    many.write_text(f"[{text}, {text}]")
    lines.write_text(f"{text}\n\n{text}\n{text}\n")
    assert run(str(one), str(many), str(lines)) == (0, [LINE] * 6)


def test_standard_input_is_read_and_owner_narrows(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = json.dumps(BUY.json()).encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    code, (line,) = run("-", "--owner", BOB)
    assert (code, line["swaps"], line["legs"], line["costs"]) == (0, [], [], [])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    assert run("-", "--owner", YENNI) == (0, [LINE])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the file is empty"),
        (b'{"slot": NaN}', "NaN is not a number"),
        (b'{"slot": Infinity}', "Infinity is not a number"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[1]", "the payload is not an object"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"transaction": ', "not JSON: Expecting value: line 1 column 17 (char 16)"),
    ],
)
def test_bad_file_is_a_line_with_its_reason_and_exit_1(
    tmp_path: Path, text: bytes, reason: str
) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_bytes(text)
    good.write_text(json.dumps(BUY.json()))
    assert run(str(bad), str(good)) == (1, [{"file": str(bad), "error": reason}, LINE])


def test_bad_line_among_good_ones_is_told_alone(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(f"{json.dumps(BUY.json())}\n{{oops\n{json.dumps(BUY.json())}\n")
    code, lines = run(str(path))
    assert (code, lines[0], lines[2]) == (1, LINE, LINE)
    assert lines[1]["error"].startswith("not JSON: ")


def test_owner_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"^abc is not an address$"):
        call_command("decode", str(tmp_path / "absent.json"), "--owner", "abc")


def test_missing_file_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "absent.json")
    assert run(path) == (
        1,
        [{"file": path, "error": "cannot be read: No such file or directory"}],
    )
