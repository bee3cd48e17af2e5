"""How ingestion stands: what waits, what is late, what was refused, what disagrees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q
from django.utils import timezone

from aura.core import clock
from wallets.models import Delivery, HistoryRead, QuarantinedPayload, RawTransaction, Wallet

# A watched wallet is swept at least so often, whatever push brings.
SWEPT_WITHIN: Final = timedelta(hours=6)
RECENTLY: Final = timedelta(hours=24)
# Second opinions are counted over so many of the transactions recorded last.
COMPARED_OVER: Final = 10_000
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class IngestState:
    """How far behind ingestion is and what troubles it.

    `inbox_oldest_at` is in this machine's time, all other moments in the world's. `watched`
    counts wallets, `swept_recently` those of them swept within six hours, `never_swept` those
    never swept; `sweeps_due` counts the sweeps that were asked for and may start.
    `voided_recently` goes back 24 hours. `compared` and `disagreeing` count transactions, of the
    10,000 recorded last, for which events or logs gave a second opinion, and those of them where
    it differs. `latest_refusals`, `hot` and `reading` are the latest or longest few of
    `quarantined`, `hot_wallets` and `readings`.
    """

    inbox_waiting: int
    inbox_oldest_at: datetime | None
    newest_block_time: datetime | None
    watched: int
    swept_recently: int
    never_swept: int
    oldest_sweep_at: datetime | None
    sweeps_due: int
    provisional: int
    voided_recently: int
    quarantined: int
    latest_refusals: tuple[QuarantinedPayload, ...]
    compared: int
    disagreeing: int
    hot_wallets: int
    hot: tuple[Wallet, ...]
    readings: int
    reading: tuple[HistoryRead, ...]

    @property
    def disagreement_rate(self) -> float | None:
        """The share of compared transactions that disagree; None when none was compared."""
        return self.disagreeing / self.compared if self.compared else None


def ingest_state() -> IngestState:
    """Measure ingestion now; a dozen queries, each over an index or a bounded number of rows."""
    refused = QuarantinedPayload.objects.defer("payload").order_by("-pk")
    hot = Wallet.objects.filter(hot_since__isnull=False).order_by("hot_since", "pk")
    reading = HistoryRead.objects.open().select_related("wallet").order_by("next_at", "pk")
    return IngestState(
        **_inbox(),
        **_chain(),
        **_sweeps(),
        **_opinions(),
        quarantined=refused.count(),
        latest_refusals=tuple(refused[:SHOWN]),
        hot_wallets=hot.count(),
        hot=tuple(hot[:SHOWN]),
        readings=reading.count(),
        reading=tuple(reading[:SHOWN]),
    )


def _inbox() -> dict[str, Any]:
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING)
    return waiting.aggregate(inbox_waiting=Count("pk"), inbox_oldest_at=Min("received_at"))


def _chain() -> dict[str, Any]:
    """Return the newest that stands by slot, and what is not settled."""
    kept, status = RawTransaction.objects, RawTransaction.Status
    newest = kept.standing().filter(block_time__isnull=False).order_by("-slot")
    voided = kept.filter(status=status.VOID, status_at__gt=timezone.now() - RECENTLY)
    return {
        "newest_block_time": newest.values_list("block_time", flat=True).first(),
        "provisional": kept.filter(status=status.PROVISIONAL, ask_at__isnull=False).count(),
        "voided_recently": voided.count(),
    }


def _sweeps() -> dict[str, Any]:
    now = clock.now()
    figures = Wallet.objects.watched().aggregate(
        watched=Count("pk"),
        swept_recently=Count("pk", filter=Q(swept_at__gt=now - SWEPT_WITHIN)),
        never_swept=Count("pk", filter=Q(swept_at=None)),
        oldest_sweep_at=Min("swept_at"),
    )
    return figures | {"sweeps_due": Wallet.objects.due(now).count()}


def _opinions() -> dict[str, Any]:
    latest = RawTransaction.objects.order_by("-pk").values("compared", "disagreements")
    figures = latest[:COMPARED_OVER].aggregate(
        n=Count("compared", filter=Q(compared__gt=0)),
        differ=Count("compared", filter=Q(compared__gt=0) & ~Q(disagreements="")),
    )
    return {"compared": figures["n"], "disagreeing": figures["differ"]}
