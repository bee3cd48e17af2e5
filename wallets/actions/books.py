"""Folding trades and transfers into lots, positions and figures, and storing what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum

from wallets.domain.ledger import Acquired, Book, Disposed, Event
from wallets.domain.ledger import Lot as LotValue
from wallets.domain.ledger import Position as PositionValue
from wallets.domain.money import QUOTES
from wallets.domain.ordering import OrderKey, order_key
from wallets.domain.statistics import wilson
from wallets.models import Activity, Disposal, Holding, Lot, Position, Trade, Transfer, Wallet, WalletStats

# Where an event stands in its book: chain order, then trades before transfers, then the leg.
Place = tuple[OrderKey, int, int]


def fold_books(
    wallet: Wallet, mints: Iterable[str], *, new: Iterable[Trade | Transfer] | None = None
) -> None:
    """Bring the books of a wallet in these mints up to date.

    The caller holds the wallet's row locked. `new` are the rows recorded just now: when all of
    them stand after what a book has folded, the fold goes on from its open lots; when one
    arrived late, or `new` is not told, the book is folded anew. Both end in the same rows,
    whatever the order of arrival.
    """
    rows = None if new is None else list(new)
    for mint in sorted(set(mints) - QUOTES):
        fresh = None if rows is None else _placed((r for r in rows if _moves(r, mint)), mint)
        _fold_book(wallet, mint, fresh)


def _fold_book(wallet: Wallet, mint: str, fresh: "list[tuple[Place, Event]] | None") -> None:
    holding = Holding.objects.filter(wallet=wallet, mint=mint).first()
    if fresh and holding is not None and _place_of(holding) < fresh[0][0]:
        book, events = _open_book(holding), fresh
    else:
        _forget(wallet, mint)
        holding, book = Holding(wallet=wallet, mint=mint), Book()
        events = _placed(_rows(wallet, mint), mint)
    if events:
        book.fold(event for _, event in events)
        _store(holding, book, events[-1][0])


def _rows(wallet: Wallet, mint: str) -> list[Trade | Transfer]:
    """Return every row that moved the mint."""
    trades = Trade.objects.filter(Q(mint_in=mint) | Q(mint_out=mint), wallet=wallet)
    return [*trades, *Transfer.objects.filter(wallet=wallet, mint=mint)]


def _moves(row: Trade | Transfer, mint: str) -> bool:
    return mint == row.mint if isinstance(row, Transfer) else mint in (row.mint_in, row.mint_out)


def _placed(rows: Iterable[Trade | Transfer], mint: str) -> list[tuple[Place, Event]]:
    """Turn rows into the book's events, in its order."""
    found: list[tuple[Place, Event]] = []
    for row in rows:
        rank = int(isinstance(row, Transfer))
        place = (order_key(row.slot, row.tx_index, row.signature), rank, row.leg)
        found.append((place, _transferred(row) if isinstance(row, Transfer) else _traded(row, mint)))
    return sorted(found, key=lambda pair: pair[0])


def _forget(wallet: Wallet, mint: str) -> None:
    for model in (Disposal, Lot, Position, Holding):
        model._default_manager.filter(wallet=wallet, mint=mint).delete()


def _traded(trade: Trade, mint: str) -> Event:
    """Read a trade from one book's side.

    Costs go into what is bought or come off what a sale for SOL fetches; of a token-to-token
    swap the bought side bears them.
    """
    value, usd = trade.value_lamports, trade.value_usd
    if trade.mint_out == mint:
        cost = None if value is None else value + trade.costs_lamports
        return Acquired(
            trade.signature, trade.block_time, trade.raw_out, "buy", cost, _with_costs(usd, value, cost)
        )
    costs = 0 if trade.side == Trade.Side.SWAP else trade.costs_lamports
    proceeds = None if value is None else value - costs
    return Disposed(
        trade.signature, trade.block_time, trade.raw_in, True, proceeds, value,
        _with_costs(usd, value, proceeds),
    )  # fmt: skip


def _with_costs(usd: Decimal | None, value: int | None, net: int | None) -> Decimal | None:
    """Scale a trade's worth in USD to the amount after costs, at the same price of SOL."""
    if usd is None or not value or net is None:
        return None
    return usd * net / value


def _transferred(transfer: Transfer) -> Event:
    if transfer.raw > 0:
        origin = "liquidity" if transfer.kind == Transfer.Kind.LIQUIDITY else "transfer"
        return Acquired(transfer.signature, transfer.block_time, transfer.raw, origin, None)
    return Disposed(transfer.signature, transfer.block_time, -transfer.raw, False)


