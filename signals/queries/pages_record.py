"""The public record: every published signal with how it ended, and what keeps it honest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Min, Prefetch

from signals.domain.scoreboard import Line, Scoreboard
from signals.domain.strategies import STRATEGIES
from signals.models import Grade, RecordEntry, Signal
from signals.queries.board import Group, scoreboard_of
from signals.queries.pages import Card, cards_of, published
from signals.queries.verify import export_record

SIGNALS_A_PAGE: Final = 30
ROOTS_SHOWN: Final = 14
# Reckoning a large board takes seconds; it changes only as outcomes come in.
BOARD_HOLDS_S: Final = 60


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A published signal in the record.

    It is sealed until its outcome stands there too: what it called is told to nobody without login.
    """

    card: Card
    entry: RecordEntry | None
    outcome: RecordEntry | None

    @property
    def is_sealed(self) -> bool:
        """Whether the outcome is still to come."""
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class Root:
    """The hash of a day's last entry, which covers all before it."""

    day: date
    no: int
    hash: str


@dataclass(frozen=True, slots=True)
class Record:
    """One page of the record, its head, the roots of the last days, and what was published."""

    page: "Page[Any]"
    rows: list[RecordRow]
    head: RecordEntry | None
    roots: list[Root]
    exported_until: date | None
    shadows: int


def record_page(page: str, *, now: Any) -> Record:
    """Return the published signals, newest first, losers and ungraded ones among them."""
    entries = RecordEntry.objects.filter(control=None).order_by("no")
    rows = published().prefetch_related(Prefetch("entries", entries))
    shown = Paginator(rows.order_by("-published_at", "-pk"), SIGNALS_A_PAGE).get_page(page)
    return Record(
        page=shown,
        rows=[_row(card) for card in cards_of(shown, now=now, with_prices=False)],
        head=RecordEntry.objects.order_by("-no").first(),
        roots=roots(),
        exported_until=exported_until(),
        shadows=Signal.objects.of_world(settings.WORLD).filter(is_shadow=True).count(),
    )


def _row(card: Card) -> RecordRow:
    by_kind = {entry.kind: entry for entry in card.signal.entries.all()}
    return RecordRow(
        card,
        by_kind.get(RecordEntry.Kind.SIGNAL),
        by_kind.get(RecordEntry.Kind.OUTCOME),
    )


def roots() -> list[Root]:
    """Return the roots of the last days that have entries, the latest first."""
    last = RecordEntry.objects.order_by("-day", "-no").distinct("day")
    return [Root(*row) for row in last.values_list("day", "no", "hash")[:ROOTS_SHOWN]]


def exported_until() -> date | None:
    """Return the last whole day whose signals all have their outcome; None before the first.

    The export ends there: entries of later days would tell what is still sealed.
    """
    head = RecordEntry.objects.order_by("-no").values_list("day", flat=True).first()
    if head is None:
        return None
    unsettled = Grade.objects.filter(settled_at=None)
    waiting = RecordEntry.objects.filter(kind=RecordEntry.Kind.SIGNAL).filter(
        signal__grades__in=unsettled
    )
    first: date | None = waiting.aggregate(day=Min("day"))["day"]
    last = (head if first is None else min(first, head)) - timedelta(days=1)
    return last if RecordEntry.objects.filter(day__lte=last).exists() else None


def exported_lines() -> Iterator[str]:
    """Yield the lines of the public file: every entry up to the last day that is not sealed."""
    until = exported_until()
    last = None
    if until is not None:
        last = RecordEntry.objects.filter(day__lte=until).order_by("-no").first()
    yield from _until(export_record(settings.WORLD), "" if last is None else last.hash)


def _until(lines: Iterable[str], last_hash: str) -> Iterator[str]:
    """Pass lines on up to the root that closes the entry of this hash; the head alone without."""
    for number, line in enumerate(lines):
        if number and not last_hash:
            return
        yield line
        if number and f'"root":"{last_hash}"' in line:
            return


def board_of(group: Group) -> Scoreboard:
    """Return a group's board, not older than a minute."""
    key = f"aura:{settings.WORLD}:board:{group}"
    board = cache.get_or_set(
        key, lambda: scoreboard_of(group, strategies=STRATEGIES), BOARD_HOLDS_S
    )
    return cast("Scoreboard", board)


def headline() -> Line:
    """Return the pooled line of all alerts."""
    return board_of("alert").pooled
