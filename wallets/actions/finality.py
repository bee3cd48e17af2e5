"""What the chain says later of what was recorded: final, or dropped and taken back again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from aura.core.events import announce
from aura.core.locks import again_after_deadlock
from wallets.actions.books import books_of, fold_books
from wallets.actions.settle import announce_changed, locked_wallets
from wallets.actions.stats import refresh_stats
from wallets.domain.finality import Verdict, next_ask, next_ask_of_void
from wallets.events import BooksChanged, TradesVoided
from wallets.models import Activity, PoolLeg, RawTransaction, Trade, Transfer
from wallets.queries.candles import minute

_Status = RawTransaction.Status


@dataclass(frozen=True, slots=True)
class Settled:
    """How many transactions became final, are missing still, or were dropped."""

    final: int = 0
    missing: int = 0
    void: int = 0


def settle_finality(verdicts: Mapping[str, Verdict], *, at: datetime) -> Settled:
    """Note what the chain said of provisional signatures, asked at `at`.

    What is final stays as it is for good; what is missing is remembered with the time it was
    first missed; what is dropped is voided and the ledger goes on without it.
    """
    told = {verdict: [s for s, v in verdicts.items() if v is verdict] for verdict in Verdict}
    final = _note_final(told[Verdict.FINAL], at=at)
    _ask_later(told[Verdict.MISSING], at=at, is_missing=True)
    _ask_later([*told[Verdict.WAITING], *told[Verdict.MOVED]], at=at, is_missing=False)
    void = void_transactions(told[Verdict.DROPPED], at=at)
    return Settled(final, len(told[Verdict.MISSING]), void)


@again_after_deadlock
@transaction.atomic
def _note_final(signatures: Collection[str], *, at: datetime) -> int:
    if not signatures:
        return 0
    rows = RawTransaction.objects.filter(signature__in=signatures, status=_Status.PROVISIONAL)
    ids = list(rows.order_by("signature").select_for_update().values_list("pk", flat=True))
    RawTransaction.objects.filter(pk__in=ids).update(
        status=_Status.FINAL, status_at=at, ask_at=None, missing_since=None
    )
    announce_changed(ids)
    return len(ids)


@again_after_deadlock
@transaction.atomic
def _ask_later(signatures: Collection[str], *, at: datetime, is_missing: bool) -> None:
    rows = RawTransaction.objects.filter(signature__in=signatures, status=_Status.PROVISIONAL)
    waiting = list(rows.order_by("signature").select_for_update())
    for row in waiting:
        row.missing_since = (row.missing_since or at) if is_missing else None
        row.ask_at = next_ask(row.status_at, at)
    RawTransaction.objects.bulk_update(waiting, ["missing_since", "ask_at"])


@again_after_deadlock
@transaction.atomic
def void_transactions(signatures: Collection[str], *, at: datetime) -> int:
    """Take transactions that the chain has dropped out of every book; return how many.

    The raw rows stay, marked void: should the chain tell of one again, it is recorded as if for
    the first time.
    """
    chosen = RawTransaction.objects.standing().filter(signature__in=signatures)
    owners = {owner for row in chosen.values_list("owners", flat=True) for owner in row}
    if not owners:
        return 0
    locked_wallets(owners)
    raws = list(chosen.order_by("signature").select_for_update())
    trades = list(Trade.objects.filter(transaction__in=raws))
    moved = books_of([*trades, *Transfer.objects.filter(transaction__in=raws)])
    active = set(Activity.objects.filter(transaction__in=raws).values_list("wallet_id", flat=True))
    for model in (Trade, Transfer, Activity, PoolLeg):
        model._default_manager.filter(transaction__in=raws).delete()
    RawTransaction.objects.filter(pk__in=[raw.pk for raw in raws]).update(
        status=_Status.VOID, status_at=at, ask_at=next_ask_of_void(at, at), missing_since=None
    )
    fold_books(dict.fromkeys(moved))
    refresh_stats(active)
    if trades:
        traded = sorted({trade.wallet_id for trade in trades})
        minutes = {(t.mint, minute(t.block_time).isoformat()) for t in trades if t.block_time}
        announce(TradesVoided([trade.pk for trade in trades], traded, sorted(minutes)))
    if active:
        announce(BooksChanged(sorted(active)))
    return len(raws)


@again_after_deadlock
@transaction.atomic
def ask_voids_later(signatures: Collection[str], *, at: datetime) -> None:
    """Note that the chain was asked again for what it had dropped, and did not know it."""
    rows = RawTransaction.objects.filter(signature__in=signatures, status=_Status.VOID)
    voids = list(rows.order_by("signature").select_for_update())
    for row in voids:
        row.ask_at = next_ask_of_void(row.status_at, at)
    RawTransaction.objects.bulk_update(voids, ["ask_at"])
