"""Plain functions that make rows with defaults; tests name only what they are about."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from aura.core.solana import WSOL
from market.models import Token
from wallets.actions import fold_books, refresh_stats
from wallets.models import Activity, RawTransaction, Trade, Wallet

SOL = 10**9
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def address(name: str) -> str:
    """A real address (off or on curve as it falls) that belongs to this name alone."""
    return str(Pubkey.from_bytes(hashlib.sha256(name.encode()).digest()))


def signature(name: str) -> str:
    """A signature that belongs to this name alone."""
    digest = hashlib.sha512(name.encode()).digest()
    return str(Signature.from_bytes(digest))


def make_wallet(name: str = "Yenni", **fields: Any) -> Wallet:
    """A wallet; `Yenni` is the whale of the cast."""
    return Wallet.objects.create(address=address(name), **fields)


def make_token(symbol: str = "WIF", *, decimals: int = 6) -> Token:
    """A token with a name."""
    mint = address(f"mint {symbol}")
    token, _ = Token.objects.get_or_create(
        mint=mint, defaults={"decimals": decimals, "symbol": symbol, "name": f"{symbol} token"}
    )
    return token


def make_trade(
    wallet: Wallet,
    side: str = "buy",
    *,
    token: Token | None = None,
    raw: int = 1_000_000,
    lamports: int = SOL,
    costs: int = 5_000,
    slot: int | None = None,
    fold: bool = True,
    **fields: Any,
) -> Trade:
    """A trade for SOL, with its raw row, folded into the wallet's book."""
    token = token or make_token()
    slot = slot if slot is not None else 1_000 + RawTransaction.objects.count()
    at = START + timedelta(seconds=slot - 1_000)
    name = signature(f"{wallet.address} {slot}")
    row = RawTransaction.objects.create(
        signature=name, slot=slot, tx_index=0, block_time=at, version="0", failed=False,
        fee_payer=wallet.address, fee_lamports=5_000, owners=[wallet.address], payload=b"",
        source="test",
    )  # fmt: skip
    Activity.objects.create(wallet=wallet, transaction=row, network_lamports=costs, has_trade=True)
    bought = side == "buy"
    trade = Trade.objects.create(
        wallet=wallet, transaction=row, leg=0, slot=slot, tx_index=0, block_time=at,
        signature=name, side=side, mint=token.mint,
        mint_in=WSOL if bought else token.mint, raw_in=lamports if bought else raw,
        mint_out=token.mint if bought else WSOL, raw_out=raw if bought else lamports,
        value_lamports=lamports, costs_lamports=costs, venue="pump.fun",
        **fields,
    )  # fmt: skip
    if fold:
        fold_books({(wallet.pk, token.mint): None})
        refresh_stats([wallet.pk])
    return trade
