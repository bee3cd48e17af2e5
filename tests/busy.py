"""A wallet with thousands of trades, its rows made in bulk."""

from datetime import UTC, datetime, timedelta

from aura.core.solana import WSOL
from market.models import SolPrice
from tests.make import SOL, make_token, signature
from wallets.actions import fold_books, refresh_stats
from wallets.models import Activity, RawTransaction, Trade, Wallet


def make_busy(
    wallet: Wallet, *, trades: int, tokens: int = 20, until: datetime, days: int = 120
) -> None:
    """Give a wallet that many trades, round trips of a buy and a sale, up to a moment.

    Three of five trips win; every trade is priced at $150 a SOL.
    """
    mints = [make_token(f"BUSY{n}").mint for n in range(tokens)]
    step = timedelta(days=days) / trades
    rows, paid, made = [], [], []
    for n in range(trades):
        at = (until - step * (trades - n)).astimezone(UTC)
        trip, bought, mint = n // 2, n % 2 == 0, mints[(n // 2) % tokens]
        lamports = SOL if bought else (SOL * 3 // 2 if trip % 5 < 3 else SOL * 3 // 5)
        name = signature(f"{wallet.address} busy {n}")
        row = RawTransaction(
            signature=name, slot=10_000 + n, tx_index=0, block_time=at, version="0", failed=False,
            fee_payer=wallet.address, fee_lamports=5_000, owners=[wallet.address], payload=b"",
            source="test",
        )  # fmt: skip
        rows.append(row)
        paid.append(
            Activity(wallet=wallet, transaction=row, network_lamports=5_000, has_trade=True)
        )
        legs = (WSOL, lamports, mint, 10**6) if bought else (mint, 10**6, WSOL, lamports)
        made.append(
            Trade(
                wallet=wallet, transaction=row, leg=0, slot=row.slot, tx_index=0, block_time=at,
                signature=name, side="buy" if bought else "sell", mint=mint, mint_in=legs[0],
                raw_in=legs[1], mint_out=legs[2], raw_out=legs[3], value_lamports=lamports,
                value_usd=lamports * 150 / SOL, costs_lamports=5_000, venue="pump.fun",
            )
        )  # fmt: skip
    RawTransaction.objects.bulk_create(rows, batch_size=1_000)
    Activity.objects.bulk_create(paid, batch_size=1_000)
    Trade.objects.bulk_create(made, batch_size=1_000)
    minutes = {at.block_time.replace(second=0, microsecond=0) for at in made if at.block_time}
    SolPrice.objects.bulk_create(
        [SolPrice(minute=minute, usd=150, source="test") for minute in minutes],
        ignore_conflicts=True,
    )
    fold_books({(wallet.pk, mint): None for mint in mints})
    refresh_stats([wallet.pk])
