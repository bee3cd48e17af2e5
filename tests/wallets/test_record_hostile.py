"""Hostile and unlucky input: one bad transaction costs itself, a delivery never stops the inbox."""

import copy
import json
import random
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from aura.models import Fact
from tests.wallets.conftest import Market
from wallets.actions import (
    deliveries,
    rebuild,
    record_transactions,
    record_waiting,
    settle,
    state_hash,
    track_wallet,
    tracking,
)
from wallets.actions import record as record_module
from wallets.actions.deliveries import MOST_ITEMS, keep_delivery
from wallets.models import (
    Activity,
    Delivery,
    QuarantinedPayload,
    RawTransaction,
    Trade,
    Wallet,
)
from wallets.tasks import read_kept


def absurd(payload: Any, **changes: Any) -> Any:
    """The payload with other words in its envelope; `fee` and `lamports` go into its meta."""
    made = copy.deepcopy(payload)
    if "fee" in changes:
        made["meta"]["fee"] = changes.pop("fee")
    if "lamports" in changes:
        made["meta"]["postBalances"][0] = changes.pop("lamports")
    return made | changes


ABSURD = {
    "a time beyond the calendar": {"blockTime": 2**62},
    "a time beyond Python's years": {"blockTime": 2**40},
    "an index beyond the column": {"indexWithinBlock": 2**40},
    "a fee beyond the column": {"fee": 2**64 - 1},
    "more lamports than there are": {"lamports": 2**64 - 1},
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", ABSURD)
def test_an_absurd_transaction_costs_only_itself(market: Market, case: str) -> None:
    track_all(market)
    bad = absurd(market.payloads[1], **ABSURD[case])
    keep_delivery(json.dumps([market.payloads[0], bad, market.payloads[2]]).encode(), source="t")
    assert record_waiting() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, bool(delivery.reason)) == ("recorded", True)
    assert RawTransaction.objects.count() == 2
    assert QuarantinedPayload.objects.count() == 1


def track_all(market: Market) -> None:
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses)


