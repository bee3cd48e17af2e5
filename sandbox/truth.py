"""The true ledgers as tests read them."""

from __future__ import annotations

from typing import Any

from sandbox.chain import Chain
from sandbox.venues import Curve
from sandbox.world import World

Json = dict[str, Any]


def wallet_truth(chain: Chain, address: str) -> Json:
    """Give everything the sandbox knows about one wallet's trading; lamports and raw units."""
    rows = chain.store.rows(
        "SELECT signature, slot, place, side, mint, raw, lamports, costs FROM trade "
        "WHERE wallet = ? ORDER BY rowid",
        (address,),
    )
    names = ("signature", "slot", "index", "side", "mint", "raw", "lamports", "costs_lamports")
    trades = [dict(zip(names, row, strict=True)) for row in rows]
    totals: Json = dict(chain.world.ledger.totals(address))
    totals.pop("trades")
    ledger = chain.world.ledger
    return {"address": address, "trades": trades, **totals,
            "holdings": ledger.holdings(address), "lots": ledger.open_lots(address),
            "unrealised": unrealised(chain.world, address)}  # fmt: skip


def exit_lamports(world: World, mint: str, raw: int) -> int | None:
    """Give what selling so many raw units into their pool would bring now, its fees taken off.

    None when nobody could sell: the curve is complete and waits for its migration.
    """
    token = world.tokens.get(mint) or world.graveyard[mint]
    if isinstance(token.venue, Curve) and token.venue.complete:
        return None
    return token.venue.sell(raw).received


def pool_truth(world: World, mint: str) -> Json:
    """Give where a token trades now and what its price is reckoned by; virtual reserves count."""
    venue = (world.tokens.get(mint) or world.graveyard[mint]).venue
    quote, base = venue.price()
    return {"pool": venue.address, "base_raw": base, "quote_lamports": quote}


def unrealised(world: World, address: str) -> Json:
    """Give per mint what selling the whole holding would bring, less the cost left.

    The units without a known cost have their share of it by quantity, floored; it stands apart.
    Network fees and tips of that sale are not foreseen.
    """
    found: Json = {}
    for mint, held in world.ledger.holdings(address).items():
        worth = exit_lamports(world, mint, held["raw"])
        if worth is None:
            found[mint] = None
            continue
        unknown = worth * held["unknown_raw"] // held["raw"]
        found[mint] = {
            "exit_lamports": worth, "unknown_lamports": unknown,
            "unrealised_lamports": worth - unknown - held["cost_lamports"],
        }  # fmt: skip
    return found


def all_wallets(chain: Chain) -> list[Json]:
    """Give the totals of every actor."""
    return [
        {"address": wallet.address, "nickname": wallet.nickname, "character": wallet.kind,
         **chain.world.ledger.totals(wallet.address)}
        for wallet in chain.world.wallets.values()
    ]  # fmt: skip


def named_csv(chain: Chain) -> str:
    """Give the wallets worth following as CSV: address, nickname, character."""
    lines = ["address,nickname,character"]
    for address in chain.world.named:
        wallet = chain.world.wallets[address]
        lines.append(f"{address},{wallet.nickname},{wallet.kind}")
    return "\n".join(lines) + "\n"
