"""What a constant-product pool prices by after a swap, as the venue's own event tells it.

pump.fun tells the virtual reserves after the trade. PumpSwap, Raydium AMM v4, Raydium CPMM and
LaunchLab tell what they reckoned with before it; the leg's amounts make it what stands after.
Balances of vaults are not asked: fees that wait to be paid out lie in them beside the liquidity.
Left alone: the share of a CPMM pool's fee (some 16 %) that leaves the liquidity by its own swap.
Concentrated and bin venues have no two reserves: none. Every event is read as a prefix.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from aura.core.solana import WSOL
from market.domain.fees import LAUNCH_SUPPLY_RAW, WHOLE, is_published
from market.domain.pools import Pool
from wallets.domain.curve import CurveTrade
from wallets.domain.programs import LAUNCHLAB, PUMP_SWAP, RAYDIUM_CPMM, RAYDIUM_V4
from wallets.domain.values import Leg, Reserves
from wallets.domain.venues import event_start, u64


class Before(NamedTuple):
    """Reserves a swap was reckoned with, by the way the coins went.

    `points` are the fee's parts if told, `after` the reserves after it where the event tells them.
    """

    of_in: int
    of_out: int
    points: tuple[int, ...] | None = None
    after: tuple[int, int] | None = None


Reader = Callable[[Leg, bytes], Before | None]

_BUY: Final = event_start("BuyEvent")
_SELL: Final = event_start("SellEvent")
_CP_SWAP: Final = event_start("SwapEvent")
_LAUNCH_TRADE: Final = event_start("TradeEvent")


def reserves_after(leg: Leg, events: Sequence[bytes]) -> Reserves | None:
    """Return the pool's reserves after its only swap of an instruction; None: not told."""
    read = _READERS.get(leg.program)
    if read is None:
        return None
    told = [before for event in events if (before := read(leg, event)) is not None]
    if len(told) != 1:
        return None
    (before,) = told
    after = before.after or (before.of_in + leg.raw_in, before.of_out - leg.raw_out)
    if not _is_possible(before.of_in, before.of_out, *after, points=before.points):
        return None
    if before.points is None:
        return Reserves(*after)
    sides = (before.of_out, before.of_in) if leg.mint_in == WSOL else (before.of_in, before.of_out)
    return Reserves(*after, _unpublished(leg.venue, Pool(*sides), before.points))


def reserves_of_curve(venue: str, trade: CurveTrade) -> Reserves | None:
    """Return a pump.fun curve's virtual reserves after a trade; None: its event is too short."""
    quote, tokens = trade.virtual_quote, trade.virtual_tokens
    if quote is None or tokens is None:
        return None
    if not _is_possible(quote, tokens, points=trade.points):
        return None
    points = None
    if trade.points is not None and trade.quote_mint == WSOL:
        points = _unpublished(venue, Pool(tokens, quote), trade.points)
    return Reserves(quote, tokens, points) if trade.is_buy else Reserves(tokens, quote, points)


def _is_possible(*reserves: int, points: tuple[int, ...] | None) -> bool:
    """Whether reserves and fee are such as a pool can have: what comes in may say anything."""
    return all(0 < raw < 2**64 for raw in reserves) and sum(points or ()) < WHOLE


def _unpublished(venue: str, pool: Pool, points: tuple[int, ...]) -> int | None:
    """Return a told fee the table does not have for a pool; else None.

    No fee at all is the trader's exemption, as pump.fun's own agent has it: others pay.
    """
    cap = pool.mark(LAUNCH_SUPPLY_RAW)
    return None if not sum(points) or is_published(venue, points, cap) else sum(points)


def _pump_swap(leg: Leg, event: bytes) -> Before | None:
    """Read PumpSwap's BuyEvent or SellEvent; a pool that counts its fee in another coin is none.

    https://github.com/pump-fun/pump-public-docs docs/VIRTUAL_QUOTE_RESERVES_FEE_ADJUSTMENT.md: the
    price is by the quote vault plus a signed virtual reserve, told at the end since 2026.
    """
    is_buy = event[:8] == _BUY
    if not (is_buy or event[:8] == _SELL) or len(event) < _ACCOUNTS_END:
        return None
    quote_mint = leg.mint_in if is_buy else leg.mint_out
    if quote_mint != WSOL:
        return None
    base, quote = u64(event, 48), u64(event, 56) + _virtual_quote(event, is_buy=is_buy)
    has_creator = len(event) >= _ACCOUNTS_END + 16
    creator = u64(event, _ACCOUNTS_END) if has_creator else 0
    parts = (u64(event, 72), u64(event, 88))
    points = (*parts, creator) if creator else parts
    return Before(quote, base, points) if is_buy else Before(base, quote, points)


