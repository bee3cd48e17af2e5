"""Filling a scratch database with the raw transactions of very many trades, and nothing derived."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from django.db import connection
from django.db.models import Count, Model

from aura.core import exact
from aura.core.errors import Refused
from aura.management.bench.copies import Copy, Corpus, Names
from aura.management.bench.payloads import Template
from aura.management.bench.stage import clear
from market.models import SolPrice
from wallets.actions import record_transactions
from wallets.models import RawTransaction, Wallet

# About so many wallets share the trades.
WALLETS: Final = 300
_RECORDED_AT_ONCE: Final = 100
_STORED_AT_ONCE: Final = 1_000
_USD: Final = Decimal(150)

# A recorded row, and how many trades it holds.
_Original = tuple[RawTransaction, int]


def fill(made: Sequence[Template], trades: int) -> Corpus:
    """Tell transactions again until there are so many trades, as raw rows in the chain's order.

    They are recorded first as any others are; a copy's row is its original's, under other names,
    with a payload of its own. There is a price of SOL for every minute. Returns what was copied.
    Raises Refused when nothing among it is a trade.
    """
    corpus = Corpus(made)
    originals = _record(made)
    a_cast = sum(originals[name][1] for name in corpus.signatures)
    if not a_cast:
        raise Refused("None of these transactions is a trade of whoever paid for it.")
    clear([])
    casts = max(1, round(WALLETS / len(corpus.wallets)))
    epochs = -(-trades // (casts * a_cast))
    names = {corpus.names(cast, 1)[w] for cast in range(1, casts + 1) for w in corpus.wallets}
    _store(Wallet(address=name, kind=Wallet.Kind.WALLET) for name in sorted(names))
    ends = datetime.fromtimestamp(corpus.ends, UTC).replace(second=0)
    minutes = (epochs + 1) * corpus.seconds // 60 + 1
    _store(
        SolPrice(minute=ends - timedelta(minutes=no), usd=_USD, source="bench")
        for no in range(minutes)
    )
    _store(_rows(corpus, originals, casts, epochs, trades))
    tidy()
    return corpus


def tidy() -> None:
    """Do at once what PostgreSQL does by itself a minute after so many rows have changed."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _record(made: Sequence[Template]) -> dict[str, _Original]:
    clear(made)
    payloads = [exact.loads(template.text) for template in made]
    for start in range(0, len(payloads), _RECORDED_AT_ONCE):
        record_transactions(payloads[start : start + _RECORDED_AT_ONCE], source="replay")
    held = dict(RawTransaction.objects.annotate(held=Count("trades")).values_list("pk", "held"))
    return {row.signature: (row, held[row.pk]) for row in RawTransaction.objects.all()}


def _rows(
    corpus: Corpus, originals: dict[str, _Original], casts: int, epochs: int, trades: int
) -> Iterator[RawTransaction]:
    found = 0
    for epoch in range(epochs, 0, -1):
        for signature in corpus.signatures:
            original, holds = originals[signature]
            for cast in range(1, casts + 1):
                if found >= trades:
                    return
                found += holds
                copy = corpus.tell(signature, cast, epoch)
                yield _row(original, copy, corpus.names(cast, epoch))


def _row(original: RawTransaction, copy: Copy, names: Names) -> RawTransaction:
    fields = (f for f in RawTransaction._meta.concrete_fields if not f.primary_key)
    kept = {field.attname: getattr(original, field.attname) for field in fields}
    return RawTransaction(
        **kept
        | {
            "signature": copy.signature,
            "slot": copy.slot,
            "tx_index": copy.tx_index,
            "block_time": datetime.fromtimestamp(copy.block_time, UTC),
            "fee_payer": names[original.fee_payer],
            "owners": sorted(names.get(owner, owner) for owner in original.owners),
            "payload": zlib.compress(copy.text.encode()),
        }
    )


def _store(rows: Iterable[Model]) -> None:
    waiting = iter(rows)
    while some := list(islice(waiting, _STORED_AT_ONCE)):
        type(some[0])._default_manager.bulk_create(some)
