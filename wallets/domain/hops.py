"""What routers say each hop of a route took in and gave out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from wallets.domain.programs import DFLOW, JUPITER, OKX, OKX_V2
from wallets.domain.venues import event_start, u64


class Hop(NamedTuple):
    """One hop as its router tells it; None where it does not name the program or the mints.

    `offered` is what the router held ready: a venue that trades in whole lots may take less.
    `gained` is what arrived with the router or the trader.
    """

    program: str | None
    mint_in: str | None
    offered: int
    mint_out: str | None
    gained: int


_SWAP: Final = event_start("SwapEvent")
_SWAPS: Final = event_start("SwapsEvent")
# Length of one swap in a SwapsEvent: two mints, two amounts.
_PART: Final = 80


def hops_in(router: str, events: Sequence[bytes]) -> list[Hop]:
    """Return the hops a router's events tell, in order of execution; empty for other programs."""
    read = ROUTERS.get(router)
    return [] if read is None else [hop for event in events for hop in read(event)]


def _named(payload: bytes) -> Iterator[Hop]:
    """Read Jupiter's SwapEvent, one a hop, and SwapsEvent, one a route, which names no program.

    https://github.com/sevenlabs-hq/carbon decoders/jupiter-swap-decoder/src/events
    """
    if payload[:8] == _SWAP and len(payload) >= 8 + 112:
        yield Hop(_address(payload, 8), *_amounts(payload, 40))
    elif payload[:8] == _SWAPS:
        count = int.from_bytes(payload[8:12], "little")
        for at in range(12, min(len(payload) - _PART + 1, 12 + count * _PART), _PART):
            yield Hop(None, *_amounts(payload, at))


def _numbered(payload: bytes) -> Iterator[Hop]:
    """Read OKX's SwapEvent: a number of its own for the venue, then the amounts.

    https://github.com/okxlabs/DEX-Router-Solana-V1 programs/dex-solana/src/instructions
    """
    if payload[:8] == _SWAP and len(payload) >= 8 + 17:
        yield Hop(None, None, u64(payload, 9), None, u64(payload, 17))


def _amounts(payload: bytes, place: int) -> tuple[str, int, str, int]:
    return (
        _address(payload, place),
        u64(payload, place + 32),
        _address(payload, place + 40),
        u64(payload, place + 72),
    )


def _address(payload: bytes, place: int) -> str:
    return str(Pubkey.from_bytes(payload[place : place + 32]))


ROUTERS: Final[Mapping[str, Callable[[bytes], Iterator[Hop]]]] = {
    JUPITER: _named,
    # sends Jupiter's SwapEvent
    DFLOW: _named,
    OKX: _numbered,
    OKX_V2: _numbered,
}
