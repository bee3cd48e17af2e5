"""What pools took in and gave out, from events and from token movements they caused."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from wallets.domain.events import (
    CurveTrade,
    PoolTrade,
    curve_trade,
    logged_trades,
    pool_trade,
    self_called,
)
from wallets.domain.programs import (
    METEORA_DAMM,
    METEORA_VAULT,
    POOL_ACCOUNT,
    PROGRAMS,
    PUMP,
    PUMP_SWAP,
    TRADER_ACCOUNT,
)
from wallets.domain.scene import Scene
from wallets.domain.values import Instruction, Leg, Move

_PUMP_ID: Final = Pubkey.from_string(PUMP)


class _Flow(NamedTuple):
    """Tokens passing between two owners under one pool instruction."""

    mint: str
    giver: str
    taker: str
    sent: int
    arrived: int


def pool_legs(scene: Scene) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    """Return the legs of all pools in order, and where events and token movements disagree.

    Pools give to and take from accounts, so amounts are before what a Token-2022 mint holds back on
    the way out and after it on the way in. An instruction that only adds or only removes liquidity
    has no leg.
    """
    if scene.tx.failed:
        return (), ()
    moves, events = _under_pools(scene)
    legs: list[Leg] = []
    disagreements: list[str] = []
    for at in sorted(moves.keys() | events.keys()):
        item = scene.tx.instructions[at]
        if item.program == PUMP:
            found = [_curve_leg(scene, item, event) for event in events.get(at, ())]
            legs.extend(found)
            disagreements.extend(_compare_curve(found, moves.get(at, ())))
            continue
        found = list(_moved_legs(scene, item, moves.get(at, ())))
        legs.extend(found)
        if item.program == PUMP_SWAP:
            disagreements.extend(_compare(found, events.get(at, ())))
    return tuple(leg for leg in legs if leg.raw_in and leg.raw_out), tuple(disagreements)


def _under_pools(scene: Scene) -> tuple[dict[int, list[Move]], dict[int, list[bytes]]]:
    """Sort token movements and events by the pool instruction they belong to."""
    moves: dict[int, list[Move]] = {}
    events: dict[int, list[bytes]] = {}
    amm_of = scene.amm_of
    for move in scene.tx.moves:
        amm = amm_of[move.at]
        if amm is not None and move.kind == "token":
            moves.setdefault(amm, []).append(move)
    silent: list[int] = []
    for at, item in enumerate(scene.tx.instructions):
        if item.program not in (PUMP, PUMP_SWAP):
            continue
        amm = amm_of[at]
        if amm is None:
            continue
        if amm == at:
            silent.append(at)
        elif (event := self_called(item)) is not None:
            events.setdefault(amm, []).append(event)
    if silent and not events:
        _take_logged(scene, silent, events)
    return moves, events


def _take_logged(scene: Scene, silent: Sequence[int], events: dict[int, list[bytes]]) -> None:
    """Give logged events, in order, to the pool instructions that sent none."""
    curves = [at for at in silent if scene.tx.instructions[at].program == PUMP]
    logged = [event for event in logged_trades(scene.tx.logs) if curve_trade(event) is not None]
    if len(curves) == len(logged):
        events.update((at, [event]) for at, event in zip(curves, logged, strict=True))


def _curve_leg(scene: Scene, item: Instruction, event: bytes) -> Leg:
    trade = curve_trade(event)
    if trade is None:
        return Leg(None, PUMP, PROGRAMS[PUMP].name, None, "", 0, "", 0)
    taken, given = (trade.quote_mint, trade.quote), (trade.mint, trade.tokens)
    if not trade.is_buy:
        taken, given = given, taken
    owner = _trader(scene, trade.user)
    return Leg(owner, PUMP, PROGRAMS[PUMP].name, _curve(item, trade), *taken, *given)


def _curve(item: Instruction, trade: CurveTrade) -> str:
    # the two older instructions name it fourth; the newer ones reorder their accounts
    place = POOL_ACCOUNT[PUMP]
    mint = bytes(Pubkey.from_string(trade.mint))
    curve = str(Pubkey.find_program_address([b"bonding-curve", mint], _PUMP_ID)[0])
    if curve in item.accounts or len(item.accounts) <= place:
        return curve
    return item.accounts[place]


def _trader(scene: Scene, user: str | None) -> str | None:
    """Return for whom a leg was made: the user side if it signed, else the only possible signer.

    Routers and bots trade through accounts of their own.
    """
    signers = scene.tx.signers
    if user in signers:
        return user
    if len(signers) == 1:
        return signers[0]
    holders = [name for name in signers if any(scene.token_changes(name).values())]
    return holders[0] if len(holders) == 1 else user


def _moved_legs(scene: Scene, item: Instruction, moves: Sequence[Move]) -> Iterator[Leg]:
    flows = _flows(scene, item, moves)
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
    if not pools:
        net = _net(flows, trader)
        yield from _leg(scene, item, trader, None, {mint: -raw for mint, raw in net.items()})
        return
    for pool in pools:
        yield from _leg(scene, item, trader, pool, _net(flows, pool))


def _coin_owner(
    scene: Scene, item: Instruction, flows: Sequence[_Flow], both: Iterable[str]
) -> str:
    """Return which party of the flows traded with the pool."""
    place = TRADER_ACCOUNT.get(item.program)
    if place is not None and place < len(item.accounts):
        return item.accounts[place]
    # the others move the trader's coins before the pool's
    return next((name for name in both if name in scene.tx.signers), flows[0].giver)


def _flows(scene: Scene, item: Instruction, moves: Sequence[Move]) -> list[_Flow]:
    flows = []
    for move in moves:
        if item.program == METEORA_DAMM and not _called_by_vault(scene, move):
            # besides what its vaults move, this program sends its own fee on
            continue
        mint = scene.mint_of(move)
        giver = scene.holder(move.source) or move.authority or move.source
        taker = scene.holder(move.dest) or move.dest
        if mint is not None and move.amount and giver != taker:
            flows.append(_Flow(mint, giver, taker, move.amount, max(move.amount - move.fee, 0)))
    return flows


def _called_by_vault(scene: Scene, move: Move) -> bool:
    caller = scene.tx.instructions[move.at].caller
    return caller is not None and scene.tx.instructions[caller].program == METEORA_VAULT


def _net(flows: Sequence[_Flow], party: str) -> dict[str, int]:
    """Return what a party took in per mint; negative what it gave out."""
    net: dict[str, int] = {}
    for flow in flows:
        if flow.taker == party:
            net[flow.mint] = net.get(flow.mint, 0) + flow.arrived
        if flow.giver == party:
            net[flow.mint] = net.get(flow.mint, 0) - flow.sent
    return net


def _leg(
    scene: Scene, item: Instruction, trader: str, pool: str | None, net: dict[str, int]
) -> Iterator[Leg]:
    taken = [(mint, raw) for mint, raw in net.items() if raw > 0]
    given = [(mint, -raw) for mint, raw in net.items() if raw < 0]
    if len(taken) != 1 or len(given) != 1:
        return
    place = POOL_ACCOUNT.get(item.program)
    # a vault owner that the trade does not write to is an authority shared by many pools
    address = pool if pool in item.accounts and scene.is_writable(pool) else None
    if place is not None and place < len(item.accounts):
        address = item.accounts[place]
    name = PROGRAMS[item.program].name
    yield Leg(_trader(scene, trader), item.program, name, address, *taken[0], *given[0])


def _compare_curve(legs: Sequence[Leg], moves: Sequence[Move]) -> Iterator[str]:
    """Tell where a curve's event names a token amount that did not move."""
    moved = {move.amount for move in moves}
    for leg in legs:
        if leg.raw_in and leg.raw_in not in moved and leg.raw_out not in moved:
            yield f"pump.fun: event of {leg.raw_in} for {leg.raw_out}, neither moved as tokens"


def _compare(legs: Sequence[Leg], events: Sequence[bytes]) -> Iterator[str]:
    """Tell where PumpSwap's own events name another base amount than the coins that moved."""
    trades = [trade for event in events if (trade := pool_trade(event)) is not None]
    if len(trades) != len(legs):
        yield f"PumpSwap: {len(trades)} trade events, {len(legs)} legs"
        return
    for leg, trade in zip(legs, trades, strict=True):
        moved = leg.raw_out if trade.is_buy else leg.raw_in
        if moved != trade.base:
            yield f"PumpSwap: {_side(trade)} event of {trade.base} base units, {moved} moved"


def _side(trade: PoolTrade) -> str:
    return "buy" if trade.is_buy else "sell"
