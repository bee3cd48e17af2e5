"""What is pushed is what a freshly fetched page shows: cards, the closed, each once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from aura.core.events import announce
from market.events import MarketRead
from signals import subscribers
from signals.events import SignalChanged, SignalClosed, SignalGraded, SignalRaised
from signals.models import Signal
from signals.queries.pages import Card
from signals.subscribers import push_signals
from tests.signal_rows import NOW, close, make_call, make_state, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reader_at_the_end() -> None:
    assert push_signals() is False


def _announce(*facts: Any) -> None:
    with transaction.atomic():
        announce(*facts)


def _element(html: str, name: str) -> str:
    """A card: its lists hold items of their own, so it ends where the next begins or the list."""
    start = html.index(
        f'<li class="call{" ended" if name.startswith("closed") else ""}" id="{name}"'
    )
    rest = html[start:]
    ends = [rest.find(mark, 10) for mark in ('<li class="call', "</ol>\n<div")]
    return rest[: min((end for end in ends if end > 0), default=len(rest))].strip()


@pytest.mark.parametrize("kind", [SignalRaised, SignalChanged, SignalGraded])
def test_a_pushed_card_is_the_card_of_the_page(
    as_bob: Client, sent: list[dict[str, Any]], kind: Any
) -> None:
    signals = [make_call(name, at=NOW - timedelta(minutes=n)) for n, name in enumerate("AB")]
    make_state("A")
    _announce(kind([signal.pk for signal in signals]))
    assert push_signals() is True
    (frame,) = sent
    assert frame["to"] == "signals"
    assert (frame["target"], frame["swap"]) == ('[data-signals="open"]', "none")
    html = as_bob.get("/signals/").content.decode()
    assert re.findall(r'id="signal-(\d+)"', frame["content"]) == [str(s.pk) for s in signals]
    for signal in signals:
        name = f"signal-{signal.pk}"
        assert _element(frame["content"], name) == _element(html, name)
    assert 'data-signals="open"' in html


def test_a_pushed_close_is_the_row_of_the_page(as_bob: Client, sent: list[dict[str, Any]]) -> None:
    signal = close(make_call("A"), NOW - timedelta(minutes=1))
    settle(signal, "miss", "-0.3")
    _announce(SignalClosed([signal.pk]))
    push_signals()
    (frame,) = sent
    assert frame["target"] == '[data-signals="closed"]'
    assert f'data-closes="signal-{signal.pk}"' in frame["content"]
    name = f"closed-{signal.pk}"
    assert _element(frame["content"], name) == _element(
        as_bob.get("/signals/").content.decode(), name
    )


def test_news_of_one_signal_is_pushed_once_as_it_is_now(sent: list[dict[str, Any]]) -> None:
    signal = make_call("A")
    _announce(SignalRaised([signal.pk]), SignalChanged([signal.pk]), SignalChanged([signal.pk]))
    close(signal, NOW)
    _announce(SignalClosed([signal.pk]))
    assert push_signals() is True
    assert [frame["target"] for frame in sent] == ['[data-signals="closed"]']
    assert sent[0]["content"].count("<li class=") == 1
    sent.clear()
    assert push_signals() is False
    assert sent == []


def test_shadows_other_worlds_and_the_gone_are_pushed_to_nobody(
    sent: list[dict[str, Any]],
) -> None:
    ids = [make_call("A", lane="shadow").pk, make_call("B", world="solana").pk, 10**9]
    _announce(SignalRaised(ids), SignalClosed(ids), SignalGraded(ids))
    assert push_signals() is True
    assert sent == []


def test_a_reading_of_the_market_renews_every_open_card(
    as_bob: Client, sent: list[dict[str, Any]]
) -> None:
    signal = make_call("A")
    close(make_call("B"), NOW)
    make_state("A", price_usd="0.02")
    _announce(MarketRead(1))
    push_signals()
    assert [frame["target"] for frame in sent] == [
        '[data-signals="open"]', '[data-signals="scan"]'
    ]  # fmt: skip
    assert re.findall(r'id="signal-(\d+)"', sent[0]["content"]) == [str(signal.pk)]
    assert "+100.0%" in sent[0]["content"]
    assert sent[1]["content"].strip() == ""
    # what hears it: the scan's line, the screener and the rest read themselves again
    for path in ("/signals/", "/screener/", "/scoreboard/", f"/signals/{signal.pk}/"):
        assert "data-live-when='[data-signals*'" in as_bob.get(path).content.decode(), path


def test_many_cards_go_out_by_the_dozen(sent: list[dict[str, Any]]) -> None:
    made = [make_call(f"T{n}", recorded=False, strength=100.0 - n) for n in range(45)]
    _announce(SignalRaised([signal.pk for signal in made]))
    push_signals()
    pushed = [re.findall(r'id="signal-(\d+)"', frame["content"]) for frame in sent]
    assert [len(cards) for cards in pushed] == [20, 20, 5]
    assert [pk for cards in pushed for pk in cards] == [str(signal.pk) for signal in made]


def test_a_card_that_cannot_be_drawn_keeps_back_no_other(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = make_call("A"), make_call("B")
    whole = subscribers.push

    def breaks(audience: str, template: str, context: dict[str, list[Card]], **rest: Any) -> None:
        if any(card.signal == broken for card in context["cards"]):
            raise ValueError("on purpose")
        whole(audience, template, context, **rest)

    monkeypatch.setattr(subscribers, "push", breaks)
    _announce(SignalRaised([broken.pk, fine.pk]))
    assert push_signals() is True
    assert [re.findall(r'id="signal-(\d+)"', frame["content"]) for frame in sent] == [
        [str(fine.pk)]
    ]
    assert push_signals() is False, "the reader goes on"


def test_a_pushed_card_holds_nothing_private(as_bob: Client, sent: list[dict[str, Any]]) -> None:
    _announce(SignalRaised([make_call("A").pk]))
    push_signals()
    assert Signal.objects.count() == 1
    assert "csrf" not in sent[0]["content"]
    assert "bob@" not in sent[0]["content"]
