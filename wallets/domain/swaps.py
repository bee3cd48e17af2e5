"""Turns an owner's net changes into swaps and one-sided transfers, the pools' legs as guide."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wallets.domain.programs import AMMS, INTERMEDIARIES, PROGRAMS, SYSTEM_PROGRAMS, WSOL
from wallets.domain.scene import Scene
from wallets.domain.values import Ambiguity, Leg, Move, Swap, Transfer


class Trade(NamedTuple):
    """What became of an owner's net changes; the wrapped SOL that no swap used is left over."""

    swaps: tuple[Swap, ...]
    transfers: tuple[Transfer, ...]
    ambiguous: tuple[Ambiguity, ...]


class _Route(NamedTuple):
    mint_in: str
    raw_in: int
    mint_out: str
    raw_out: int
    legs: tuple[Leg, ...]


def trade(
    scene: Scene, owner: str, changes: Mapping[str, int], lamports: int, legs: Sequence[Leg]
) -> Trade:
    """Read the owner's net changes: raw per mint, and SOL in lamports after costs.

    One mint down and one up is a swap; only up or only down is a transfer; several are split along
    the legs, or told as ambiguous.
    """
    moved = {mint: raw for mint, raw in changes.items() if raw and mint != WSOL}
    if _is_liquidity(scene, owner, moved, lamports):
        return Trade((), _transfers(owner, moved, "liquidity"), ())
    net = dict(moved)
    if lamports and _sol_takes_part(moved, lamports, legs):
        net[WSOL] = lamports
    crumbs = _crumbs(net, legs)
    for mint in crumbs:
        del net[mint]
    down = [mint for mint, raw in net.items() if raw < 0]
    up = [mint for mint, raw in net.items() if raw > 0]
    if not down or not up:
        kind = "liquidity" if len(moved) > 1 and _pool_acted(scene) and not legs else None
        return Trade((), _transfers(owner, moved, kind), ())
    if len(down) == 1 and len(up) == 1:
        venue, program = _venue(scene, legs)
        whole = Swap(owner, down[0], -net[down[0]], up[0], net[up[0]], venue, program)
        return Trade((whole,), _transfers(owner, crumbs, None), ())
    swaps = _split(scene, owner, net, legs)
    if swaps:
        return Trade(swaps, _transfers(owner, crumbs, None), ())
    reason = f"{len(down)} mints down and {len(up)} up, not explained by {len(legs)} pool legs"
    return Trade((), _transfers(owner, moved, None), (Ambiguity(owner, reason),))


def _transfers(owner: str, moved: Mapping[str, int], kind: str | None) -> tuple[Transfer, ...]:
    if kind == "liquidity":
        return tuple(Transfer(owner, mint, raw, "liquidity") for mint, raw in moved.items())
    return tuple(
        Transfer(owner, mint, raw, "receive" if raw > 0 else "send")
        for mint, raw in moved.items()
        if mint != WSOL
    )


def _crumbs(net: Mapping[str, int], legs: Sequence[Leg]) -> dict[str, int]:
    """Return what stayed of mints the owner only passed through: under 1 % of their flow."""
    if len(net) < 3:
        return {}
    flow = {leg.mint_out: 0 for leg in legs}
    for leg in legs:
        flow[leg.mint_out] += leg.raw_out
    passed = {leg.mint_in for leg in legs} & flow.keys()
    return {m: raw for m, raw in net.items() if m in passed and abs(raw) * 100 < flow[m]}


def _is_liquidity(scene: Scene, owner: str, moved: Mapping[str, int], lamports: int) -> bool:
    """Whether a program minted shares to the owner for what he gave, or burnt his."""
    for move in scene.tx.moves:
        if move.kind not in ("mint", "burn"):
            continue
        account = move.dest if move.kind == "mint" else move.source
        program = _issuer(scene, move)
        if program is None or scene.holder(account) != owner:
            continue
        if program in AMMS:
            return True
        # coins a bridge or a claim mints for nothing are received, not shares
        sign = 1 if move.kind == "mint" else -1
        others = [raw for mint, raw in moved.items() if mint != move.mint]
        if any(raw * sign < 0 for raw in (*others, lamports)):
            return True
    return False


def _issuer(scene: Scene, move: Move) -> str | None:
    """Return the program that had coins minted or burnt; None for a wallet or under a router.

    What a router had minted on the way, as stake pools do, is traded.
    """
    items = scene.tx.instructions
    callers = []
    at = items[move.at].caller
    while at is not None:
        callers.append(items[at].program)
        at = items[at].caller
    if not callers or callers[0] in SYSTEM_PROGRAMS or not INTERMEDIARIES.isdisjoint(callers):
        return None
    return callers[0]


