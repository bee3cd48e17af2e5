"""What follows from raw rows: derived rows, folded books, figures, news; and the locks for it."""

import logging
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from aura.core import exact
from aura.core.events import announce
from aura.core.live import refresh_audiences
from wallets.actions.book_rows import Key
from wallets.actions.books import books_of, fold_books
from wallets.actions.derive import Derived, derive, reprice
from wallets.actions.stats import refresh_stats
from wallets.domain.parse import parse
from wallets.domain.values import Transaction, Undecodable
from wallets.events import BooksChanged, TradesChanged, TradesRecorded
from wallets.models import Activity, RawTransaction, Trade, Transfer, Wallet

# Shared by all who record; whoever adds a wallet takes it alone, and so waits for those who
# could not see the wallet yet and whose transactions he cannot see yet.
WALLETS_LOCK: Final = 0x41555243
# Raw rows read at once where a whole history is gone through.
BATCH: Final = 200

log = logging.getLogger(__name__)

Pair = tuple[RawTransaction, Transaction]


def locked_wallets(addresses: Iterable[str]) -> dict[str, Wallet]:
    """Lock the recorded wallets among the addresses, in one order for everybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WALLETS_LOCK])
    rows = Wallet.objects.filter(address__in=list(addresses)).order_by("pk")
    return {wallet.address: wallet for wallet in rows.select_for_update(of=("self",))}


def settle(
    wallets: Mapping[str, Wallet],
    pairs: Sequence[Pair],
    *,
    placed_anew: Sequence[RawTransaction] = (),
) -> tuple[Derived, set[int]]:
    """Derive what is not derived yet and fold the books it touches; what is void is left out.

    Return the rows stored and the wallets whose books moved for another reason: transactions
    that got their place late. Figures and news are the caller's, see `tell_news`.
    """
    pairs = [(raw, read) for raw, read in pairs if raw.status != RawTransaction.Status.VOID]
    done = set(
        Activity.objects.filter(
            wallet__in=wallets.values(), transaction__in=[raw for raw, _ in pairs]
        ).values_list("wallet_id", "transaction_id")
    )
    derived = derive(wallets, pairs, done)
    see_wallets(derived.active_ids, wallets)
    moved = books_of_placed(placed_anew)
    fold_books(books_of(derived.rows) | dict.fromkeys(moved))
    return derived, {wallet_id for wallet_id, _ in moved}


def see_wallets(active: Collection[int], wallets: Mapping[str, Wallet]) -> None:
    """Take wallets that have done something out of the quarantine of the unseen.

    Those on the curated list are from then on in everybody's sight: open pages listen to them.
    """
    seen = [w for w in wallets.values() if w.unseen and w.pk in active]
    if seen:
        Wallet.objects.filter(pk__in=[w.pk for w in seen]).update(unseen=False)
    if any(w.curated for w in seen):
        transaction.on_commit(refresh_audiences, robust=True)


def tell_news(derived: Derived, moved: set[int]) -> None:
    """Refresh the figures of the wallets concerned and announce what happened to them."""
    refresh_stats(derived.active_ids | moved)
    traded = {trade.wallet_id for trade in derived.trades}
    if derived.trades:
        announce(TradesRecorded([trade.pk for trade in derived.trades], sorted(traded)))
    changed = sorted((derived.active_ids | moved) - traded)
    if changed:
        announce(BooksChanged(changed))


def announce_changed(raws: Collection[RawTransaction | int]) -> None:
    """Tell pages that the trades of these transactions look otherwise now."""
    trades = Trade.objects.filter(transaction__in=raws).order_by("pk")
    told = list(trades.values_list("pk", "wallet_id"))
    if told:
        announce(TradesChanged([pk for pk, _ in told], sorted({w for _, w in told})))


def books_of_placed(raws: Sequence[RawTransaction]) -> set[Key]:
    """Return the books moved by transactions whose place or time became known late."""
    if not raws:
        return set()
    reprice(Trade.objects.filter(transaction__in=raws))
    return set(
        books_of(
            [
                *Trade.objects.filter(transaction__in=raws),
                *Transfer.objects.filter(transaction__in=raws),
            ]
        )
    )


def place(row: RawTransaction, tx_index: int | None, block_time: datetime | None) -> bool:
    """Fill in a place or time that was not told before; say whether anything was filled in."""
    better: dict[str, Any] = {}
    if row.tx_index is None and tx_index is not None:
        better["tx_index"] = row.tx_index = tx_index
    if row.block_time is None and block_time is not None:
        better["block_time"] = row.block_time = block_time
    if not better:
        return False
    RawTransaction.objects.filter(pk=row.pk).update(**better)
    Trade.objects.filter(transaction=row).update(**better)
    Transfer.objects.filter(transaction=row).update(**better)
    return True


def in_batches(raws: "QuerySet[RawTransaction]") -> Iterator[Callable[[], list[Pair]]]:
    """Go through raw rows in chain order; each call of what is yielded reads one batch of them.

    Only the ids are listed beforehand, by a cursor on the server, so that a history of any
    length fits, and rows are read when the caller has locked what he needs. A row that today's
    decoder refuses is left out and named in the log.
    """
    ordered = raws.order_by("slot", "tx_index", "signature").values_list("pk", flat=True)
    ids = ordered.iterator(chunk_size=10_000)
    while some := list(islice(ids, BATCH)):
        yield lambda some=some: _pairs(some)  # type: ignore[misc]  # binds this round's ids


def _pairs(ids: Sequence[int]) -> list[Pair]:
    pairs = []
    for raw in RawTransaction.objects.filter(pk__in=ids):
        try:
            pairs.append((raw, parse(unpack(raw))))
        except (Undecodable, ValueError, zlib.error) as error:
            log.error("transaction %s is not readable any more: %s", raw.signature, error)
    return pairs


def unpack(raw: RawTransaction) -> Any:
    """Return the payload of a raw row as it came."""
    return exact.loads(zlib.decompress(raw.payload))


def moment(unix: int | None) -> datetime | None:
    """Return the chain's seconds as a moment; None where it told none."""
    return None if unix is None else datetime.fromtimestamp(unix, UTC)
