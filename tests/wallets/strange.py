"""Swaps of any size and any decimals, as a node tells them, through the front door into pages."""

import json
import struct
from typing import Any

from tests.payloads.chain import RAYDIUM, RENT, SPL, WSOL, Call, Chain, move, vault, wallet
from wallets.actions import keep_delivery, record_waiting
from wallets.domain.programs import COMPUTE_BUDGET

U64 = 2**64 - 1
YENNI = wallet("yenni")
_AUTHORITY = vault("authority")
_DEPTH = 10**17


def mint(name: str) -> str:
    """The mint of a token of that name."""
    return wallet(f"{name} mint")


def swapped(
    no: int,
    *,
    buy: bool,
    raw: int,
    lamports: int,
    at: int,
    coin: str = "coin",
    decimals: int = 6,
    held: int = 0,
) -> dict[str, Any]:
    """Yenni swaps wrapped SOL for a token or back; `held` is what she has of it before."""
    coins, sol = vault(f"yenni {coin}"), vault("yenni sol")
    pool_coins, pool_sol = vault(f"pool {coin}"), vault("pool sol")
    source, dest = (sol, coins) if buy else (coins, sol)
    vault_in, vault_out = (pool_sol, pool_coins) if buy else (pool_coins, pool_sol)
    amount_in, amount_out = (lamports, raw) if buy else (raw, lamports)
    accounts = (SPL, vault(f"the {coin} pool"), _AUTHORITY, source, dest, YENNI)
    inner = (
        move(source, vault_in, YENNI, amount_in),
        move(vault_out, dest, _AUTHORITY, amount_out),
    )
    mine = (_DEPTH, _DEPTH - lamports) if buy else (_DEPTH, _DEPTH + lamports)
    pools = (_DEPTH, _DEPTH + lamports) if buy else (_DEPTH, _DEPTH - lamports)
    chain = Chain(
        signers=(YENNI,),
        calls=(
            Call(COMPUTE_BUDGET, (), b"\x02" + struct.pack("<I", no)),
            Call(RAYDIUM, accounts, b"\x09", inner),
        ),
        lamports={
            YENNI: (10**10, 10**10 - 5_000),
            sol: (RENT + mine[0], RENT + mine[1]),
            pool_sol: (RENT + pools[0], RENT + pools[1]),
        },
        tokens=[
            (sol, WSOL, YENNI, *mine),
            (pool_sol, WSOL, _AUTHORITY, *pools),
            (coins, mint(coin), YENNI, held, held + raw if buy else held - raw),
            (pool_coins, mint(coin), _AUTHORITY, raw if buy else 0, 0 if buy else raw),
        ],
        extra={"slot": 454_500_000 + no, "blockTime": at, "indexWithinBlock": 0},
    )
    told = chain.json()
    for side in ("preTokenBalances", "postTokenBalances"):
        for row in told["meta"][side]:
            row["uiTokenAmount"]["decimals"] = 9 if row["mint"] == WSOL else decimals
    return told


def arrive(*payloads: Any) -> None:
    """Let transactions come in as a webhook's body, and be read."""
    keep_delivery(json.dumps(payloads).encode(), source="webhook")
    assert record_waiting() == 1
