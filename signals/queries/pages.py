"""Signals as cards: what the Signals page and the Overview show, and what is pushed to them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Prefetch, Q

from market.models import TokenState
from signals.domain.frozen import Unreadable, window_of
from signals.domain.grading import HEADLINE_USD
from signals.domain.risk import Band, band
from signals.domain.rules import CURRENT, VERSIONS
from signals.domain.strategies import STRATEGIES
from signals.models import Component, Grade, Signal, unpack
from signals.models.signal import SignalQuerySet
from signals.queries.listing import LiveSignal, live
from wallets.queries import TokenView, tokens_of

# Every user's sockets are in it: what is published is for everybody who is logged in.
AUDIENCE: Final = "signals"
OPEN_SHOWN: Final = 30
CLOSED_SHOWN: Final = 15
TOKEN_SIGNALS: Final = 10
# Prices at the call that a process remembers; a few bytes each.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class SignalChoice:
    """Which signals a page shows; an empty field narrows nothing.

    `kind` is "alert" or "watch"; `least_usd` is the liquidity at the call.
    """

    strategy: str = ""
    tier: int | None = None
    kind: str = ""
    direction: str = ""
    least_usd: int = 0

    @property
    def narrows(self) -> bool:
        """Whether signals may be left out."""
        return self != SignalChoice()

    def matches(self) -> Q:
        """Return the choice as a condition on signals."""
        found = Q()
        if self.strategy:
            parts = Component.objects.filter(strategy=self.strategy)
            found &= Q(pk__in=parts.values("signal"))
        if self.tier is not None:
            found &= Q(tier=self.tier)
        if self.kind:
            found &= Q(lane=self.kind)
        if self.direction:
            found &= Q(direction=self.direction)
        if self.least_usd:
            found &= Q(liquidity_usd__gte=self.least_usd)
        return found


@dataclass(frozen=True, slots=True)
class Chip:
    """A strategy's part in a signal: what is left of its weight, and from when it halves."""

    strategy: str
    title: str
    weight: float
    since: datetime
    half_life_s: int
    is_void: bool

    @property
    def fades(self) -> str:
        """Unix seconds and half-life: all that the page needs to go on by itself."""
        return f"{int(self.since.timestamp())}:{self.half_life_s}"


@dataclass(frozen=True)
class Card:
    """A signal as the pages list it, with what its token is worth now."""

    live: LiveSignal
    token: TokenView
    chips: tuple[Chip, ...]
    price_at_call: float | None
    price_usd: Decimal | None
    liquidity_usd: Decimal | None
    read_at: datetime | None

    @property
    def signal(self) -> Signal:
        """The row."""
        return self.live.signal

    @property
    def fades(self) -> str:
        """The fading of every part that counts, for the page to go on by itself."""
        return " ".join(chip.fades for chip in self.chips if not chip.is_void)

    @property
    def since_call(self) -> float | None:
        """The change of the price since the call; None where either price is not known."""
        if self.price_usd is None or not self.price_at_call:
            return None
        return float(self.price_usd) / self.price_at_call - 1

    @property
    def band(self) -> Band | None:
        """The band of the risk at the call."""
        risk = self.signal.risk
        rules = VERSIONS.get(self.signal.rules, CURRENT)
        return None if risk is None else band(risk, rules.risk)

    @cached_property
    def marks(self) -> list[str]:
        """What was not sure at the call."""
        return list(self.signal.assessed.get("marks", ()))

    @property
    def grade(self) -> Grade | None:
        """How it stands at the headline size; None before anything is known."""
        fetched = getattr(self.signal, "headline", None)
        grades: Iterable[Grade] = self.signal.grades.all() if fetched is None else fetched
        return next((one for one in grades if one.size_usd == HEADLINE_USD), None)


def title_of(strategy: str) -> str:
    """Return a strategy's or an exit companion's name for people."""
    known = STRATEGIES.get(strategy)
    return known.TITLE if known else strategy.replace("_", " ").capitalize()


