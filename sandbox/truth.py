"""The true ledgers as tests read them."""

from __future__ import annotations

from typing import Any

from sandbox.chain import Chain

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
    return {"address": address, "trades": trades, **totals,
            "holdings": chain.world.ledger.holdings(address)}  # fmt: skip


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