# 8 of discriminator, a timestamp, 13 numbers and 6 accounts; then the creator's.
_ACCOUNTS_END: Final = 8 + 8 + 13 * 8 + 6 * 32 + 32


def _virtual_quote(event: bytes, *, is_buy: bool) -> int:
    """Return the signed reserve that is priced with but not in the vault; 0 where none is told."""
    place = _ACCOUNTS_END + 16
    if is_buy:
        # track_volume, four numbers of volume, the least amount, and the instruction's name
        place += 1 + 4 * 8 + 8
        place += 4 + int.from_bytes(event[place : place + 4], "little")
    place += 4 * 8
    if len(event) < place + 16:
        return 0
    return int.from_bytes(event[place : place + 16], "little", signed=True)


def _ray_log(_leg: Leg, event: bytes) -> Before | None:
    """Read a Raydium AMM v4 log: what waits for the protocol is already off its reserves.

    https://github.com/raydium-io/raydium-amm program/src/log.rs
    """
    if len(event) < 57 or event[0] not in (3, 4):
        return None
    coin, pc = u64(event, 33), u64(event, 41)
    # 1: the pc token buys the coin
    return Before(pc, coin) if u64(event, 17) == 1 else Before(coin, pc)


def _cpmm(_leg: Leg, event: bytes) -> Before | None:
    """Read a CPMM SwapEvent: both vaults without the fees that wait there.

    https://github.com/raydium-io/raydium-cp-swap programs/cp-swap/src/states/events.rs
    """
    if event[:8] != _CP_SWAP or len(event) < 8 + 64:
        return None
    return Before(u64(event, 40), u64(event, 48), _cpmm_points(event))


def _cpmm_points(event: bytes) -> tuple[int, ...] | None:
    """Return the fees newer events tell, of the pool's config and for its creator, rounded up."""
    place = 8 + 32 + 6 * 8 + 1 + 2 * 32
    if len(event) < place + 17:
        return None
    taken, given = u64(event, 56), u64(event, 64)
    trade, creator = u64(event, place), u64(event, place + 8)
    of_creator = taken if event[place + 16] else given + creator
    if min(taken, of_creator) < WHOLE:
        return None
    whole = taken * of_creator
    return (-(-(trade * of_creator + creator * taken) * WHOLE // whole),)


def _launchlab(_leg: Leg, event: bytes) -> Before | None:
    """Read a LaunchLab TradeEvent; a curve of another form, or sold out by the trade, is none.

    https://github.com/raydium-io/raydium-idl raydium_launchpad. That the form is the constant
    product shows in the swap itself: its reserves must give what it gave.
    """
    if event[:8] != _LAUNCH_TRADE or len(event) < 8 + 138:
        return None
    virtual_base, virtual_quote = u64(event, 48), u64(event, 56)
    base, quote = virtual_base - u64(event, 64), virtual_quote + u64(event, 72)
    after = virtual_base - u64(event, 80), virtual_quote + u64(event, 88)
    taken, given = u64(event, 96), u64(event, 104)
    fees = sum(u64(event, place) for place in (112, 120, 128, 136))
    is_buy, is_raising = event[144] == 0, event[145] == 0
    if not is_raising or min(base, quote) <= 0:
        return None
    plain = Pool(base, quote)
    made = plain.buy(max(0, taken - fees)) if is_buy else plain.sell(taken) - fees
    charged = taken if is_buy else given + fees
    if abs(made - given) > 1 or charged < WHOLE:
        return None
    points = ((fees * WHOLE + charged // 2) // charged,)
    if is_buy:
        return Before(quote, base, points, after[::-1])
    return Before(base, quote, points, after)


_READERS: Final[Mapping[str, Reader]] = {
    PUMP_SWAP: _pump_swap,
    RAYDIUM_V4: _ray_log,
    RAYDIUM_CPMM: _cpmm,
    LAUNCHLAB: _launchlab,
}
