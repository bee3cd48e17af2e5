"""Asking the chain what became of what was only confirmed, and of what it had dropped."""

import logging
from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from aura.core.errors import ProviderError
from wallets.actions import (
    Settled,
    ask_voids_later,
    record_transactions,
    settle_finality,
    void_transactions,
)
from wallets.domain.finality import Recorded, Tip, Verdict, judge
from wallets.domain.sources import Payload, TransactionSource
from wallets.models import RawTransaction
from wallets.providers import transaction_source

# Signatures asked for in one call.
AT_ONCE: Final = 256

log = logging.getLogger(__name__)


def settle_provisional() -> Settled:
    """Ask for the finality of what is due to be asked, one call's worth; raises ProviderError.

    What stands elsewhere than we were told is read again.
    """
    now = timezone.now()
    due = RawTransaction.objects.to_ask(RawTransaction.Status.PROVISIONAL, now)
    rows = list(due.only("signature", "slot", "failed", "missing_since")[:AT_ONCE])
    if not rows:
        return Settled()
    source = transaction_source()
    statuses = source.statuses([row.signature for row in rows])
    tip = Tip(0, 0)
    if None in statuses:
        tip = Tip(source.final_slot(), source.first_slot())
    verdicts = {
        row.signature: judge(Recorded(row.slot, row.failed, row.missing_since), told, tip, now=now)
        for row, told in zip(rows, statuses, strict=True)
    }
    verdicts |= _asked_twice(source, [s for s, v in verdicts.items() if v is Verdict.DROPPED])
    _read_again(source, [s for s, v in verdicts.items() if v is Verdict.MOVED])
    return settle_finality(verdicts, at=now)


def _asked_twice(source: TransactionSource, signatures: Sequence[str]) -> dict[str, Verdict]:
    """Ask for dropped transactions themselves: what is still served is not gone."""
    if not signatures:
        return {}
    found = source.transactions(signatures)
    served = [s for s, item in zip(signatures, found, strict=True) if item is not None]
    return dict.fromkeys(served, Verdict.WAITING)


def _read_again(source: TransactionSource, signatures: Sequence[str]) -> None:
    """Replace what was told of transactions by what the chain says of them now."""
    told = _told(source, signatures)
    if told:
        void_transactions(list(told), at=timezone.now())
        record_transactions(told.values(), source="sweep")


def _told(source: TransactionSource, signatures: Sequence[str]) -> dict[str, Payload]:
    if not signatures:
        return {}
    found = source.transactions(signatures)
    return {s: item for s, item in zip(signatures, found, strict=True) if item is not None}


def ask_for_dropped(*, all_of_them: bool = False) -> int:
    """Ask again for dropped transactions that are due, or for all; return how many are back."""
    now = timezone.now()
    voids = RawTransaction.objects.filter(status=RawTransaction.Status.VOID, ask_at__isnull=False)
    if not all_of_them:
        voids = RawTransaction.objects.to_ask(RawTransaction.Status.VOID, now)
    signatures = list(voids.order_by("ask_at", "pk").values_list("signature", flat=True)[:AT_ONCE])
    if not signatures:
        return 0
    source = transaction_source()
    statuses = source.statuses(signatures)
    standing = [s for s, told in zip(signatures, statuses, strict=True) if told is not None]
    told = _told(source, standing)
    record_transactions(told.values(), source="sweep")
    ask_voids_later([s for s in signatures if s not in told], at=now)
    return len(told)


def settle_finality_turn() -> bool:
    """Do one turn of both; say whether more is waiting. A vendor that is away costs a line."""
    try:
        settled = settle_provisional()
        ask_for_dropped()
    except ProviderError as error:
        log.warning("finality not told: %s", error)
        return False
    if settled.void:
        log.warning("%d confirmed transactions were dropped by the chain", settled.void)
    return settled.final + settled.missing + settled.void == AT_ONCE
