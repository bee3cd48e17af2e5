"""What was committed is there after a kill, and the world goes on as if nothing had happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox import inbox, store
from sandbox.chain import Chain
from sandbox.truth import wallet_truth
from sandbox.webhooks import Webhooks


def test_a_killed_world_goes_on_where_it_was(tmp_path: Path) -> None:
    now = [1_790_000_000.0]
    first = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path / "a", wall=lambda: now[0])
    now[0] += 30
    assert first.run_until(first.clock.now_ms(), 10)
    # The files as a kill leaves them: nothing is closed.
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    before = first.store.rows("SELECT signature, slot, place FROM tx ORDER BY id")
    now[0] += 600
    assert first.store.load("engine").world.steps < first.world.steps
    second = Chain(seed=99, speed=1, hours=9, folder=tmp_path / "b", wall=lambda: now[0])
    assert second.world.seed == 3
    assert second.store.rows("SELECT signature, slot, place FROM tx ORDER BY id") == before
    assert second.clock.now_ms() == int(now[0] * 1000)
    assert second.engine.next_ms > second.clock.now_ms() - 1_000
    idle = int(now[0] * 1000) - first.engine.sim_ms(second.world.now)
    assert second.engine.idle_ms == idle
    later = [second.engine.step() for _ in range(20)]
    control = [first.engine.step() for _ in range(20)]
    assert [o.record.signature for b in later for o in b.outcomes] == [
        o.record.signature for b in control for o in b.outcomes
    ]
    assert later[0].time - control[0].time in (idle // 1000, idle // 1000 + 1)
    wallet = second.world.named[0]
    assert second.world.ledger.holdings(wallet) == first.world.ledger.holdings(wallet)


def test_waking_twice_without_a_step_keeps_idle_time_and_slots_in_order(tmp_path: Path) -> None:
    now = [1_790_000_000.0]
    worlds = []
    for _ in range(3):
        chain = Chain(seed=3, speed=1, hours=0.1, folder=tmp_path, wall=lambda: now[0])
        now[0] += 100
        assert chain.run_until(chain.clock.now_ms(), 10)
        worlds.append(chain)
        now[0] += 1000
    rows = chain.store.rows("SELECT slot, place, time FROM tx ORDER BY id")
    assert rows == sorted(rows)
    assert worlds[2].engine.idle_ms - worlds[1].engine.idle_ms > 990_000
    assert len({wallet_truth(w, w.world.named[0])["address"] for w in worlds}) == 1


def test_only_the_newest_transactions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RETAINED", 100)
    monkeypatch.setattr(store, "STRANGERS_RETAINED", 100)
    monkeypatch.setattr(store, "PRUNE_EVERY", 10)
    chain = Chain(seed=3, speed=1, hours=0.3, folder=None)
    chain.run_until(chain.clock.now_ms() + 120_000, 10)
    count, oldest = chain.store.rows("SELECT count(*), min(id) FROM tx")[0]
    assert 100 <= count <= 110
    assert chain.store.rows("SELECT min(tx) FROM touch")[0][0] == oldest


def test_what_only_strangers_did_is_kept_for_less_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RETAINED", 600)
    monkeypatch.setattr(store, "STRANGERS_RETAINED", 100)
    monkeypatch.setattr(store, "PRUNE_EVERY", 10)
    chain = Chain(seed=3, speed=1, hours=0.3, folder=None, coins=60)
    chain.plant("whale_confluence", rises=True)
    chain.run_until(chain.clock.now_ms() + 1_500_000, 60)
    last = chain.store.last_id
    assert last > 1_200
    ids = dict(chain.store.rows("SELECT id, strange FROM tx"))
    assert min(number for number, strange in ids.items() if strange) > last - 120
    assert last - 620 < min(ids) <= last - 590
    assert chain.store.rows("SELECT count(*) FROM touch WHERE tx NOT IN (SELECT id FROM tx)") == [
        (0,)
    ]
    wallets = set(chain.world.wallets)
    for number, strange in ids.items():
        signature = chain.store.rows("SELECT signature FROM tx WHERE id = ?", (number,))[0][0]
        record = chain.store.record(signature)
        assert record is not None
        assert not strange or wallets.isdisjoint(record.all_keys)


def test_webhooks_mail_and_truth_survive(tmp_path: Path) -> None:
    chain = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path)
    hook = Webhooks(chain.store, chain.faults).create(
        {"webhookURL": "http://127.0.0.1/h", "accountAddresses": [chain.world.named[0]]}
    )
    inbox.keep(chain.store, b"Subject: hello\n\nbody", "a@b.c", 1)
    wallet = max(chain.world.named, key=lambda key: chain.world.ledger.totals(key)["trades"])
    truth = wallet_truth(chain, wallet)
    assert truth["trades"]
    again = Chain(seed=3, speed=1, hours=0.2, folder=tmp_path)
    assert Webhooks(again.store, again.faults).hooks[hook.ident].shown() == hook.shown()
    assert [mail["subject"] for mail in inbox.read(again.store)] == ["hello"]
    assert wallet_truth(again, wallet) == truth


def test_history_ends_now_and_has_the_asked_length(tmp_path: Path) -> None:
    now = 1_790_000_000.0
    chain = Chain(seed=4, speed=1, hours=0.5, folder=None, wall=lambda: now)
    first, last = chain.store.rows("SELECT min(time), max(time) FROM tx")[0]
    assert now - 1800 <= first < now - 1700
    assert now - 70 < last <= now
