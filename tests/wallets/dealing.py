"""Whole histories of trades as rows, made in bulk: for figures that need many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from aura.core.solana import WSOL
from tests.make import address, signature
from wallets.actions import fold_books, refresh_stats
from wallets.actions.books import books_of
from wallets.models import Activity, PoolLeg, RawTransaction, Trade, Wallet

SOL = 10**9


@dataclass(frozen=True)
class Deal:
    """One trade of a token for SOL; `usd` is the price of SOL, None where nobody knows it.

    `reserves` are the pool's raw units and lamports after it, None where its venue tells none.
    """

    at: datetime
    side: str
    token: str
    raw: int
    lamports: int
    costs: int = 5_000
    slot: int | None = None
    usd: Decimal | None = Decimal(200)
    pool: str = "pool"
    venue: str = "pump.fun"
    pool_raw: int | None = None
    pool_lamports: int | None = None
    reserves: tuple[int, int] | None = None


def mint_of(token: str) -> str:
    """The mint of that name."""
    return address(f"mint {token}")


def pool_of(deal: Deal) -> str:
    """The pool of a token by the deal's name for it."""
    return address(f"{deal.pool} of {deal.token}")


def deal(wallet: Wallet, deals: Sequence[Deal], *, refresh: bool = True) -> None:
    """Record deals as rows, with their pools' legs, and fold what they move."""
    so_far = RawTransaction.objects.count()
    raws = [_raw(wallet, d, so_far + i) for i, d in enumerate(deals)]
    RawTransaction.objects.bulk_create(raws)
    pairs = list(zip(deals, raws, strict=True))
    Activity.objects.bulk_create(
        Activity(wallet=wallet, transaction=raw, network_lamports=d.costs, has_trade=True)
        for d, raw in pairs
    )
    trades = Trade.objects.bulk_create(_trade(wallet, d, raw) for d, raw in pairs)
    PoolLeg.objects.bulk_create(_leg(wallet, d, raw) for d, raw in pairs)
    fold_books(books_of(trades))
    if refresh:
        refresh_stats([wallet.pk])


def _raw(wallet: Wallet, d: Deal, no: int) -> RawTransaction:
    return RawTransaction(
        signature=signature(f"deal {no}"), slot=1_000 + no if d.slot is None else d.slot,
        tx_index=no, block_time=d.at, version="0", failed=False, fee_payer=wallet.address,
        fee_lamports=5_000, owners=[wallet.address], payload=b"", source="test",
    )  # fmt: skip


def _trade(wallet: Wallet, d: Deal, raw: RawTransaction) -> Trade:
    bought = d.side == "buy"
    usd = None if d.usd is None else (d.lamports * d.usd / SOL).quantize(Decimal("0.000001"))
    told: dict[str, Any] = {
        "mint_in": str(WSOL) if bought else mint_of(d.token),
        "mint_out": mint_of(d.token) if bought else str(WSOL),
        "raw_in": d.lamports if bought else d.raw, "raw_out": d.raw if bought else d.lamports,
    }  # fmt: skip
    return Trade(
        wallet=wallet, transaction=raw, leg=0, slot=raw.slot, tx_index=raw.tx_index,
        block_time=d.at, signature=raw.signature, side=d.side, mint=mint_of(d.token),
        value_lamports=d.lamports, costs_lamports=d.costs, value_usd=usd, venue=d.venue, **told,
    )  # fmt: skip


def _leg(wallet: Wallet, d: Deal, raw: RawTransaction) -> PoolLeg:
    bought = d.side == "buy"
    tokens, lamports = d.pool_raw or d.raw, d.pool_lamports or d.lamports
    of_token, of_sol = d.reserves or (None, None)
    return PoolLeg(
        transaction=raw, no=0, owner=wallet.address, program=address("program"), venue=d.venue,
        pool=pool_of(d), mint_in=str(WSOL) if bought else mint_of(d.token),
        raw_in=lamports if bought else tokens, mint_out=mint_of(d.token) if bought else str(WSOL),
        raw_out=tokens if bought else lamports, token=mint_of(d.token), slot=raw.slot,
        reserve_in=of_sol if bought else of_token, reserve_out=of_token if bought else of_sol,
    )  # fmt: skip


def deep(raw: int, lamports: int) -> dict[str, Any]:
    """What a deal's pool is: 3,000 times as deep as the deal."""
    return {"venue": "Raydium AMM v4", "reserves": (3_000 * raw, 3_000 * lamports)}


def any_deals(seed: int, count: int, *, until: datetime, days: int = 60) -> list[Deal]:
    """A plausible history: buys, part sales and full sales in many tokens, in order of time.

    Every pool is some thousand times as deep as its last trade.
    """
    random = Random(seed)
    times = sorted(
        until - timedelta(seconds=random.randint(1, days * 86_400)) for _ in range(count)
    )
    held: dict[str, int] = {}
    deals = []
    for no, at in enumerate(times):
        usd = None if random.random() < 0.02 else Decimal(random.randint(15_000, 25_000)) / 100
        if held and random.random() < 0.55:
            token = random.choice(sorted(held))
            raw = held[token] if random.random() < 0.7 else random.randint(1, held[token])
            price = random.randint(300, 1_900)
            lamports = max(1, raw * price // 1_000)
            deals.append(Deal(at, "sell", token, raw, lamports, usd=usd, **deep(raw, lamports)))
            held[token] -= raw
            if not held[token]:
                del held[token]
        else:
            token = f"T{random.randint(0, max(3, count // 8))}"
            small = random.random() < 0.2
            raw = random.randint(10**6, 5 * 10**7 if small else 4 * 10**9)
            deals.append(Deal(at, "buy", token, raw, raw, usd=usd, **deep(raw, raw)))
            held[token] = held.get(token, 0) + raw
        if no % 50 == 49:
            deals.append(Deal(at, "sell", f"unknown {no}", 10**6, 10**8, usd=usd))
    return deals