def published() -> SignalQuerySet:
    """Return what was published in this world, parts and headline grade fetched, no windows."""
    headline = Grade.objects.filter(size_usd=HEADLINE_USD)
    return (
        Signal.objects.of_world(settings.WORLD)
        .filter(is_shadow=False)
        .defer("window")
        .prefetch_related(
            Prefetch("components", Component.objects.order_by("joined_at", "pk")),
            Prefetch("grades", headline, to_attr="headline"),
        )
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """The strongest open signals, and how many are open in all."""

    cards: list[Card]
    total: int


def open_cards(user: Any, choice: SignalChoice, *, now: datetime, limit: int) -> Opened:
    """Return the open signals a user sees that weigh most now, the strongest first."""
    rows = Signal.objects.visible_to(user).of_world(settings.WORLD).filter(choice.matches()).open()
    ranked = strongest_first(
        live(row, now) for row in rows.only("strength").prefetch_related("components")
    )
    chosen = [one.signal.pk for one in ranked[:limit]]
    found = {row.pk: row for row in published().filter(pk__in=chosen)}
    return Opened(cards_of([found[pk] for pk in chosen if pk in found], now=now), len(ranked))


def strongest_first(signals: Iterable[LiveSignal]) -> list[LiveSignal]:
    """Return signals by what is left of their strength."""
    return sorted(signals, key=lambda one: (-one.live_score, one.signal.pk))


def closed_cards(user: Any, choice: SignalChoice, *, now: datetime) -> list[Card]:
    """Return the signals that closed last, the latest first."""
    closed = _seen_by(user).filter(choice.matches()).exclude(closed_at=None)
    latest = closed.order_by("-closed_at", "-pk")[:CLOSED_SHOWN]
    return cards_of(latest, now=now, with_prices=False)


def cards_of_token(user: Any, mint: str, *, now: datetime) -> list[Card]:
    """Return the signals of one token, open ones first, then the latest that closed."""
    rows = _seen_by(user).filter(mint=mint)
    return cards_of(
        rows.order_by(F("closed_at").desc(nulls_first=True), "-pk")[:TOKEN_SIGNALS], now=now
    )


def _seen_by(user: Any) -> SignalQuerySet:
    return published().filter(pk__in=Signal.objects.visible_to(user).values("pk"))


def cards_of(signals: Iterable[Signal], *, now: datetime, with_prices: bool = True) -> list[Card]:
    """Make cards of signals whose parts are fetched, in their order."""
    rows = list(signals)
    tokens = tokens_of({row.mint for row in rows})
    states = TokenState.objects.defer("snapshot", "kept").in_bulk({row.mint for row in rows})
    prices = prices_at_call(rows) if with_prices else {}
    return [
        _card(live(row, now), tokens[row.mint], states.get(row.mint), prices.get(row.pk))
        for row in rows
    ]


def _card(one: LiveSignal, token: TokenView, state: TokenState | None, price: float | None) -> Card:
    return Card(
        live=one,
        token=token,
        chips=tuple(
            Chip(
                part.strategy,
                title_of(part.strategy),
                weight,
                part.fired_at,
                part.half_life_s,
                part.is_void,
            )
            for part, weight in one.parts
        ),
        price_at_call=price,
        price_usd=state.price_usd if state else None,
        liquidity_usd=state.liquidity_usd if state else None,
        read_at=state.read_at if state else None,
    )


_prices: dict[str, float | None] = {}


def prices_at_call(signals: Iterable[Signal]) -> dict[int, float | None]:
    """Return the price in the window each signal was made from; None where it is not kept.

    A window never changes, so it is unpacked once in a process.
    """
    rows = list(signals)
    unknown = [row.pk for row in rows if row.window_hash not in _prices]
    if len(_prices) + len(unknown) > _REMEMBERED:
        _prices.clear()
        unknown = [row.pk for row in rows]
    if unknown:
        kept = Signal.objects.filter(pk__in=unknown).values_list("window_hash", "window")
        for seen, packed in kept:
            _prices[seen] = _price_of(bytes(packed))
    return {row.pk: _prices.get(row.window_hash) for row in rows}


def _price_of(packed: bytes) -> float | None:
    try:
        return window_of(unpack(packed)).price_usd if packed else None
    except (Unreadable, ValueError, json.JSONDecodeError):
        return None
