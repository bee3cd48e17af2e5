"""`bench ledger`: how many trades a core folds in a second, beside other ledgers in one run."""

import random
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from aura.management.bench.machine import own_cpu
from aura.management.bench.peers import PEERS, Prepared, installed
from aura.management.bench.report import Report
from wallets.domain.ledger import METHODS, Acquired, Book, Disposed, Event, Method
from wallets.domain.ledger.histories import POLICIES, Deal, tell_case
from wallets.domain.ledger.shelves import SHELVES

# Short histories are where the others are fastest; so few that a run of theirs takes seconds.
HISTORIES: Final = 20
DEALS: Final = 200
# Ours are folded so many times a run, to be longer than the clock is coarse.
PASSES: Final = 20
# Methods that another ledger knows and is right about.
SHARED: Final[tuple[Method, ...]] = ("fifo", "lifo", "hifo")
_USD: Final = Decimal("0.00000015")
_CENT: Final = Decimal("0.000001")


def measure(options: Mapping[str, Any], report: Report) -> None:
    """Measure matching alone, then with positions and USD, then one long book."""
    chance = random.Random(4)  # noqa: S311 - the same histories every time
    told = [_deals(chance) for _ in range(HISTORIES)]
    histories = [_events(deals) for deals in told]
    long = _events(_deals(chance, options["trades"]))
    peers = installed()
    for name in PEERS.keys() - set(peers):
        report.note(f"{name} is not installed: pip install -r requirements-dev.txt")
    report.note(f"{HISTORIES} histories of {DEALS} trades; positions: also which, dust, results")
    for _ in range(options["runs"]):
        for method in METHODS:
            _measure_method(method, histories, told, peers, report)
        _measure_long(long, report)
    _weigh_long(long, report)


def _measure_method(
    method: Method,
    histories: Sequence[Sequence[Event]],
    told: Sequence[Sequence[Deal]],
    peers: Sequence[str],
    report: Report,
) -> None:
    """Fold the same histories by each ledger; a figure is trades by CPU second."""
    add = partial(report.add, method)
    alone = _rate(PASSES, [partial(match, events, method) for events in histories])
    add("AURA: matching alone", "trades/s", alone)
    bare = [[_without_usd(event) for event in events] for events in histories]
    for name, given in (("positions", bare), ("positions and USD", histories)):
        work = [partial(_fold, events, method) for events in given]
        add(f"AURA: {name}", "trades/s", _rate(PASSES, work))
    policy = POLICIES["aura"]
    telling = [partial(tell_case, "", deals, method, policy) for deals in told]
    add("AURA: decimals told", "trades/s", _rate(1, telling))
    if method in SHARED:
        rates = {name: _peer(name, told, method) for name in peers}
        for name, rate in rates.items():
            add(f"{name}: matching", "trades/s", rate)
        if rates:
            add("AURA alone / the faster", "times", alone / max(rates.values()))


def match(events: Sequence[Event], method: Method) -> list[Any]:
    """Match a history's sales with its lots by the book's own shelf: no positions, no rows."""
    shelf, pieces = SHELVES[method](()), []
    admit, take, lots = shelf.admit, shelf.take, 0
    for event in events:
        if isinstance(event, Acquired):
            if admit(lots, 0, event).no == lots:
                lots += 1
        else:
            pieces.append(take(event.raw, event.proceeds_lamports))
    return pieces


def _fold(events: Sequence[Event], method: Method) -> Book:
    return Book(method=method).fold(events)


def _peer(name: str, told: Sequence[Sequence[Deal]], method: Method) -> float:
    """Return a peer's rate of matching; what it works on is made before, and freed after."""
    prepared: list[Prepared] = [PEERS[name](deals, method) for deals in told]
    return _rate(1, [each.match for each in prepared])


def _rate(passes: int, work: Sequence[Callable[[], object]]) -> float:
    began = own_cpu()
    for _ in range(passes):
        for each in work:
            each()
    return passes * len(work) * DEALS / (own_cpu() - began)


def _measure_long(events: Sequence[Event], report: Report) -> None:
    """Fold one book of very many trades, with positions and USD, and keep all it made."""
    began = own_cpu()
    book = _fold(events, "fifo")
    spent, name = own_cpu() - began, f"one book of {len(events):,} trades"
    report.add(name, "fold", "s CPU", spent)
    report.add(name, "a core", "trades/s", len(events) / spent)
    report.add(name, "disposals", "rows", len(book.disposals))


def _weigh_long(events: Sequence[Event], report: Report) -> None:
    """Fold it once more, counting what Python allocates, which takes several times as long."""
    tracemalloc.start()
    book = _fold(events, "fifo")
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    name = f"one book of {len(events):,} trades"
    report.add(name, "all it made", "MB", held / 1024**2)
    report.add(name, "at most meanwhile", "MB", most / 1024**2)
    report.add(name, "by disposal", "bytes", held / max(1, len(book.disposals)))


def _deals(chance: random.Random, count: int = DEALS) -> list[Deal]:
    """Make purchases and sales of what is held, a tenth of the sales of all of it."""
    deals, held, at = [], 0, datetime(2026, 1, 1, tzinfo=UTC)
    for no in range(count):
        at += timedelta(seconds=chance.randint(1, 1_000))
        is_buy = not held or chance.random() < 0.5
        size = chance.randint(1, 10**9)
        if not is_buy:
            size = held if chance.random() < 0.1 else chance.randint(1, held)
        held += size if is_buy else -size
        price = Decimal(chance.randint(1, 10**6)).scaleb(-9)
        deals.append(Deal(no, is_buy, at, Decimal(size).scaleb(-6), price, Decimal(0)))
    return deals


def _events(deals: Sequence[Deal]) -> list[Event]:
    """Turn deals in SOL into a book's events, at $150 a SOL."""
    events: list[Event] = []
    for deal in deals:
        raw = int(deal.quantity.scaleb(6))
        worth = int(deal.quantity * deal.price * 10**9)
        usd = (worth * _USD).quantize(_CENT)
        name = f"{deal.no:088d}"
        if deal.is_buy:
            events.append(Acquired(name, deal.at, raw, "buy", worth, usd, worth))
        else:
            events.append(
                Disposed(name, deal.at, raw, is_sale=True, proceeds_lamports=worth,
                         value_lamports=worth, proceeds_usd=usd)
            )  # fmt: skip
    return events


def _without_usd(event: Event) -> Event:
    if isinstance(event, Acquired):
        return replace(event, cost_usd=None)
    return replace(event, proceeds_usd=None)
