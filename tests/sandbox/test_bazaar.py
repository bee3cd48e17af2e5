"""The bazaar: it disturbs nobody, its coins trade enough, and what is planted can be seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.accounts import pool_bytes
from sandbox.addresses import PUMPSWAP, WSOL, ata, rent
from sandbox.desk import Outcome
from sandbox.engine import Engine
from sandbox.liquidity import DEPOSIT, WITHDRAW, shares_of
from sandbox.plots import KINDS, STAKE_LAMPORTS, TRUE_AT, Plot
from sandbox.record import Record, Step
from sandbox.tape import Tape
from sandbox.tokens import MINUTE
from sandbox.venues import Curve, SwapPool
from sandbox.world import World
from tests.sandbox.worlds import START_MS

HOUR = 60 * MINUTE
COINS = 95


@dataclass
class Ran:
    """A bazaar in which every kind was planted twice at the beginning: with a rise and without."""

    engine: Engine
    tape: Tape
    outcomes: list[Outcome] = field(default_factory=list)
    # Of each planted mint a row a minute: what the tape and the venue showed.
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    # What the stake was worth at best in stalls where nothing was planted.
    chance: dict[str, float] = field(default_factory=dict)

    @property
    def plots(self) -> list[Plot]:
        return self.quarter.plots[: 2 * len(KINDS)]

    @property
    def quarter(self) -> Any:
        return self.engine.world.quarter


def look(ran: Ran, plot: Plot) -> None:
    stall = ran.quarter.stalls[plot.mint]
    now = ran.engine.world.seconds
    reel = ran.tape.read(plot.mint, now)
    five, hour = reel.windows["5m"], reel.windows["1h"]
    venue = stall.token.venue
    ran.seen[plot.mint].append({
        "at": ran.engine.world.now, "place": plot.place, "price": stall.price,
        "usd_5m": five.usd, "buyers_5m": len(five.buys.traders),
        "sellers_5m": len(five.sells.traders), "buyers_1h": len(hour.buys.traders),
        "sellers_1h": len(hour.sells.traders), "usd_24h": reel.windows["24h"].usd,
        "holders": ran.tape.held_by(plot.mint),
        "units": None if isinstance(venue, Curve) else (venue.base * venue.quote) ** 0.5,
    })  # fmt: skip


@pytest.fixture(scope="module")
def ran() -> Ran:
    # The usual market is at the thin pace of history, the bazaar awake from the beginning.
    engine = Engine(World(11, coins=COINS), START_MS, 1_000 * HOUR)
    assert engine.bazaar is not None
    engine.bazaar.awake = 0
    engine.bazaar.plays.clear()
    ran = Ran(engine, Tape(engine))
    for kind in KINDS:
        for rises in (True, False):
            engine.bazaar.order(kind, rises=rises)
    stakes: dict[str, int] = {}
    minute = 0
    while engine.world.now < 6.3 * HOUR:
        block = engine.step()
        ran.tape.take(block)
        ran.outcomes += block.outcomes
        if engine.world.now < minute * MINUTE:
            continue
        minute = engine.world.now // MINUTE + 1
        for plot in ran.plots:
            look(ran, plot)
        for mint, stall in ran.quarter.stalls.items():
            if stall.plot is None and mint not in ran.seen and engine.world.now > HOUR:
                bought = stall.token.venue.buy(STAKE_LAMPORTS)
                stakes.setdefault(mint, bought.tokens if bought else 0)
                worth = stall.token.venue.sell(stakes[mint]).received / STAKE_LAMPORTS
                ran.chance[mint] = max(worth, ran.chance.get(mint, 0.0))
    return ran


def test_it_changes_nothing_of_the_usual_market() -> None:
    def run(coins: int) -> tuple[Engine, list[str], list[str]]:
        engine = Engine(World(5, coins=coins), START_MS, 0)
        if engine.bazaar is not None:
            for _ in range(3):
                engine.bazaar.order("whale_confluence", rises=False)
        every, named = [], []
        while engine.world.now < 100 * MINUTE:
            for outcome in engine.step().outcomes:
                every.append(outcome.record.signature)
                if any(trade.wallet in engine.world.named for trade in outcome.trades):
                    named.append(outcome.record.signature)
        return engine, every, named

    plain, usual, watched = run(0)
    mixed, every, more = run(20)
    known = set(usual)
    assert [signature for signature in every if signature in known] == usual
    assert len(every) > len(usual) + 300
    assert {wallet: mixed.world.bank.lamports[wallet] for wallet in plain.world.wallets} == {
        wallet: plain.world.bank.lamports[wallet] for wallet in plain.world.wallets
    }
    assert len(more) >= len(watched) + 4, "the wallets worth following came to the bazaar as well"


def test_a_seed_gives_the_same_bazaar() -> None:
    def run(seed: int) -> tuple[list[str], list[dict[str, Any]]]:
        engine = Engine(World(seed, coins=30), START_MS, 0)
        assert engine.bazaar is not None
        engine.bazaar.order("high_volume", rises=True)
        made = [o.record.signature for _ in range(900) for o in engine.step().outcomes]
        assert engine.world.quarter is not None
        return made, [plot.shown() for plot in engine.world.quarter.plots]

    signatures, plots = run(5)
    assert (signatures, plots) == run(5)
    assert [plot["kind"] for plot in plots] == ["high_volume"]
    assert not set(signatures) & set(run(6)[0])


def test_nothing_is_made_or_lost(ran: Ran) -> None:
    world = ran.engine.world
    bank = world.bank
    assert sum(bank.lamports.values()) == bank.issued - bank.burned_fees
    held: dict[str, int] = defaultdict(int)
    for key, account in bank.tokens.items():
        assert account.amount >= 0
        held[account.mint] += account.amount
        if account.mint == WSOL:
            assert account.amount == bank.lamports[key] - rent(165)
    assert {m.address: m.supply for m in bank.mints.values() if m.address != WSOL} == {
        m.address: held[m.address] for m in bank.mints.values() if m.address != WSOL
    }
    for record in (outcome.record for outcome in ran.outcomes):
        assert sum(record.post) - sum(record.pre) == -record.fee, record.signature


def test_vaults_hold_what_the_venues_believe(ran: Ran) -> None:
    bank = ran.engine.world.bank
    pools = [token.venue for token in ran.quarter.coins.values()
             if not isinstance(token.venue, Curve)]  # fmt: skip
    assert len(pools) > 70
    for pool in pools:
        assert bank.tokens[pool.base_vault].amount == pool.base
        assert bank.tokens[pool.quote_vault].amount == pool.quote


def test_the_books_of_all_who_trade_there_are_what_they_hold(ran: Ran) -> None:
    world = ran.engine.world
    checked = 0
    for address in (*ran.quarter.wallets, *world.named):
        for mint, held in world.ledger.holdings(address).items():
            token = world.tokens.get(mint) or world.graveyard[mint]
            account = ata(address, mint, token.program)
            assert world.bank.balance(address, mint, account) == held["raw"]
            checked += 1
    assert checked > 1_000


def test_true_events_come_true_and_others_do_not(ran: Ran) -> None:
    verdicts = {(plot.kind, plot.rises): plot.verdict for plot in ran.plots}
    assert {key: verdict for key, verdict in verdicts.items() if key[1]} == {
        (kind, True): True for kind in KINDS
    }
    assert not [key for key, verdict in verdicts.items() if not key[1] and verdict]
    hits = sum(best >= TRUE_AT for best in ran.chance.values())
    assert len(ran.chance) > 60
    assert hits <= len(ran.chance) * 0.05


def rows(ran: Ran, kind: str, *, pattern: bool = True) -> list[list[dict[str, Any]]]:
    """What was seen of both events of a kind, during the pattern or all the time."""
    return [[row for row in ran.seen[plot.mint] if not pattern or row["place"] < plot.pattern]
            for plot in ran.plots if plot.kind == kind]  # fmt: skip


def test_bursts_of_volume_have_many_buyers(ran: Ran) -> None:
    for seen in rows(ran, "high_volume"):
        last = seen[-4:]
        assert min(row["usd_5m"] for row in last) >= 5_000
        assert min(row["buyers_5m"] for row in last) >= 15
        assert min(row["buyers_5m"] / row["sellers_5m"] for row in last) >= 1.2
        assert 1 < seen[-1]["price"] / seen[-6]["price"] < 1.35


def test_gainers_gain_within_the_hour_with_thirty_buyers(ran: Ran) -> None:
    for seen in rows(ran, "top_gainers"):
        assert 1.1 < seen[-1]["price"] / seen[0]["price"] < 2
        assert seen[-1]["buyers_1h"] >= 30


def test_liquidity_grows_in_units_while_the_price_stands(ran: Ran) -> None:
    for seen in rows(ran, "deep_liquidity"):
        assert seen[-1]["units"] / seen[0]["units"] >= 1.2
        assert 0.95 < seen[-1]["price"] / seen[0]["price"] < 1.1


def test_micro_caps_gain_holders(ran: Ran) -> None:
    for seen in rows(ran, "micro_caps"):
        assert seen[-1]["holders"] / seen[0]["holders"] >= 1.03
        assert seen[-1]["buyers_1h"] / seen[-1]["sellers_1h"] >= 1.3


def test_listings_graduate_with_broad_buying(ran: Ran) -> None:
    for plot, seen in zip((p for p in ran.plots if p.kind == "recent_listings"),
                          rows(ran, "recent_listings"), strict=True):  # fmt: skip
        token = ran.quarter.coins[plot.mint]
        assert isinstance(token.venue, SwapPool)
        assert token.pair_born - token.born < 30 * MINUTE
        assert seen[-1]["buyers_1h"] >= 60
        dev = ata(token.creator, token.mint, token.program)
        assert ran.engine.world.bank.balance(token.creator, token.mint, dev) < 5 * 10**13


def test_breakouts_leave_the_range_and_stay_above_it(ran: Ran) -> None:
    for seen in rows(ran, "price_momentum"):
        assert seen[-1]["price"] > 1.15 * seen[0]["price"]
        assert seen[-1]["price"] > 1.01 * max(row["price"] for row in seen[:2])


def test_three_wallets_worth_following_buy_within_half_an_hour(ran: Ran) -> None:
    for plot in (plot for plot in ran.plots if plot.kind == "whale_confluence"):
        buys = [(outcome.record.time, trade) for outcome in ran.outcomes
                for trade in outcome.trades if trade.mint == plot.mint and trade.side == "buy"
                and trade.wallet in ran.engine.world.named]  # fmt: skip
        assert len({trade.wallet for _, trade in buys}) >= 3
        assert buys[-1][0] - buys[0][0] <= 1_800
        assert sum(trade.lamports for _, trade in buys) >= 17_000_000_000
        sold = {trade.wallet for outcome in ran.outcomes for trade in outcome.trades
                if trade.mint == plot.mint and trade.side == "sell"}  # fmt: skip
        assert {trade.wallet for _, trade in buys} <= sold, "they leave again"


def test_dips_fall_by_half_and_hold_above_their_low(ran: Ran) -> None:
    for seen in rows(ran, "dip_reversal"):
        prices = [row["price"] for row in seen]
        high, low = max(prices), min(prices[60:])
        assert 0.35 <= 1 - low / high <= 0.7
        assert prices[-1] > low * 1.02
        assert seen[-1]["usd_24h"] >= 100_000


def calls(record: Record, disc: bytes) -> list[Step]:
    return [step for step in record.steps
            if record.all_keys[step.program] == PUMPSWAP and step.data[:8] == disc]  # fmt: skip


def test_liquidity_comes_and_goes_by_real_transactions(ran: Ran) -> None:
    found = {disc: [(o.record, step) for o in ran.outcomes for step in calls(o.record, disc)]
             for disc in (DEPOSIT, WITHDRAW)}  # fmt: skip
    assert (len(found[DEPOSIT]), len(found[WITHDRAW])) == (4, 2)
    for disc, sign in ((DEPOSIT, 1), (WITHDRAW, -1)):
        for record, step in found[disc]:
            keys = [record.all_keys[place] for place in step.accounts]
            amounts = [int.from_bytes(step.data[at : at + 8], "little") for at in (8, 16, 24)]
            moved = {record.all_keys[row[0]]: row[4] for row in record.post_tokens}
            for row in record.pre_tokens:
                moved[record.all_keys[row[0]]] = moved.get(record.all_keys[row[0]], 0) - row[4]
            # The accounts of the user's coin and shares, then both vaults of the pool.
            assert [moved[keys[place]] * sign for place in (6, 8, 9, 10)] == [
                -amounts[1], amounts[0], amounts[1], amounts[2],
            ]  # fmt: skip
            event = next(part for part in step.body if not isinstance(part, str)
                         and record.all_keys[part.program] == PUMPSWAP)  # fmt: skip
            assert len(event.data) == 8 + 8 + 248
    mint = next(plot.mint for plot in ran.plots if plot.kind == "deep_liquidity")
    token = ran.quarter.coins[mint]
    assert isinstance(token.venue, SwapPool)
    total = shares_of(ran.engine.world.bank, token.venue)
    account = pool_bytes(token.venue, token.mint, total)
    assert int.from_bytes(account[203:211], "little") == total == 4_193_388_282_784


def test_a_listing_is_left_behind_after_a_day() -> None:
    engine = Engine(World(11, coins=8), START_MS, 1_000 * HOUR)
    assert engine.bazaar is not None
    engine.bazaar.awake = 0
    engine.bazaar.plays.clear()
    engine.bazaar.order("recent_listings", rises=False)
    engine.step()
    quarter = engine.world.quarter
    assert quarter is not None
    (plot,) = quarter.plots
    assert plot.mint in engine.world.tokens
    quarter.stalls[plot.mint].closes = 2 * HOUR
    while engine.world.now < 2 * HOUR + 30 * MINUTE:
        engine.step()
    assert plot.mint not in engine.world.tokens
    assert engine.world.graveyard[plot.mint].dead
    assert plot.mint not in quarter.stalls
