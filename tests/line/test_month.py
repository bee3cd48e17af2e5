"""A month of a thousand wallets: the ledger against the market's own books, to the lamport.

Deliveries are no friends here: shuffled within windows, one in twenty told twice, pages late.
MONTH_SEED chooses another market (11 by default).
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db.models import F

from sandbox.addresses import TOKEN22
from sandbox.chain import Chain
from sandbox.encode import raw_webhook_item
from sandbox.record import unpack
from sandbox.truth import pool_truth, wallet_truth
from wallets.actions import derive_wallet, rebuild, record_transactions
from wallets.models import (
    Activity,
    Holding,
    Lot,
    PoolLeg,
    QuarantinedPayload,
    RawTransaction,
    Trade,
    Wallet,
    WalletStats,
)
from wallets.queries.figures import priced_held

SEED = int(os.environ.get("MONTH_SEED", "11"))
WALLETS, HOURS, STRETCH = 1_000, 720, 10
PAGE, WINDOW = 200, 1_000
TOLD_TWICE, LATE = 20, 0.05

Truths = dict[str, dict[str, Any]]
# (owner, mint) of a book.
Key = tuple[str, str]


def pages(bodies: Sequence[bytes], dice: Random) -> Iterator[list[bytes]]:
    """Give the transactions as a bad line would, in pages."""
    told: list[bytes] = []
    for start in range(0, len(bodies), WINDOW):
        window = list(bodies[start : start + WINDOW])
        window += dice.sample(bodies[: start + WINDOW], len(window) // TOLD_TWICE)
        dice.shuffle(window)
        told += window
    made = [told[start : start + PAGE] for start in range(0, len(told), PAGE)]
    late = {n: dice.randrange(2, 40) for n in range(len(made)) if dice.random() < LATE}
    assert len(late) >= 5
    for n in sorted(range(len(made)), key=lambda n: n + late.get(n, 0)):
        yield made[n]


def same_trades(truths: Truths) -> int:
    """Confirm that each true trade is recorded once, with its amounts; return their number."""
    recorded: Counter[tuple[Any, ...]] = Counter()
    for t in Trade.objects.select_related("wallet"):
        place = (t.wallet.address, t.signature, t.slot, t.tx_index)
        of_sale = 0 if t.side == Trade.Side.SWAP else t.costs_lamports
        if t.side != Trade.Side.BUY:
            recorded[*place, "sell", t.mint_in, t.raw_in, t.value_lamports, of_sale] += 1
        if t.side != Trade.Side.SELL:
            recorded[*place, "buy", t.mint_out, t.raw_out, t.value_lamports, t.costs_lamports] += 1
    names = ("signature", "slot", "index", "side", "mint", "raw", "lamports", "costs_lamports")
    true = {(who, *(t[name] for name in names)) for who, of in truths.items() for t in of["trades"]}
    assert set(recorded) == true
    assert set(recorded.values()) == {1}
    return len(true)


def same_totals(truths: Truths) -> None:
    """Confirm realised, unknown-basis proceeds and fees outside trades of every wallet."""
    names = ("realised_lamports", "unknown_proceeds_lamports", "fees_lamports")
    recorded = dict.fromkeys(truths, (0, 0, 0)) | {
        who: tuple(figures)
        for who, *figures in WalletStats.objects.values_list("wallet__address", *names)
    }
    told = ("realised_lamports", "unknown_proceeds_lamports", "other_fees_lamports")
    assert recorded == {who: tuple(of[name] for name in told) for who, of in truths.items()}


def same_holdings(truths: Truths) -> None:
    """Confirm what is held, its cost, and how much of it has none."""
    names = ("wallet__address", "mint", "raw", "cost_lamports", "unknown_raw")
    recorded = {
        (who, mint): figures
        for who, mint, *figures in Holding.objects.filter(raw__gt=0).values_list(*names)
    }
    assert recorded == {
        (who, mint): [held["raw"], held["cost_lamports"], held["unknown_raw"]]
        for who, of in truths.items()
        for mint, held in of["holdings"].items()
    }


def same_lots(truths: Truths) -> int:
    """Confirm every open lot, one by one, oldest first; return their number."""
    recorded: dict[Key, list[tuple[int, int | None]]] = defaultdict(list)
    rows = Lot.objects.filter(raw_left__gt=0).order_by("no").select_related("wallet")
    for row in rows:
        recorded[row.wallet.address, row.mint].append((row.raw_left, row.cost_left_lamports))
    assert recorded == {
        (who, mint): [(lot["raw_left"], lot["cost_left_lamports"]) for lot in found]
        for who, of in truths.items()
        for mint, found in of["lots"].items()
    }
    return sum(map(len, recorded.values()))


def same_unrealised(truths: Truths, chain: Chain) -> tuple[int, int]:
    """Confirm what each holding of known cost would bring in the market's own pool.

    Return how many have a price and what they come to. None has only what cannot be sold, as its
    curve waits for its migration, or what nobody has traded in its present pool.
    """
    wallets = dict(Wallet.objects.values_list("address", "pk"))
    priced = total = 0
    for who, of in truths.items():
        for held in priced_held(wallets[who]):
            told = of["unrealised"][held.mint]
            if held.quote is None:
                pool = pool_truth(chain.world, held.mint)["pool"]
                assert told is None or not PoolLeg.objects.filter(pool=pool).exists(), held.mint
                continue
            assert held.exit_lamports is not None
            gain = held.quote.lamports - held.cost_lamports
            assert told == {
                "exit_lamports": held.exit_lamports,
                "unknown_lamports": held.exit_lamports - held.quote.lamports,
                "unrealised_lamports": gain,
            }, (who, held.mint)
            priced += 1
            total += gain
    return priced, total


def every_pool_seen(chain: Chain) -> None:
    """Follow who drops tokens as well: the one who moves pools without being worth following."""
    dropper = Wallet.objects.create(address=chain.world.airdropper)
    derive_wallet(dropper)


def has_every_kind(chain: Chain, truths: Truths) -> None:
    """Confirm that the month holds what would be hard on a ledger."""
    of_kind: dict[str, list[str]] = defaultdict(list)
    for who, wallet in chain.world.wallets.items():
        of_kind[wallet.kind].append(who)
    stats = {row.wallet.address: row for row in WalletStats.objects.select_related("wallet")}
    for who in of_kind["loser"]:
        assert stats[who].realised_lamports < 0
        assert (stats[who].wins, stats[who].closed_positions > 0) == (0, True)
    for who in of_kind["collector"]:
        assert (stats[who].trades, stats[who].fees_lamports) == (0, 0)
        assert all(lot["cost_left_lamports"] is None for of in truths[who]["lots"].values()
                   for lot in of)  # fmt: skip
    dust = Lot.objects.filter(origin=Lot.Origin.DUST).values("wallet__address", "mint").distinct()
    in_dust = {row["wallet__address"] for row in dust} & set(of_kind["nibbler"])
    assert len(in_dust) > 0.9 * len(of_kind["nibbler"])
    hops = Trade.objects.filter(side=Trade.Side.SWAP, wallet__address__in=of_kind["hopper"])
    assert hops.count() > 10 * len(of_kind["hopper"])
    traded = set(Trade.objects.values_list("mint", flat=True).distinct())
    assert sum(chain.world.bank.mints[mint].program == TOKEN22 for mint in traded) > 100


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_month_of_a_thousand_wallets_is_the_markets_own_to_the_lamport() -> None:
    clock = [time.monotonic()]
    chain = Chain(
        seed=SEED, speed=1, hours=HOURS, folder=None, wallets=WALLETS, stretch=STRETCH
    )  # fmt: skip
    bodies = [body for (body,) in chain.store.rows("SELECT body FROM tx ORDER BY slot, place")]
    truths = {address: wallet_truth(chain, address) for address in chain.world.wallets}
    assert len(truths) == WALLETS
    assert 30_000 < len(bodies) < 60_000
    Wallet.objects.bulk_create(Wallet(address=address) for address in truths)
    clock.append(time.monotonic())
    told = 0
    for page in pages(bodies, Random(SEED)):
        payloads = [raw_webhook_item(unpack(body)) for body in page]
        record_transactions(payloads, source="test")
        told += len(page)
    clock.append(time.monotonic())
    assert told > len(bodies) * (1 + 0.9 / TOLD_TWICE)
    assert RawTransaction.objects.count() == len(bodies)
    assert not QuarantinedPayload.objects.exists()
    assert not Activity.objects.exclude(ambiguous="").exists()
    trades = same_trades(truths)
    same_totals(truths)
    same_holdings(truths)
    held = same_lots(truths)
    has_every_kind(chain, truths)
    every_pool_seen(chain)
    priced, worth = same_unrealised(truths, chain)
    assert priced > 0.9 * Holding.objects.filter(raw__gt=F("unknown_raw")).count()
    clock.append(time.monotonic())
    report = rebuild(keep=False)
    assert report.agrees
    assert (report.transactions, report.wallets) == (len(bodies), WALLETS + 1)
    clock.append(time.monotonic())
    made, recorded, compared, rebuilt = (
        round(after - before, 1) for before, after in pairwise(clock)
    )
    print(
        f"{len(bodies)} transactions, {trades} sides of trades, {held} open lots of {WALLETS}"
        f" wallets, {priced} holdings priced, unrealised {worth} lamports; seconds: market {made},"
        f" recorded {recorded}, compared {compared}, rebuilt {rebuilt}"
    )
