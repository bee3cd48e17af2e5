"""Second opinions on legs: what venues and routers tell, beside what moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wallets.domain.hops import ROUTERS, Hop, hops_in
from wallets.domain.legs import PoolTrade
from wallets.domain.programs import PROGRAMS, PUMP
from wallets.domain.scene import Scene
from wallets.domain.values import Leg
from wallets.domain.venues import READERS, Heard, heard_in

# The programs whose events are worth decoding.
SPEAKERS: Final = frozenset({PUMP, *READERS, *ROUTERS})


def second_opinions(
    scene: Scene, events: Mapping[int, Sequence[bytes]], trades: Sequence[PoolTrade]
) -> tuple[int, tuple[str, ...]]:
    """Return how many pool trades a second opinion was found for, and where it differs.

    One text at most for each of them. An event that tells a trade no leg stands for counts as one
    found and differing.
    """
    answers: dict[int, list[str | None]] = {}
    found = 0
    texts: list[str] = []
    for at, places in _by_instruction(trades, events).items():
        program = scene.tx.instructions[at].program
        heard = heard_in(program, events.get(at, ()))
        if heard and len(heard) != len(places):
            found += max(len(heard), len(places))
            texts.append(f"{_name(program)}: {len(heard)} trade events, {len(places)} legs")
            continue
        for place, event in zip(places, heard, strict=False):
            answers.setdefault(place, []).append(_differs(trades[place], event))
        if program == PUMP:
            for place in places:
                answers.setdefault(place, []).extend(_curve_differs(trades[place]))
    for router, place, hop in paired_hops(scene, events, trades):
        answers.setdefault(place, []).extend(_hop_differs(router, trades[place], hop))
    for _, said in sorted(answers.items()):
        found += bool(said)
        texts.extend([text for text in said if text is not None][:1])
    return found, tuple(texts)


def _by_instruction(
    trades: Sequence[PoolTrade], events: Mapping[int, Sequence[bytes]]
) -> dict[int, list[int]]:
    """Return the places of the trades under each instruction that traded or said something."""
    found: dict[int, list[int]] = {at: [] for at in events}
    for place, trade in enumerate(trades):
        found.setdefault(trade.at, []).append(place)
    return found


def _differs(trade: PoolTrade, heard: Heard) -> str | None:
    leg = trade.leg
    taken, given = _moved(trade, at_pool=heard.side == "pool")
    if _is_near(heard.taken, taken, heard.slack) and _is_near(heard.given, given, heard.slack):
        return None
    told = f"{_or_dash(heard.taken)} for {_or_dash(heard.given)}"
    return f"{leg.venue}: event of {told}, {leg.raw_in} for {leg.raw_out} moved"


def _moved(trade: PoolTrade, *, at_pool: bool) -> tuple[set[int], set[int]]:
    """Return the amounts that moved on the way in and out, as one side of the trade saw them.

    Beside the leg's net, what each single party paid or got: a venue that pays a referrer out of
    the pool, or its fee out of the trader's coins, tells the trader's part alone. Empty on a way
    no coins were seen to take.
    """
    leg, pool = trade.leg, trade.pool
    taken: dict[str, int] = {}
    given: dict[str, int] = {}
    for flow in trade.flows:
        if flow.mint == leg.mint_in and flow.giver != pool:
            if not at_pool:
                taken[flow.giver] = taken.get(flow.giver, 0) + flow.sent
            elif flow.taker == pool:
                taken[flow.giver] = taken.get(flow.giver, 0) + flow.arrived
        elif flow.mint == leg.mint_out and flow.taker != pool:
            if not at_pool:
                given[flow.taker] = given.get(flow.taker, 0) + flow.arrived
            elif flow.giver == pool:
                given[flow.taker] = given.get(flow.taker, 0) + flow.sent
    ways = set(taken.values()), set(given.values())
    if at_pool:
        ways[0].add(leg.raw_in)
        ways[1].add(leg.raw_out)
    return ways


def _is_near(told: int | None, moved: Iterable[int], slack: int) -> bool:
    return told is None or any(abs(told - raw) <= slack for raw in moved)


def _or_dash(raw: int | None) -> str:
    return "-" if raw is None else str(raw)


def _curve_differs(trade: PoolTrade) -> Iterator[str | None]:
    """Compare a curve's leg, read from its event, with the coins that moved; SOL has no trace."""
    leg = trade.leg
    taken = {flow.arrived for flow in trade.flows if flow.mint == leg.mint_in}
    given = {flow.sent for flow in trade.flows if flow.mint == leg.mint_out}
    if (taken and leg.raw_in not in taken) or (given and leg.raw_out not in given):
        yield f"{leg.venue}: event of {leg.raw_in} for {leg.raw_out}, coins moved otherwise"
    elif taken or given:
        yield None
    else:
        yield f"{leg.venue}: event of {leg.raw_in} for {leg.raw_out}, no coins moved"


def paired_hops(
    scene: Scene, events: Mapping[int, Sequence[bytes]], trades: Sequence[PoolTrade]
) -> Iterator[tuple[str, int, Hop]]:
    """Pair hops with the trades under their router: in order, alike in program and mints.

    A router that names neither is heard only when it tells as many hops as it has legs.
    """
    for at, payloads in events.items():
        router = scene.tx.instructions[at].program
        hops = hops_in(router, payloads)
        if not hops:
            continue
        places = [place for place, trade in enumerate(trades) if _router_of(scene, trade.at) == at]
        if hops[0].mint_in is None:
            if len(hops) == len(places):
                for place, hop in zip(places, hops, strict=True):
                    yield _name(router), place, hop
            continue
        for hop in hops:
            fitting = next((place for place in places if _fits(trades[place].leg, hop)), None)
            if fitting is not None:
                places.remove(fitting)
                yield _name(router), fitting, hop


def _router_of(scene: Scene, at: int) -> int | None:
    """Return the place of the nearest router above an instruction."""
    caller = scene.tx.instructions[at].caller
    while caller is not None and scene.tx.instructions[caller].program not in ROUTERS:
        caller = scene.tx.instructions[caller].caller
    return caller


def _fits(leg: Leg, hop: Hop) -> bool:
    if hop.program is not None and hop.program != leg.program:
        return False
    return (leg.mint_in, leg.mint_out) == (hop.mint_in, hop.mint_out)


def _hop_differs(router: str, trade: PoolTrade, hop: Hop) -> Iterator[str | None]:
    """Compare a hop with its leg; nothing where coins were seen on neither way."""
    leg = trade.leg
    taken, given = _moved(trade, at_pool=False)
    if not taken and not given:
        return
    if (taken and min(taken) > hop.offered) or (given and hop.gained not in given):
        told = f"hop of {hop.offered} for {hop.gained} through {leg.venue}"
        yield f"{router}: {told}, {leg.raw_in} for {leg.raw_out} moved"
    else:
        yield None


def _name(program: str) -> str:
    return PROGRAMS[program].name
