"""`bench rebuild` runs small and tells what it promises; how long anything took is not tested."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from aura.management.bench.copies import Corpus, encode_base58
from aura.management.bench.payloads import Template, templates
from aura.management.bench.rebuild import MEASURES
from aura.management.bench.rebuilding import STEPS, Clock
from aura.models import Fact
from tests.payloads.trades import BUY, COIN, YENNI, curve_buy, curve_event
from wallets.actions import record_transactions, track_wallet
from wallets.domain.base58 import decode_base58
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.models import RawTransaction, Trade, Wallet

PAYLOADS = [BUY.json(), curve_buy(curve_event()).json()]


@pytest.fixture(scope="module")
def made() -> list[Template]:
    """A purchase on a pool and one on a curve, by the same wallet, in the same coin."""
    return templates(PAYLOADS)


def told(corpus: Corpus, made: Template, cast: int, epoch: int) -> Any:
    """What a copy means."""
    return decode(parse(json.loads(corpus.tell(made.signature, cast, epoch).text)))


def test_a_copy_is_the_same_trade_of_another_wallet_in_another_token(made: list[Template]) -> None:
    corpus = Corpus(made)
    assert (corpus.left_out, len(corpus.signatures), corpus.wallets) == (0, 2, [YENNI])
    for template in made:
        first = decode(parse(json.loads(template.text)))
        copy = told(corpus, template, 2, 3)
        names = corpus.names(2, 3)
        (swap,), (before,) = copy.swaps, first.swaps
        assert (swap.owner, swap.mint_out) == (names[YENNI], names[COIN])
        assert (swap.mint_in, swap.raw_in, swap.raw_out) == (
            before.mint_in, before.raw_in, before.raw_out,
        )  # fmt: skip
        assert first.block_time is not None
        assert copy.block_time == first.block_time - 3 * corpus.seconds
        assert (copy.slot < first.slot, copy.tx_index) == (True, 2_000)
        assert (copy.compared, copy.disagreements) == (first.compared, first.disagreements)
        text = corpus.tell(template.signature, 2, 3).text
        assert not any(name in text for name in (template.signature, YENNI, COIN))


def test_casts_trade_the_same_tokens_and_epochs_other_ones(made: list[Template]) -> None:
    corpus = Corpus(made)
    names = {(cast, epoch): corpus.names(cast, epoch) for cast in (1, 2) for epoch in (1, 2)}
    assert len({named[YENNI] for named in names.values()}) == 2
    assert len({named[COIN] for named in names.values()}) == 2
    assert names[1, 1][COIN] == names[2, 1][COIN] != names[1, 2][COIN]
    assert names[1, 1][YENNI] == names[1, 2][YENNI] != names[2, 1][YENNI]
    assert all(Pubkey.from_string(named[YENNI]).is_on_curve() for named in names.values())
    signatures = {corpus.tell(made[0].signature, *place).signature for place in names}
    assert len(signatures) == 4
    again = Corpus(made)
    assert again.tell(made[0].signature, 2, 2) == corpus.tell(made[0].signature, 2, 2)


@given(st.binary(max_size=400))
def test_base58_is_what_the_decoder_reads(raw: bytes) -> None:
    assert decode_base58(encode_base58(raw)) == raw


def test_what_a_step_takes_inside_another_counts_once() -> None:
    clock = Clock()
    inner = clock.timed("inner", lambda: sum(range(50_000)))
    outer = clock.timed("outer", lambda: [inner() for _ in range(20)])
    assert outer()[0] == sum(range(50_000))
    assert 0 <= clock.seconds["outer"] < clock.seconds["inner"]


@pytest.mark.slow
@pytest.mark.django_db
def test_it_tells_rate_memory_and_shares_of_both_and_leaves_nothing(tmp_path: Path) -> None:
    track_wallet(BUY.signers[0], sweep=False)
    assert record_transactions(PAYLOADS, source="test").new == 2
    models = (Fact, Wallet, RawTransaction, Trade)
    before = [model._default_manager.count() for model in models]
    file = tmp_path / "figures.json"
    small = ("--trades", "1300", "--from-database", "--data", str(tmp_path), "--json", str(file))
    call_command("bench", "rebuild", *small, stdout=StringIO())
    figures = json.loads(file.read_text())
    assert (set(figures["measures"]), figures["options"]["runs"]) == (set(MEASURES), 1)
    for measure in figures["measures"].values():
        shares = {name for name in measure if name.startswith("share: ")}
        assert shares == {f"share: {step}" for _, _, step in STEPS} | {"share: all the rest"}
        assert sum(measure[name]["median"] for name in shares) == pytest.approx(100)
        assert all(figure["median"] > 0 for figure in measure.values())
        assert measure["rate"]["median"] * measure["rebuild"]["median"] == pytest.approx(1_300)
        assert measure["most memory"]["unit"] == "MiB"
    assert (
        "2 different transactions, told again as 1,300 of 300 wallets; 0 were left out"
        in (figures["notes"])
    )
    assert [model._default_manager.count() for model in models] == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'aura_bench%'")
        assert cursor.fetchall() == []


@pytest.mark.slow
@pytest.mark.django_db
def test_without_a_transaction_that_can_be_told_again_it_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    track_wallet(BUY.signers[0], sweep=False)
    timeless = {**PAYLOADS[0], "blockTime": None}
    assert record_transactions([timeless], source="test").new == 1
    with pytest.raises(CommandError, match="bench rebuild failed"):
        call_command("bench", "rebuild", "--from-database", "--data", str(tmp_path))
    assert "None of these transactions can be told again" in capfd.readouterr().err