@pytest.mark.django_db
def test_what_defeats_the_recorder_is_found_and_put_aside_alone(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    track_all(market)
    fee_payers = {}
    for payload in market.payloads[:9]:
        fee_payers[record_module.parse(payload).signature] = payload
    culprit = list(fee_payers)[4]
    made = record_module._raw

    def raw(item: Any, source: str) -> Any:
        row = made(item, source)
        if item.read.signature == culprit:
            row.version = "much too long a version"
        return row

    monkeypatch.setattr(record_module, "_raw", raw)
    result = record_transactions(fee_payers.values(), source="test")
    assert (result.new, result.quarantined) == (8, 1)
    assert result.reasons == ["could not be recorded: DataError"]
    assert not RawTransaction.objects.filter(signature=culprit).exists()


@pytest.mark.django_db
def test_nesting_of_any_depth_never_stops_the_inbox() -> None:
    """JSON may be read at a depth at which it cannot be written again."""
    depths = range(600, 1_000, 7)
    for depth in depths:
        keep_delivery(b'[{"a":' + b"[" * depth + b"]" * depth + b"}]", source="test")
    assert record_waiting(limit=100) == len(depths)
    assert not Delivery.objects.exclude(state="quarantined").exists()


@pytest.mark.django_db
def test_a_body_of_a_million_nothings_is_refused_whole() -> None:
    body = b"[" + b",".join([b"0"] * 1_000_000) + b"]"
    keep_delivery(body, source="test")
    assert record_waiting() == 1
    assert Delivery.objects.get().reason == "1000000 items are more than a delivery holds"
    assert zlib.decompress(QuarantinedPayload.objects.get().payload) == body


@pytest.mark.django_db
def test_thousands_of_refusals_cost_few_queries(django_assert_max_num_queries: Any) -> None:
    items = [{"n": n % 2_000} for n in range(MOST_ITEMS)]
    keep_delivery(json.dumps(items).encode(), source="test")
    with django_assert_max_num_queries(30):
        assert record_waiting() == 1
    assert QuarantinedPayload.objects.count() == 2_000
    assert sorted(set(QuarantinedPayload.objects.values_list("count", flat=True))) == [2, 3]


@pytest.mark.django_db
def test_troubles_of_the_database_leave_the_delivery_waiting(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_delivery(json.dumps(market.payloads[:1]).encode(), source="test")

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "record_transactions", away)
        with pytest.raises(OperationalError):
            record_waiting()
    assert Delivery.objects.get().state == "waiting"
    assert record_waiting() == 1
    assert Delivery.objects.get().state == "recorded"


@pytest.mark.django_db
def test_any_other_defect_puts_the_delivery_aside(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_delivery(json.dumps(market.payloads[:1]).encode(), source="test")

    def defect(*_: Any, **__: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(deliveries, "record_transactions", defect)
    assert record_waiting() == 1
    assert Delivery.objects.get().reason == "could not be recorded: RecursionError"


@pytest.mark.django_db
def test_two_copies_in_one_batch_are_as_good_as_in_two(market: Market) -> None:
    """The first copy may lack the place that the second one tells."""
    track_all(market)
    some = market.payloads[:60]
    record_transactions(some, source="test")
    expected = state_hash()
    RawTransaction.objects.all().delete()
    bare = [{k: v for k, v in p.items() if k != "indexWithinBlock"} for p in some]
    timeless = [p | {"blockTime": None} for p in bare]
    record_transactions([*timeless, *some], source="test")
    assert not RawTransaction.objects.filter(tx_index=None).exists()
    assert rebuild().after == expected


@pytest.mark.django_db(transaction=True)
def test_a_wallet_tracked_while_its_transaction_is_recorded_misses_nothing(market: Market) -> None:
    """Neither sees the other's uncommitted row: the tracker waits for the recorder."""
    payload = next(p for p in market.payloads if not p["meta"]["err"])
    owner = record_module.parse(payload).signers[0]
    recorded, may_commit = threading.Event(), threading.Event()

    def record() -> None:
        with transaction.atomic():
            record_transactions([payload], source="test")
            recorded.set()
            may_commit.wait(10)
        connection.close()

    def track() -> None:
        track_wallet(owner, sweep=False)
        connection.close()

    threads = [threading.Thread(target=record), threading.Thread(target=track)]
    threads[0].start()
    assert recorded.wait(10)
    threads[1].start()
    threads[1].join(0.5)
    assert not Wallet.objects.exists(), "it waits"
    may_commit.set()
    for thread in threads:
        thread.join(10)
    assert Activity.objects.filter(wallet__address=owner).count() == 1


@pytest.mark.django_db
def test_a_long_history_is_read_in_batches_and_told_as_no_news(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_transactions(market.payloads[:200], source="test")
    owners = [
        o for row in RawTransaction.objects.all() for o in row.owners if o in market.addresses
    ]
    busiest = max(set(owners), key=owners.count)
    monkeypatch.setattr(settle, "BATCH", 3)
    wallet, _ = track_wallet(busiest, sweep=False)
    assert Activity.objects.filter(wallet=wallet).count() == owners.count(busiest) > 6
    expected = state_hash()
    assert not Fact.objects.filter(kind="wallets.TradesRecorded").exists()
    monkeypatch.setattr(tracking, "READ_AT_ONCE", 2)
    wallet.delete()
    again, _ = track_wallet(busiest, sweep=False)
    assert Activity.objects.count() == 0, "many are read in the background"
    assert read_kept(again.pk) == owners.count(busiest)
    assert read_kept(again.pk) == 0
    assert state_hash() == expected


@pytest.mark.django_db
def test_a_rebuild_announces_no_trade_a_second_time(market: Market) -> None:
    from aura.models import Fact

    track_all(market)
    record_transactions(market.payloads[:60], source="test")
    told = Fact.objects.filter(kind="wallets.TradesRecorded").count()
    assert told == 1
    assert rebuild().agrees
    assert Fact.objects.filter(kind="wallets.TradesRecorded").count() == told
    Trade.objects.all().delete()
    rebuild()
    assert Fact.objects.order_by("-pk").values_list("kind", flat=True)[0] == "wallets.BooksChanged"


@pytest.mark.django_db
def test_a_row_todays_decoder_refuses_stops_no_rebuild(market: Market) -> None:
    track_all(market)
    record_transactions(market.payloads[:20], source="test")
    row = RawTransaction.objects.order_by("pk")[3]
    RawTransaction.objects.filter(pk=row.pk).update(payload=zlib.compress(b"{}"))
    assert rebuild().transactions == 20
    assert not Activity.objects.filter(transaction=row).exists()
    assert Activity.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_three_who_record_the_same_at_once_and_one_who_tracks_end_in_one_state(
    market: Market,
) -> None:
    """Whoever loses a deadlock tries again, as the loops do; nothing is lost or doubled."""
    half = len(market.addresses) // 2
    Wallet.objects.bulk_create(Wallet(address=owner) for owner in market.addresses[:half])
    some = market.payloads[:240]
    troubles: list[str] = []

    def record(seed: int) -> None:
        dice = random.Random(seed)
        mine = [p if dice.random() < 0.5 else _bare(p) for p in some]
        dice.shuffle(mine)
        for start in range(0, len(mine), 16):
            _insist(lambda s=start: record_transactions(mine[s : s + 16], source="t"), troubles)  # type: ignore[misc]
        connection.close()

    def track() -> None:
        for owner in market.addresses[half:]:
            _insist(lambda o=owner: track_wallet(o, sweep=False), troubles)  # type: ignore[misc]
        connection.close()

    threads = [threading.Thread(target=record, args=(n,)) for n in range(3)]
    threads.append(threading.Thread(target=track))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    record_transactions(some, source="t")
    assert troubles == []
    assert RawTransaction.objects.count() == len(some)
    assert rebuild().agrees


def _bare(payload: Any) -> Any:
    return {k: v for k, v in payload.items() if k != "indexWithinBlock"} | {"blockTime": None}


def _insist(work: Callable[[], object], troubles: list[str]) -> None:
    for _ in range(5):
        try:
            work()
            return
        except OperationalError as error:
            troubles.append(str(error).splitlines()[0])
