"""Reads the prototype's transactions again from the chain: of its own only signatures count."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from aura.core import quota
from aura.core.errors import Denied, Garbled, RateLimited, Unavailable
from aura.core.world import is_sandbox
from aura.management.prototype.judge import SignatureRow
from aura.management.prototype.report import Report
from wallets.actions import record_transactions
from wallets.domain.sources import Payload, TransactionSource
from wallets.models import RawTransaction
from wallets.providers import transaction_source

BATCH: Final = 100
# The kernel's client has tried four times already; these are for a vendor that is away a minute.
PAUSES: Final = (10.0, 30.0)
LONGEST_PAUSE: Final = 60.0
# So many unreadable answers in a row are the vendor's trouble, not the transactions'.
GIVE_UP_AFTER: Final = 20
UNKNOWN: Final = "not known to the chain"

sleep = time.sleep


@dataclass(slots=True)
class Reread:
    """What reading again came to."""

    transactions: int = 0
    trades: int = 0


def reread_transactions(
    found: Sequence[SignatureRow], report: Report, *, tell: Callable[[str], object]
) -> Reread:
    """Ask the chain for each transaction we do not have, and record it; tell how far it came.

    Batch by batch: whoever is interrupted goes on where he stopped. Raises ProviderError when
    the source is away, denies, or spent its budget. A dry run asks nothing.
    """
    done = Reread()
    chain: _Chain | None = None
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        new = _unknown(batch, report)
        if report.is_dry_run:
            for item in new:
                report.take(item.row)
        elif new:
            chain = chain or _Chain(_source())
            with quota.spending_for(quota.BACKFILL):
                answers = chain.read([item.signature for item in new])
            _record(new, answers, report, done)
            tell(f"{start + len(batch):,} of {len(found):,} transactions")
    return done


def _source() -> TransactionSource:
    """Return the world's source. Raises Denied where it would tell of another world."""
    if is_sandbox() and not settings.SANDBOX_URL:
        raise Denied("sandbox", "its market is not running; start it with bin/run")
    return transaction_source()


def _unknown(batch: Sequence[SignatureRow], report: Report) -> list[SignatureRow]:
    """Leave what is recorded already, and return the rest."""
    standing = RawTransaction.objects.standing()
    signatures = [item.signature for item in batch]
    known = set(standing.filter(signature__in=signatures).values_list("signature", flat=True))
    for item in batch:
        if item.signature in known:
            report.leave(item.row)
    return [item for item in batch if item.signature not in known]


def _record(
    asked: Sequence[SignatureRow],
    answers: Sequence["Payload | Garbled | None"],
    report: Report,
    done: Reread,
) -> None:
    told = [
        (item, answer)
        for item, answer in zip(asked, answers, strict=True)
        if answer is not None and not isinstance(answer, Garbled)
    ]
    recorded = record_transactions([answer for _, answer in told], source="prototype")
    done.transactions += recorded.new
    done.trades += recorded.trades
    reasons = {told[place][0].signature: reason for place, reason in recorded.refused.items()}
    signatures = [item.signature for item in asked]
    standing = RawTransaction.objects.standing().filter(signature__in=signatures)
    kept = set(standing.values_list("signature", flat=True))
    for item, answer in zip(asked, answers, strict=True):
        if item.signature in kept:
            report.take(item.row)
        elif answer is None:
            report.refuse(item.row, item.signature, UNKNOWN)
        elif isinstance(answer, Garbled):
            report.refuse(item.row, item.signature, str(answer))
        else:
            reason = reasons.get(item.signature, "the source answered with another transaction")
            report.refuse(item.row, item.signature, reason)


@dataclass(slots=True)
class _Chain:
    """Asks the source patiently, and finds the one a whole batch fails for."""

    source: TransactionSource
    unreadable_in_a_row: int = 0

    def read(self, signatures: Sequence[str]) -> list[Payload | Garbled | None]:
        """Return a transaction, the error it is answered with, or None, for each signature."""
        try:
            answers = list[Payload | Garbled | None](self._ask(signatures))
        except Garbled as error:
            if len(signatures) == 1:
                self.unreadable_in_a_row += 1
                if self.unreadable_in_a_row >= GIVE_UP_AFTER:
                    raise
                return [error]
            half = len(signatures) // 2
            return self.read(signatures[:half]) + self.read(signatures[half:])
        self.unreadable_in_a_row = 0
        return answers

    def _ask(self, signatures: Sequence[str]) -> list[Payload | None]:
        for pause in PAUSES:
            try:
                return self.source.transactions(signatures)
            except (Unavailable, RateLimited) as error:
                wait = max(pause, error.retry_after) if isinstance(error, RateLimited) else pause
                if wait > LONGEST_PAUSE:
                    raise
            sleep(wait)
        return self.source.transactions(signatures)