def _pool_acted(scene: Scene) -> bool:
    return any(at is not None for at in scene.amm_of)


def _sol_takes_part(moved: Mapping[str, int], lamports: int, legs: Sequence[Leg]) -> bool:
    """Whether SOL is a side: always of one-sided tokens, of others only if pools took it."""
    if not (min(moved.values(), default=0) < 0 < max(moved.values(), default=0)):
        return bool(moved)
    taken = sum(leg.raw_in for leg in legs if leg.mint_in == WSOL)
    given = sum(leg.raw_out for leg in legs if leg.mint_out == WSOL)
    return (taken - given) * lamports < 0


def _venue(scene: Scene, legs: Sequence[Leg]) -> tuple[str | None, str | None]:
    """Name where it was traded: the only pool program, else the router, else what was called."""
    programs = dict.fromkeys(leg.program for leg in legs)
    if len(programs) != 1:
        called = dict.fromkeys(item.program for item in scene.tx.instructions)
        known = [name for name in called if name in INTERMEDIARIES]
        pools = list(programs) or [name for name in called if name in AMMS]
        if not programs and len(pools) == 1:
            known = pools
        programs = dict.fromkeys(known or pools or _unnamed(called))
    for program in programs:
        known_program = PROGRAMS.get(program)
        return (None if known_program is None else known_program.name), program
    return None, None


def _unnamed(called: Iterable[str]) -> list[str]:
    return [name for name in called if name not in SYSTEM_PROGRAMS]


def _split(
    scene: Scene, owner: str, net: Mapping[str, int], legs: Sequence[Leg]
) -> tuple[Swap, ...]:
    """Share the net changes among the routes the legs make; empty when they do not fit."""
    routes = _routes(net, legs)
    if not routes:
        return ()
    for route in routes:
        if net.get(route.mint_in, 0) >= 0 or net.get(route.mint_out, 0) <= 0:
            return ()
    if {r.mint_in for r in routes} | {r.mint_out for r in routes} != set(net):
        return ()
    taken = _shares(net, [(route.mint_in, route.raw_in) for route in routes])
    given = _shares(net, [(route.mint_out, route.raw_out) for route in routes])
    swaps = []
    for route, raw_in, raw_out in zip(routes, taken, given, strict=True):
        if raw_in <= 0 or raw_out <= 0:
            return ()
        venue, program = _venue(scene, route.legs)
        swaps.append(Swap(owner, route.mint_in, raw_in, route.mint_out, raw_out, venue, program))
    return tuple(swaps)


def _routes(net: Mapping[str, int], legs: Sequence[Leg]) -> list[_Route]:
    """Join legs through mints the owner did not keep, then add up routes of the same pair."""
    open_routes: list[_Route] = []
    for leg in legs:
        joined = _Route(leg.mint_in, leg.raw_in, leg.mint_out, leg.raw_out, (leg,))
        for at, before in enumerate(open_routes):
            if before.mint_out == leg.mint_in and leg.mint_in not in net:
                legs_so_far = (*before.legs, leg)
                joined = _Route(
                    before.mint_in, before.raw_in, leg.mint_out, leg.raw_out, legs_so_far
                )
                del open_routes[at]
                break
        open_routes.append(joined)
    pairs: dict[tuple[str, str], _Route] = {}
    for route in open_routes:
        pair = (route.mint_in, route.mint_out)
        known = pairs.get(pair)
        pairs[pair] = route if known is None else _added(known, route)
    return list(pairs.values())


def _added(first: _Route, second: _Route) -> _Route:
    return _Route(
        first.mint_in,
        first.raw_in + second.raw_in,
        first.mint_out,
        first.raw_out + second.raw_out,
        first.legs + second.legs,
    )


def _shares(net: Mapping[str, int], parts: Sequence[tuple[str, int]]) -> list[int]:
    """Split each mint's net change by its parts' weights: floor, the last part takes the rest."""
    whole: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, (mint, weight) in enumerate(parts):
        whole[mint] = whole.get(mint, 0) + weight
        last[mint] = at
    left = {mint: abs(net[mint]) for mint in whole}
    shares = []
    for at, (mint, weight) in enumerate(parts):
        share = left[mint] if last[mint] == at else abs(net[mint]) * weight // whole[mint]
        left[mint] -= share
        shares.append(share)
    return shares
