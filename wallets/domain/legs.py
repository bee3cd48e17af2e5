"""What pools took in and gave out, from events and from the movements they caused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from wallets.domain.curve import CurveTrade, curve_trade
from wallets.domain.flows import Flow, flows_under, net_of
from wallets.domain.keepers import kept_owner_above
from wallets.domain.programs import NATIVE_VAULTS, POOL_ACCOUNT, PROGRAMS, PUMP, TRADER_ACCOUNT
from wallets.domain.reserves import reserves_after, reserves_of_curve
from wallets.domain.scene import Scene
from wallets.domain.values import Instruction, Leg, Move

_PUMP_ID: Final = Pubkey.from_string(PUMP)


class PoolTrade(NamedTuple):
    """A leg, the place of its instruction, and the flows under it.

    `pool` is the party of the flows that acted as the pool; None where only the trader is known.
    """

    at: int
    leg: Leg
    pool: str | None
    flows: Sequence[Flow]


def pool_trades(scene: Scene, events: Mapping[int, Sequence[bytes]]) -> list[PoolTrade]:
    """Return the trades of all pools in order; `events` by the place of their instruction.

    Pools give to and take from accounts, so amounts are before what a Token-2022 mint holds back on
    the way out and after it on the way in. An instruction that only adds or only removes liquidity
    has no leg. A pump.fun curve takes SOL itself: its own events tell its legs.
    """
    if scene.tx.failed:
        return []
    moves = _under_pools(scene)
    curves = _curve_trades(scene, events)
    found: list[PoolTrade] = []
    for at in sorted(moves.keys() | curves.keys()):
        item = scene.tx.instructions[at]
        flows = flows_under(scene, at, moves.get(at, ()))
        if item.program == PUMP:
            for trade in curves.get(at, ()):
                curve = _curve(item, trade)
                found.append(PoolTrade(at, _curve_leg(scene, item, trade, curve), curve, flows))
        else:
            moved = list(_moved(scene, at, item, flows))
            found.extend(_with_reserves(moved, events.get(at, ())))
    return [trade for trade in found if trade.leg.raw_in and trade.leg.raw_out]


def _under_pools(scene: Scene) -> dict[int, list[Move]]:
    """Sort movements by the pool instruction they belong to."""
    found: dict[int, list[Move]] = {}
    items = scene.tx.instructions
    for move in scene.tx.moves:
        amm = scene.amm_of[move.at]
        if amm is None:
            continue
        if move.kind == "token" or (move.kind == "pay" and items[amm].program in NATIVE_VAULTS):
            found.setdefault(amm, []).append(move)
    return found


def _curve_trades(
    scene: Scene, events: Mapping[int, Sequence[bytes]]
) -> dict[int, list[CurveTrade]]:
    found: dict[int, list[CurveTrade]] = {}
    for at, payloads in events.items():
        amm = scene.amm_of[at]
        if amm is not None and scene.tx.instructions[at].program == PUMP:
            trades = [trade for payload in payloads if (trade := curve_trade(payload)) is not None]
            if trades:
                found.setdefault(amm, []).extend(trades)
    return found


def _curve_leg(scene: Scene, item: Instruction, trade: CurveTrade, curve: str) -> Leg:
    taken, given = (trade.quote_mint, trade.quote), (trade.mint, trade.tokens)
    if not trade.is_buy:
        taken, given = given, taken
    owner = _trader(scene, item, trade.user)
    name = PROGRAMS[PUMP].name
    return Leg(owner, PUMP, name, curve, *taken, *given, reserves_of_curve(name, trade))


def _with_reserves(trades: Sequence[PoolTrade], events: Sequence[bytes]) -> Sequence[PoolTrade]:
    """Add the pool's reserves where an instruction made one trade and its events tell them."""
    if len(trades) != 1:
        return trades
    (trade,) = trades
    reserves = reserves_after(trade.leg, events)
    if reserves is None:
        return trades
    return [trade._replace(leg=replace(trade.leg, reserves=reserves))]


def _curve(item: Instruction, trade: CurveTrade) -> str:
    # the two older instructions name it fourth; the newer ones reorder their accounts
    place = POOL_ACCOUNT[PUMP]
    mint = bytes(Pubkey.from_string(trade.mint))
    curve = str(Pubkey.find_program_address([b"bonding-curve", mint], _PUMP_ID)[0])
    if curve in item.accounts or len(item.accounts) <= place:
        return curve
    return item.accounts[place]


def _trader(scene: Scene, item: Instruction, user: str) -> str | None:
    """Return for whom a leg was made: the user side if it signed, else the only possible signer.

    Routers and bots trade through accounts of their own, keepers for who placed the order. Of
    several signers it is the one whose coins changed and whom the instruction names, or the nearest
    of its callers that names only one.
    """
    signers = scene.tx.signers
    if user in signers:
        return user
    kept = kept_owner_above(scene, item)
    if kept is not None:
        return kept
    if len(signers) == 1:
        return signers[0]
    holders = [name for name in signers if any(scene.token_changes(name).values())]
    caller: Instruction | None = item
    while len(holders) > 1 and caller is not None:
        accounts = frozenset(caller.accounts)
        named = [name for name in holders if name in accounts or accounts & scene.accounts_of(name)]
        if len(named) == 1:
            return named[0]
        caller = None if caller.caller is None else scene.tx.instructions[caller.caller]
    return holders[0] if len(holders) == 1 else user


def _moved(scene: Scene, at: int, item: Instruction, flows: Sequence[Flow]) -> Iterator[PoolTrade]:
    if len(flows) < 2:
        return
    givers = {(flow.giver, flow.mint) for flow in flows}
    both = dict.fromkeys(
        flow.taker
        for flow in flows
        if any(giver == flow.taker and mint != flow.mint for giver, mint in givers)
    )
    trader = _coin_owner(scene, item, flows, both)
    pools = [name for name in both if name != trader and name not in scene.tx.signers]
    sides: list[tuple[str | None, dict[str, int]]] = [(name, net_of(flows, name)) for name in pools]
    if not pools:
        sides = [(None, {mint: -raw for mint, raw in net_of(flows, trader).items()})]
    for pool, net in sides:
        leg = _leg(scene, item, trader, pool, net)
        if leg is not None:
            yield PoolTrade(at, leg, pool, flows)


def _coin_owner(scene: Scene, item: Instruction, flows: Sequence[Flow], both: Iterable[str]) -> str:
    """Return which party of the flows traded with the pool."""
    place = TRADER_ACCOUNT.get(item.program)
    if place is not None and place < len(item.accounts):
        return item.accounts[place]
    # the others move the trader's coins before the pool's
    return next((name for name in both if name in scene.tx.signers), flows[0].giver)


def _leg(
    scene: Scene, item: Instruction, trader: str, pool: str | None, net: Mapping[str, int]
) -> Leg | None:
    taken = [(mint, raw) for mint, raw in net.items() if raw > 0]
    given = [(mint, -raw) for mint, raw in net.items() if raw < 0]
    if len(taken) != 1 or len(given) != 1:
        return None
    place = POOL_ACCOUNT.get(item.program)
    # a vault owner that the trade does not write to is an authority shared by many pools
    address = pool if pool in item.accounts and scene.is_writable(pool) else None
    if place is not None and place < len(item.accounts):
        address = item.accounts[place]
    name = PROGRAMS[item.program].name
    owner = _trader(scene, item, trader)
    return Leg(owner, item.program, name, address, *taken[0], *given[0])
