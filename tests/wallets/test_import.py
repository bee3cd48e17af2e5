"""import_wallets: a line a row, a reason for each refusal."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.make import address, make_token
from wallets.domain.programs import PUMP
from wallets.models import Follow, Wallet


def run(*args: Any) -> list[str]:
    out = io.StringIO()
    call_command("import_wallets", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    file = tmp_path / "wallets.csv"
    yenni, other = address("Yenni"), address("Other")
    file.write_text(
        "address,nickname\n"
        f"{yenni},Yenni\nwhale_001,Fake\n{other},\n{yenni},again\n,nobody\n"
        f'"{other[:-1]}\x07",bell\n'
    )
    return file


@pytest.mark.django_db
def test_every_row_gets_its_line_and_the_rest_is_imported(csv_file: Path) -> None:
    lines = run(csv_file)
    assert lines[0].startswith(f"accepted {address('Yenni')} Yenni")
    assert lines[1] == "refused whale_001: not base58: contains '0 _ l'"
    assert lines[2].startswith(f"accepted {address('Other')}")
    assert lines[3] == f"refused {address('Yenni')}: appears earlier in this file"
    assert lines[4] == "refused (empty): no address given"
    assert "\x07" not in lines[5]
    assert lines[-1] == "2 accepted, 4 refused"
    assert {w.address for w in Wallet.objects.filter(curated=True)} == {
        address("Yenni"),
        address("Other"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_program_and_a_token_are_nobodys_wallet(tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "wallets.json"
    file.write_text(json.dumps([PUMP, make_token().mint]))
    assert run(file, *options)[:2] == [
        f"refused {PUMP}: That is the pump.fun program, not a wallet: nobody trades with it.",
        f"refused {make_token().mint}: That is a token, not a wallet: nobody trades with it.",
    ]
    assert not Wallet.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_judges_alike_and_changes_nothing(csv_file: Path) -> None:
    assert run(csv_file, "--dry-run")[-1] == "2 accepted, 4 refused (dry run: nothing changed)"
    assert Wallet.objects.count() == 0


@pytest.mark.django_db
def test_a_second_import_adds_nothing(csv_file: Path) -> None:
    run(csv_file)
    assert run(csv_file)[0].endswith("(known already)")
    assert Wallet.objects.count() == 2


def test_a_user_can_follow_what_is_imported(alice: Any, csv_file: Path) -> None:
    run(csv_file, "--follow-as", "alice@example.com")
    assert Follow.objects.get(user=alice, nickname="Yenni").wallet.address == address("Yenni")
    assert not Wallet.objects.filter(curated=True).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        [{"walletAddress": address("Yenni"), "name": "Yenni"}],
        {"wallets": [{"address": address("Yenni"), "nickname": "Yenni"}]},
        [address("Yenni")],
    ],
)
def test_json_in_the_usual_shapes(content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    body = io.BytesIO(json.dumps(content).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(body))
    assert run("-")[-1] == "1 accepted, 0 refused"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"name,score\na,1\n", "no address column"),
        (b"[{", "not readable as JSON"),
        (b'{"a": 1}', "list of wallets"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"address\n\x00\x00", "NUL bytes"),
        (b"x" * (9 * 1024 * 1024), "over 8 MB"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(
    tmp_path: Path, body: bytes, reason: str
) -> None:
    file = tmp_path / "bad"
    file.write_bytes(body)
    with pytest.raises(CommandError, match=reason):
        run(file)
    assert Wallet.objects.count() == 0


@pytest.mark.django_db
def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.csv")


@pytest.mark.recorded
@pytest.mark.django_db
def test_of_the_originals_174_wallets_24_are_well_formed(recorded: Path) -> None:
    lines = run(recorded / "wallets" / "seed_wallets.csv")
    assert lines[-1] == "24 accepted, 150 refused"
    refused = [line for line in lines if line.startswith("refused")]
    assert len(refused) == 150
    assert all(line.partition(": ")[2] for line in refused)
    assert Wallet.objects.count() == 24
