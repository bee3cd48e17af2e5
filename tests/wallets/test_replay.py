"""replay: recorded transactions through the real entrance, every one accounted for."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.wallets.conftest import Market
from wallets.models import Delivery, QuarantinedPayload, RawTransaction, Trade, Wallet

pytestmark = pytest.mark.django_db


def replay(*args: Any) -> list[str]:
    out = io.StringIO()
    call_command("replay", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def folder(market: Market, tmp_path: Path) -> Path:
    for payload in market.payloads[:12]:
        name = payload["transaction"]["signatures"][0]
        (tmp_path / f"{name}.json").write_text(json.dumps(payload))
    (tmp_path / "index.json").write_text("[]")
    return tmp_path


def test_a_folder_is_recorded_and_its_payers_tracked(folder: Path) -> None:
    lines = replay(folder, "--track-payers")
    assert lines[-1].startswith("12 files: 12 recorded, 0 quarantined; 12 transactions,")
    assert RawTransaction.objects.count() == 12
    payers = set(RawTransaction.objects.values_list("fee_payer", flat=True))
    assert set(Wallet.objects.values_list("address", flat=True)) == payers
    assert set(Delivery.objects.values_list("source", "state")) == {("replay", "recorded")}
    trades = Trade.objects.count()
    assert trades > 0
    replay(folder)
    assert (RawTransaction.objects.count(), Trade.objects.count()) == (12, trades)


def test_a_broken_file_is_quarantined_with_its_reason_and_hinders_no_other(folder: Path) -> None:
    broken = next(p for p in folder.iterdir() if len(p.stem) > 60)
    broken.write_text(broken.read_text()[:-20])
    lines = replay(folder)
    assert any(line.startswith(f"quarantined {broken.name}: not JSON") for line in lines)
    assert "11 recorded, 1 quarantined" in lines[-1]
    assert QuarantinedPayload.objects.count() == 1


def test_nothing_to_replay_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="named by their signature"):
        replay(tmp_path)
    with pytest.raises(CommandError, match="neither a file nor a folder"):
        replay(tmp_path / "none")


@pytest.mark.recorded
def test_every_recorded_transaction_is_recorded_or_has_a_reason(recorded: Path) -> None:
    """Four of the recorded ones came without a slot, so their place on the chain is unknown."""
    lines = replay(recorded / "transactions", "--track-payers")
    assert lines[-1].startswith("107 files: 103 recorded, 4 quarantined; 103 transactions,")
    reasons = [line.partition(": ")[2] for line in lines if line.startswith("quarantined")]
    assert reasons == ["no slot: its place on the chain is not known"] * 4
    index = json.loads((recorded / "transactions" / "index.json").read_text())
    failed = {row["signature"] for row in index if row["failed"]}
    kept = set(RawTransaction.objects.filter(failed=True).values_list("signature", flat=True))
    assert kept == failed - _unrecorded(index)
    assert not Trade.objects.filter(signature__in=failed).exists()


def _unrecorded(index: list[dict[str, Any]]) -> set[str]:
    kept = set(RawTransaction.objects.values_list("signature", flat=True))
    return {row["signature"] for row in index} - kept