def _place_of(holding: Holding) -> Place:
    key = order_key(holding.folded_slot, holding.folded_index, holding.folded_signature)
    return (key, holding.folded_rank, holding.folded_leg)


def _open_book(holding: Holding) -> Book:
    rows: dict[str, Any] = {"wallet": holding.wallet_id, "mint": holding.mint}
    lots = Lot.objects.filter(**rows, raw_left__gt=0).order_by("no")
    position = Position.objects.filter(**rows, is_open=True).first()
    book = Book(
        next_lot=holding.next_lot,
        next_disposal=holding.next_disposal,
        next_position=holding.next_position,
    )
    book.lots.extend(_value(lot, LotValue) for lot in lots)
    book.position = None if position is None else _value(position, PositionValue)
    return book


def _value(row: Any, cls: type[Any]) -> Any:
    return cls(**{name: getattr(row, name) for name in cls.__slots__})


def _store(holding: Holding, book: Book, last: Place) -> None:
    key = {"wallet_id": holding.wallet_id, "mint": holding.mint}
    _upsert(Lot, [Lot(**key, **asdict(lot)) for lot in book.touched_lots.values()],
            ["raw_left", "cost_left_lamports"])  # fmt: skip
    _upsert(Position, [Position(**key, **asdict(p)) for p in book.touched_positions.values()],
            [n for n in PositionValue.__slots__ if n not in ("no", "opened_at")])  # fmt: skip
    Disposal.objects.bulk_create(
        [Disposal(**key, **asdict(piece)) for piece in book.disposals]
    )
    (slot, unplaced, index, signature), holding.folded_rank, holding.folded_leg = last
    holding.folded_slot, holding.folded_signature = slot, signature
    holding.folded_index = None if unplaced else index
    holding.raw, holding.cost_lamports = book.raw, book.cost_lamports
    holding.unknown_raw = book.unknown_raw
    holding.next_lot, holding.next_disposal = book.next_lot, book.next_disposal
    holding.next_position = book.next_position
    holding.save()


def _upsert(model: Any, rows: Sequence[Any], changing: list[str]) -> None:
    model.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["wallet", "mint", "no"],
        update_fields=changing,
    )


def refresh_stats(wallet: Wallet) -> WalletStats:
    """Work out a wallet's figures from its trades, positions and costs."""
    trades = Trade.objects.filter(wallet=wallet).aggregate(
        n=Count("pk"), volume=Sum("value_lamports"), usd=Sum("value_usd"), last=Max("block_time")
    )
    judged = Q(is_open=False, full_basis=True)
    positions = Position.objects.filter(wallet=wallet).aggregate(
        closed=Count("pk", filter=judged),
        wins=Count("pk", filter=judged & Q(realised_lamports__gt=0)),
        open=Count("pk", filter=Q(is_open=True)),
        realised=Sum("realised_lamports"),
        usd=Sum("realised_usd"),
        unpriced=Count("pk", filter=Q(realised_usd=None)),
        unknown=Sum("unknown_proceeds_lamports"),
    )
    sold = Disposal.objects.filter(wallet=wallet, proceeds_lamports__isnull=False).aggregate(
        all=Sum("proceeds_lamports"),
        known=Sum("proceeds_lamports", filter=Q(cost_lamports__isnull=False)),
    )
    outside = Activity.objects.filter(wallet=wallet, has_trade=False).aggregate(
        n=Sum("network_lamports"), t=Sum("tip_lamports"), p=Sum("platform_lamports")
    )
    interval = wilson(positions["wins"], positions["closed"])
    low, high = interval or (None, None)
    stats, _ = WalletStats.objects.update_or_create(
        wallet=wallet,
        defaults={
            "trades": trades["n"],
            "volume_lamports": trades["volume"] or 0,
            "volume_usd": trades["usd"] or 0,
            "last_trade_at": trades["last"],
            "closed_positions": positions["closed"],
            "wins": positions["wins"],
            "win_rate": positions["wins"] / positions["closed"] if positions["closed"] else None,
            "win_rate_low": low,
            "win_rate_high": high,
            "open_positions": positions["open"],
            "realised_lamports": positions["realised"] or 0,
            "realised_usd": None if positions["unpriced"] else positions["usd"],
            "unknown_proceeds_lamports": positions["unknown"] or 0,
            "fees_lamports": sum(outside[k] or 0 for k in "ntp"),
            "coverage": (sold["known"] or 0) / sold["all"] if sold["all"] else None,
        },
    )
    return stats
