"""What a call is made for: it decides how much of a vendor's budget the call may draw on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Purpose(StrEnum):
    """What a call is made for, the most urgent first."""

    LIVE = "live"
    SWEEP = "sweep"
    BACKFILL = "backfill"


LIVE: Final = Purpose.LIVE
SWEEP: Final = Purpose.SWEEP
BACKFILL: Final = Purpose.BACKFILL

# How far the month's credits may be used up, by all purposes together, when a call of this
# purpose is still made: history stops first, then the sweeps; the last tenth is for live work.
CEILINGS: Final[Mapping[Purpose, float]] = MappingProxyType({LIVE: 1.0, SWEEP: 0.9, BACKFILL: 0.6})
# The share of the vendor's calls a second a purpose may take together with the purposes below
# it: a fifth is always free for live work, and a third of the sweeps' share for sweeps alone.
RATES: Final[Mapping[Purpose, float]] = MappingProxyType({LIVE: 1.0, SWEEP: 0.8, BACKFILL: 0.5})

_purpose: ContextVar[Purpose] = ContextVar("aura.quota.purpose", default=LIVE)


def purpose() -> Purpose:
    """Return what calls are made for here; LIVE where nobody has said."""
    return _purpose.get()


@contextmanager
def spending_for(what: Purpose) -> Iterator[None]:
    """Make the calls inside draw on the budget as `what`.

    Follows asynchronous tasks and `asyncio.to_thread`, not threads started by hand.
    """
    token = _purpose.set(what)
    try:
        yield
    finally:
        _purpose.reset(token)


def lanes_of(what: Purpose) -> list[Purpose]:
    """Return the lanes a call passes in turn: its own first, the vendor's whole rate last.

    A purpose waits in its own lane before it enters the next, so its queue delays nobody above.
    """
    order = list(Purpose)
    return order[order.index(what) :: -1]
