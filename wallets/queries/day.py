"""What happened since a moment: trades, results, movers."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from wallets.models import Disposal, Trade, Wallet


@dataclass(frozen=True, slots=True)
class Mover:
    """A wallet and what it realised since a moment."""

    wallet: Wallet
    realised_lamports: int
    realised_usd: Decimal | None
    sales: int


@dataclass(frozen=True, slots=True)
class Day:
    """What the visible wallets did since a moment; `movers` are the largest results, up or down."""

    trades: int
    traders: int
    volume_lamports: int
    realised_lamports: int
    realised_usd: Decimal | None
    movers: list[Mover]


def day_of(user: Any, *, since: datetime, movers: int = 5) -> Day:
    """Sum trades and realised results since then, by the chain's own time.

    Grouped by wallet in the database and summed here: one pass over each table.
    """
    visible = Wallet.objects.visible_to(user).values("pk")
    traded = list(
        Trade.objects.filter(wallet__in=visible, block_time__gte=since)
        .values("wallet")
        .annotate(trades=Count("pk"), lamports=Sum("value_lamports"))
    )
    sold = list(
        Disposal.objects.filter(
            wallet__in=visible, disposed_at__gte=since, gain_lamports__isnull=False
        )
        .values("wallet")
        .annotate(
            lamports=Sum("gain_lamports"),
            usd=Sum("gain_usd"),
            sales=Count("pk"),
            priced=Count("gain_usd"),
        )
    )
    sold.sort(key=lambda s: (-abs(s["lamports"]), s["wallet"]))
    for sale in sold:
        # a sum that leaves pieces out would pass for the whole
        sale["usd"] = sale["usd"] if sale["priced"] == sale["sales"] else None
    wallets = Wallet.objects.in_bulk([s["wallet"] for s in sold[:movers]])
    return Day(
        trades=sum(t["trades"] for t in traded),
        traders=len(traded),
        volume_lamports=sum(t["lamports"] or 0 for t in traded),
        realised_lamports=sum(s["lamports"] for s in sold),
        realised_usd=None
        if any(s["usd"] is None for s in sold)
        else sum((s["usd"] for s in sold), Decimal(0)),
        movers=[
            Mover(wallets[s["wallet"]], s["lamports"], s["usd"], s["sales"]) for s in sold[:movers]
        ],
    )
