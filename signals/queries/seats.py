"""Where tokens stand in the life of their signals, read back from the rows of the last scan."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from django.db.models import Q

from signals.domain.episodes import Closed, Component, Direction, Lane, Open, Seat, Spoken
from signals.domain.sights import seconds
from signals.models import Component as Part
from signals.models import Signal

Key = tuple[str, Direction]
Slot = Literal["open", "shadow"]


@dataclass(slots=True)
class Place:
    """A mint's seat in one direction, and the rows of what is open there."""

    seat: Seat
    rows: dict[Slot, Signal]


def places_of(mints: Collection[str]) -> dict[Key, Place]:
    """Return the seats of these mints and all with a signal open; five queries.

    The open signals are locked, in one order, until the transaction ends.
    """
    opened = Signal.objects.open().order_by("mint", "direction", "is_shadow").select_for_update()
    places: dict[Key, Place] = defaultdict(lambda: Place(Seat(), {}))
    for row in opened.prefetch_related("components"):
        slot: Slot = "shadow" if row.is_shadow else "open"
        place = places[row.mint, _direction(row)]
        place.rows[slot] = row
        opens = open_of(row)
        seat = place.seat
        place.seat = replace(seat, shadow=opens) if row.is_shadow else replace(seat, open=opens)
    for row in _last({*mints, *(mint for mint, _ in places)}, Q()):
        place = places[row.mint, _direction(row)]
        closed = closed_of(row)
        if row.is_shadow:
            place.seat = replace(place.seat, last_shadow=closed)
        else:
            place.seat = replace(place.seat, last=closed)
    for row in _last({mint for mint, _ in places}, Q(announced_at__isnull=False)):
        place = places[row.mint, _direction(row)]
        last = place.seat.last
        if last is not None and last.spoken is None:
            spoken = closed_of(row).spoken
            place.seat = replace(place.seat, last=replace(last, spoken=spoken))
    return dict(places)


def _last(mints: Iterable[str], condition: Q) -> Iterable[Signal]:
    """Return the signal that closed last of each mint, direction and kind of lane."""
    closed = Signal.objects.filter(condition, mint__in=list(mints), closed_at__isnull=False)
    latest = closed.order_by("mint", "direction", "is_shadow", "-closed_at", "-pk")
    return latest.distinct("mint", "direction", "is_shadow").prefetch_related("components")


def open_of(row: Signal) -> Open:
    """Read an open signal as the lifecycle left it."""
    return Open(
        mint=row.mint,
        direction=_direction(row),
        lane=_lane(row),
        opened_at=seconds(row.opened_at),
        seen_at=seconds(row.seen_at),
        score=row.strength,
        peak=row.peak,
        components=tuple(
            Component(
                strategy=one.strategy,
                joined_at=seconds(one.joined_at),
                fired_at=seconds(one.fired_at),
                strength=one.strength,
                half_life_s=one.half_life_s,
                void_under=one.void_under,
                void_until=None if one.void_until is None else seconds(one.void_until),
                is_void=one.is_void,
            )
            for one in _parts(row)
        ),
        announced_at=None if row.announced_at is None else seconds(row.announced_at),
        announced_score=row.announced_score,
    )


def closed_of(row: Signal) -> Closed:
    """Read what is remembered of a signal that closed."""
    if row.closed_at is None:
        raise ValueError(f"signal {row.pk} is open")
    parts = _parts(row)
    strategies = tuple(one.strategy for one in parts)
    closed_at = seconds(row.closed_at)
    spoken = None
    if row.announced_at is not None and row.announced_score is not None:
        at = seconds(row.announced_at)
        spoken = Spoken(at, row.announced_score, strategies, closed_at)
    half_life_s = max((one.half_life_s for one in parts), default=0)
    return Closed(closed_at, row.peak, half_life_s, strategies, spoken)


def _parts(row: Signal) -> list[Part]:
    return sorted(row.components.all(), key=lambda one: one.pk)


def _direction(row: Signal) -> Direction:
    return "exit" if row.direction == Signal.Direction.EXIT else "long"


def _lane(row: Signal) -> Lane:
    if row.lane == Signal.Lane.ALERT:
        return "alert"
    return "watch" if row.lane == Signal.Lane.WATCH else "shadow"
