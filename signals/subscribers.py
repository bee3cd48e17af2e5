"""Turns the scanner's news into fragments on open pages."""

import logging
from typing import Any, Final

import redis
from django.db.models import Q

from aura.core import clock
from aura.core.events import read_facts
from aura.core.live import push
from market.events import MarketRead
from signals.events import SignalChanged, SignalClosed, SignalGraded, SignalRaised
from signals.queries.pages import AUDIENCE, Card, cards_of, published

READER: Final = "signal pages"
# A socket holds so many frames back before it is too slow: cards go out by the dozen.
CARDS_A_PUSH: Final = 20

log = logging.getLogger(__name__)


def push_signals() -> bool:
    """Push what happened since the last turn to whoever is logged in; say if there was news."""
    return read_facts(READER, _push) > 0


def _push(facts: list[Any]) -> None:
    """Send the signals the facts tell of, and after a reading of the market all that are open.

    What is pushed is the state of now: a signal told of twice is sent once.
    """
    about = SignalRaised | SignalChanged | SignalClosed | SignalGraded
    asked = Q(pk__in={pk for f in facts if isinstance(f, about) for pk in f.signal_ids})
    is_read = any(isinstance(f, MarketRead) for f in facts)
    if is_read:
        # their tokens have new prices
        asked |= Q(closed_at=None)
    cards = cards_of(published().filter(asked).order_by("pk"), now=clock.now())
    cards.sort(key=lambda card: -card.live.live_score)
    _send([c for c in cards if c.signal.closed_at is None], "open", "signals/cards.html")
    _send([c for c in cards if c.signal.closed_at is not None], "closed", "signals/closed.html")
    if is_read:
        push(AUDIENCE, "signals/nothing.html", {}, target='[data-signals="scan"]', swap="none")


def _send(cards: list[Card], which: str, template: str) -> None:
    for first in range(0, len(cards), CARDS_A_PUSH):
        _send_some(cards[first : first + CARDS_A_PUSH], which, template)


def _send_some(cards: list[Card], which: str, template: str) -> None:
    """Push some cards; one that cannot be rendered is logged and keeps back no other.

    The reader would otherwise meet the same fact for ever. Only a lost Redis stops the turn.
    """
    try:
        target = f'[data-signals="{which}"]'
        push(AUDIENCE, template, {"cards": cards}, target=target, swap="none")
    except (redis.RedisError, OSError):
        raise
    except Exception:
        log.exception("no fragment for signals %s", [card.signal.pk for card in cards])
        if len(cards) > 1:
            for card in cards:
                _send_some([card], which, template)
