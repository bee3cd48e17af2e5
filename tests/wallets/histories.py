"""What the ledger's tests fold: short names for events, and histories of every kind."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from wallets.domain.ledger import METHODS, Acquired, Book, Disposed, Event, Method

AT = datetime(2026, 11, 1, tzinfo=UTC)
U64 = 2**64 - 1


def day(n: int) -> datetime:
    return AT + timedelta(days=n)


def bought(raw: int, cost: int | None, **fields: Any) -> Acquired:
    return Acquired("buy", fields.pop("at", AT), raw, "buy", cost, **fields)


def received(raw: int) -> Acquired:
    return Acquired("in", AT, raw, "transfer", None)


def airdropped(raw: int) -> Acquired:
    return Acquired("drop", AT, raw, "airdrop", 0)


def sold(raw: int, proceeds: int | None, **fields: Any) -> Disposed:
    return Disposed("sell", fields.pop("at", AT), raw, True, proceeds, proceeds, **fields)


def sent(raw: int, at: datetime = AT) -> Disposed:
    return Disposed("out", at, raw, False)


def fold(*events: Event, method: Method = "fifo") -> Book:
    return Book(method=method).fold(events)


def pieces(book: Book) -> list[tuple[int, int, int | None, int | None, int | None]]:
    """Lot, raw, cost, proceeds and gain of each piece."""
    return [
        (d.lot_no, d.raw, d.cost_lamports, d.proceeds_lamports, d.gain_lamports)
        for d in book.disposals
    ]


methods = st.sampled_from(METHODS)
# Small amounts collide, meet exactly and leave dust; large ones reach the chain's limit.
amounts = st.one_of(st.integers(1, 5), st.integers(1, 10**6), st.integers(1, U64))
lamports = st.one_of(st.integers(0, 5), st.integers(0, 10**18))
purchases = st.builds(bought, amounts, lamports)
sales = st.builds(sold, amounts, lamports)
anything = st.one_of(
    purchases,
    st.builds(bought, amounts, lamports, value_lamports=lamports),
    st.builds(bought, amounts, st.none()),
    st.builds(received, amounts),
    st.builds(airdropped, amounts),
    sales,
    st.builds(sold, amounts, st.none()),
    st.builds(sent, amounts),
)
histories = st.lists(anything, max_size=30)
