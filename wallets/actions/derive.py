"""From decoded transactions to rows: activities, trades, transfers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from market.queries import sol_price_at
from wallets.domain.decode import decode
from wallets.domain.money import (
    DOLLAR_DECIMALS,
    DOLLARS,
    dollars_raw,
    in_usd,
    side_of,
    token_of,
    value_lamports,
)
from wallets.domain.ordering import order_key
from wallets.domain.values import Decoded, Leg, Swap
from wallets.domain.values import Transaction as TransactionValue
from wallets.models import Activity, PoolLeg, RawTransaction, Trade, Transfer, Wallet

_FOR_DOLLARS = Q(mint_in__in=DOLLARS) | Q(mint_out__in=DOLLARS)


@dataclass(slots=True)
class Derived:
    """Rows stored by one derivation."""

    activities: list[Activity] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    legs: list[PoolLeg] = field(default_factory=list)
    compared: list[RawTransaction] = field(default_factory=list)

    @property
    def active_ids(self) -> set[int]:
        """Wallets that took part in anything new."""
        return {activity.wallet_id for activity in self.activities}

    @property
    def rows(self) -> list[Trade | Transfer]:
        """Everything the books fold."""
        return [*self.trades, *self.transfers]


def derive(
    wallets: Mapping[str, Wallet],
    pairs: Sequence[tuple[RawTransaction, TransactionValue]],
    done: set[tuple[int, int]],
) -> Derived:
    """Decode transactions for the wallets that took part and store what they mean.

    `done` holds (wallet, transaction) ids derived before; they are left alone. The wallets' rows
    are locked by the caller.
    """
    derived = Derived()
    prices = sol_price_at({moment_of(raw) for raw, _ in pairs})
    ordered = sorted(pairs, key=lambda p: order_key(p[0].slot, p[0].tx_index, p[0].signature))
    for raw, read in ordered:
        here = [wallets[owner] for owner in raw.owners if owner in wallets]
        todo = {w.address: w for w in here if (w.pk, raw.pk) not in done}
        if todo:
            meaning = decode(read, set(todo))
            _derive_one(derived, raw, meaning, todo, prices)
            _note_legs(derived, raw, meaning)
    Activity.objects.bulk_create(derived.activities)
    Trade.objects.bulk_create(derived.trades)
    Transfer.objects.bulk_create(derived.transfers)
    # Legs are the transaction's, whoever's wallet it is derived for: another may have left them.
    PoolLeg.objects.bulk_create(derived.legs, ignore_conflicts=True)
    _store_compared(derived.compared)
    return derived


def _store_compared(raws: Sequence[RawTransaction]) -> None:
    """Store how second opinions turned out: the same for most, so one update a way."""
    alike: dict[tuple[int, str], list[int]] = defaultdict(list)
    for raw in raws:
        alike[raw.compared, raw.disagreements].append(raw.pk)
    for (compared, disagreements), ids in alike.items():
        RawTransaction.objects.filter(pk__in=ids).update(
            compared=compared, disagreements=disagreements
        )


def _note_legs(derived: Derived, raw: RawTransaction, meaning: Decoded) -> None:
    derived.legs.extend(_leg(raw, no, leg) for no, leg in enumerate(meaning.legs))
    said = (meaning.compared, "; ".join(meaning.disagreements))
    if said != (raw.compared, raw.disagreements):
        raw.compared, raw.disagreements = said
        derived.compared.append(raw)


def _leg(raw: RawTransaction, no: int, leg: Leg) -> PoolLeg:
    reserves = leg.reserves
    return PoolLeg(
        transaction=raw,
        no=no,
        owner=leg.owner or "",
        program=leg.program,
        venue=leg.venue,
        pool=leg.pool or "",
        mint_in=leg.mint_in,
        raw_in=leg.raw_in,
        mint_out=leg.mint_out,
        raw_out=leg.raw_out,
        reserve_in=None if reserves is None else reserves.of_in,
        reserve_out=None if reserves is None else reserves.of_out,
        fee_points=None if reserves is None else reserves.fee_points,
        token=token_of(leg) or "",
        slot=raw.slot,
    )


def _derive_one(
    derived: Derived,
    raw: RawTransaction,
    meaning: Decoded,
    wallets: Mapping[str, Wallet],
    prices: Mapping[datetime, Decimal | None],
) -> None:
    price = prices.get(moment_of(raw))
    for address, wallet in wallets.items():
        activity = _activity(raw, meaning, wallet)
        derived.activities.append(activity)
        swaps = [swap for swap in meaning.swaps if swap.owner == address]
        for leg, swap in enumerate(swaps):
            costs = _costs(activity) if leg == 0 else 0
            derived.trades.append(_trade(raw, meaning, wallet, leg, swap, costs, price))
        moves = [t for t in meaning.transfers if t.owner == address]
        for leg, move in enumerate(moves):
            derived.transfers.append(
                Transfer(
                    **_where(raw),
                    wallet=wallet,
                    leg=leg,
                    mint=move.mint,
                    raw=move.raw,
                    kind=move.kind,
                )
            )


def _activity(raw: RawTransaction, meaning: Decoded, wallet: Wallet) -> Activity:
    paid = dict.fromkeys(("network", "tip", "platform", "rent", "other"), 0)
    for cost in meaning.costs:
        if cost.owner == wallet.address:
            paid[cost.kind] += cost.lamports
    reasons = (a.reason for a in meaning.ambiguous if a.owner == wallet.address)
    return Activity(
        wallet=wallet,
        transaction=raw,
        **{f"{kind}_lamports": lamports for kind, lamports in paid.items()},
        has_trade=any(swap.owner == wallet.address for swap in meaning.swaps),
        ambiguous="; ".join(reasons)[:200],
    )


def _costs(activity: Activity) -> int:
    """Everything the owner paid beside the swap but the deposits he gets back."""
    return (
        activity.network_lamports
        + activity.tip_lamports
        + activity.platform_lamports
        + activity.other_lamports
    )


def _where(raw: RawTransaction) -> dict[str, object]:
    return {
        "transaction": raw,
        "slot": raw.slot,
        "tx_index": raw.tx_index,
        "block_time": raw.block_time,
        "received_at": raw.received_at,
        "signature": raw.signature,
    }


def _trade(
    raw: RawTransaction,
    meaning: Decoded,
    wallet: Wallet,
    leg: int,
    swap: Swap,
    costs: int,
    price: Decimal | None,
) -> Trade:
    side, mint = side_of(swap)
    value = value_lamports(swap, meaning.legs)
    return Trade(
        **_where(raw),
        wallet=wallet,
        leg=leg,
        side=side,
        mint=mint,
        mint_in=swap.mint_in,
        raw_in=swap.raw_in,
        mint_out=swap.mint_out,
        raw_out=swap.raw_out,
        value_lamports=value,
        costs_lamports=costs,
        value_usd=_usd(swap, value, price),
        venue=swap.venue or "",
        program=swap.program or "",
    )


def moment_of(raw: RawTransaction) -> datetime:
    """Return the chain's time of a transaction, or until that is known when it reached us."""
    return raw.block_time or raw.received_at


def reprice(trades: "QuerySet[Trade]") -> None:
    """Work out again what trades were worth in USD, at a time or a price that became known late.

    A trade for dollars is worth its dollars whenever it was.
    """
    rows = list(trades.exclude(value_lamports=None).exclude(_FOR_DOLLARS))
    prices = sol_price_at({trade.at for trade in rows})
    for trade in rows:
        trade.value_usd = in_usd(trade.value_lamports, prices[trade.at])
    Trade.objects.bulk_update(rows, ["value_usd"], batch_size=500)


def _usd(swap: Swap, value: int | None, price: Decimal | None) -> Decimal | None:
    dollars = dollars_raw(swap)
    if dollars is not None:
        return Decimal(dollars).scaleb(-DOLLAR_DECIMALS)
    return in_usd(value, price)
