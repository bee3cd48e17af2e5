"""A wallet's trades and the positions they belong to, as the rules of figures want them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import F

from market.queries import sol_price_at
from wallets.domain.money import QUOTES
from wallets.domain.statistics.washing import (
    Dealing,
    PoolFlow,
    died_at,
    is_dust,
    matched_pairs,
    zero_net,
)
from wallets.models import Disposal, Lot, Position, Trade, Wallet
from wallets.queries.figures import is_unsaleable, priced_held

# A position within its wallet: its mint and number.
Place = tuple[str, int]

_FLOWS: Final = """
SELECT DISTINCT t.signature, l.pool, l.mint_in, l.mint_out
FROM wallets_trade t JOIN wallets_poolleg l ON l.transaction_id = t.transaction_id
WHERE t.wallet_id = %s AND l.owner IN ('', %s) AND l.pool <> ''
"""

# The index on (mint, block_time) answers each mint by its end.
_LAST_TRADES: Final = """
SELECT m.mint, (SELECT max(block_time) FROM wallets_trade WHERE mint = m.mint)
FROM unnest(%s::text[]) AS m(mint)
"""


@dataclass(slots=True)
class Memberships:
    """Which position a trade of a mint bought into or sold from, by (mint, signature)."""

    buys: dict[tuple[str, str], int]
    sales: dict[tuple[str, str], int]
    bought_usd: dict[Place, Decimal | None]

    def places_of(self, mint: str, signature: str) -> set[Place]:
        """Return the positions a transaction moved in a mint."""
        found = (side.get((mint, signature)) for side in (self.buys, self.sales))
        return {(mint, no) for no in found if no is not None}


def memberships_of(wallet: Wallet) -> Memberships:
    """Read from the lots and pieces of a wallet which trades make which position; two queries.

    What a lot of dust began with is the sale that closed the position before: it is not a buy.
    """
    lots = Lot.objects.filter(wallet=wallet, origin=Lot.Origin.BUY)
    bought: dict[Place, Decimal | None] = {}
    buys = {}
    for mint, no, signature, usd in lots.values_list(
        "mint", "position_no", "signature", "cost_usd"
    ):
        buys[mint, signature] = no
        so_far = bought.get((mint, no), Decimal(0))
        bought[mint, no] = None if usd is None or so_far is None else so_far + usd
    pieces = Disposal.objects.filter(wallet=wallet).order_by().distinct()
    sales = {
        (mint, signature): no
        for mint, no, signature in pieces.values_list("mint", "position_no", "signature")
    }
    return Memberships(buys, sales, bought)


def dealings_of(wallet: Wallet) -> list[Dealing]:
    """List both sides of a wallet's trades but the money, in chain order."""
    rows = Trade.objects.filter(wallet=wallet).order_by(
        "slot", F("tx_index").asc(nulls_last=True), "signature", "leg"
    )
    told: Iterable[Any] = rows.values_list(
        "signature", "slot", "block_time", "mint_in", "raw_in", "mint_out", "raw_out",
        "value_lamports", "costs_lamports", "venue",
    )  # fmt: skip
    found = []
    for signature, slot, at, mint_in, raw_in, mint_out, raw_out, *rest in told:
        for mint, raw, is_buy in ((mint_in, raw_in, False), (mint_out, raw_out, True)):
            if mint not in QUOTES:
                found.append(Dealing(signature, mint, slot, at, is_buy, raw, *rest))
    return found


def last_trades(mints: Iterable[str]) -> dict[str, datetime | None]:
    """Return when each mint was last traded by any recorded wallet, by the chain's time."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_TRADES, [sorted(set(mints))])
        return dict(cursor.fetchall())


def flags_of(wallet: Wallet, *, now: datetime) -> dict[Place, dict[str, datetime | None]]:
    """Find why positions of a wallet need care: rule ids, and since when; nine queries.

    dust, wash_w1, wash_w3: it proves nothing. dead: it is open on a dead token, since its death or
    since its pool was seen as it is now.
    """
    members = memberships_of(wallet)
    flags: dict[Place, dict[str, datetime | None]] = defaultdict(dict)
    for mint, signature in matched_pairs(dealings_of(wallet)):
        for place in members.places_of(mint, signature):
            flags[place]["wash_w1"] = None
    churned = zero_net(_flows_of(wallet))
    for mint, signature in [*members.buys, *members.sales]:
        if signature in churned:
            for place in members.places_of(mint, signature):
                flags[place]["wash_w3"] = None
    for place, usd in members.bought_usd.items():
        if is_dust(usd):
            flags[place]["dust"] = None
    for place, death in _deaths(wallet, now).items():
        flags[place]["dead"] = death
    return dict(flags)


def _deaths(wallet: Wallet, now: datetime) -> dict[Place, datetime]:
    """Return since when the tokens of a wallet's open positions are dead; four queries."""
    still_open = list(
        Position.objects.filter(wallet=wallet, is_open=True).values_list("mint", "no")
    )
    if not still_open:
        return {}
    traded = last_trades(mint for mint, _ in still_open)
    sol_usd = sol_price_at([now])[now]
    sunk = {
        held.mint: held.quote.seen.at
        for held in priced_held(wallet.pk)
        if held.quote is not None and held.quote.seen is not None
        if is_unsaleable(held, sol_usd)
    }
    found: dict[Place, datetime] = {}
    for mint, no in still_open:
        deaths = [at for at in (died_at(traded[mint], now), sunk.get(mint)) if at is not None]
        if deaths:
            found[mint, no] = min(deaths)
    return found


def _flows_of(wallet: Wallet) -> list[PoolFlow]:
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, [wallet.pk, wallet.address])
        return [PoolFlow(*row) for row in cursor.fetchall()]
