"""Coins and SOL passing between owners under one pool instruction."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wallets.domain.programs import METEORA_DAMM, METEORA_VAULT, NATIVE_VAULTS, WSOL
from wallets.domain.scene import Scene
from wallets.domain.values import Instruction, Move


class Flow(NamedTuple):
    """What one owner gave another: `sent` left the giver, `arrived` is what the taker got."""

    mint: str
    giver: str
    taker: str
    sent: int
    arrived: int


def flows_under(scene: Scene, at: int, moves: Sequence[Move]) -> list[Flow]:
    """Return the flows of the movements under the instruction at a place.

    A curve that takes SOL itself has it as wrapped SOL, the mint SOL is known by everywhere.
    """
    item = scene.tx.instructions[at]
    flows = []
    for move in moves:
        if move.kind != "token" or not _is_of_pool(scene, item, move):
            continue
        mint = scene.mint_of(move)
        giver = scene.holder(move.source) or move.authority or move.source
        taker = scene.holder(move.dest) or move.dest
        if mint is not None and move.amount and giver != taker:
            flows.append(Flow(mint, giver, taker, move.amount, max(move.amount - move.fee, 0)))
    places = NATIVE_VAULTS.get(item.program)
    if flows and places is not None and max(places) < len(item.accounts):
        vault, coins = (item.accounts[place] for place in places)
        flows.extend(_native(scene, vault, scene.holder(coins) or vault, moves, flows))
    return flows


def net_of(flows: Iterable[Flow], party: str) -> dict[str, int]:
    """Return what a party took in per mint; negative what it gave out."""
    net: dict[str, int] = {}
    for flow in flows:
        if flow.taker == party:
            net[flow.mint] = net.get(flow.mint, 0) + flow.arrived
        if flow.giver == party:
            net[flow.mint] = net.get(flow.mint, 0) - flow.sent
    return net


def _is_of_pool(scene: Scene, item: Instruction, move: Move) -> bool:
    """Whether the pool caused a movement: beside what its vaults move, DAMM v1 sends its fee."""
    if item.program != METEORA_DAMM:
        return True
    caller = scene.tx.instructions[move.at].caller
    return caller is not None and scene.tx.instructions[caller].program == METEORA_VAULT


def _native(
    scene: Scene, vault: str, pool: str, moves: Sequence[Move], coins: Sequence[Flow]
) -> list[Flow]:
    """Return the SOL that went into and out of a curve's account, told as the pool's.

    A program pays out of its own account without an instruction: then the account's change tells,
    where one trade alone named it.
    """
    found = [
        Flow(WSOL, move.source, pool, move.amount, move.amount)
        if move.dest == vault
        else Flow(WSOL, pool, move.dest, move.amount, move.amount)
        for move in moves
        if move.kind == "pay" and vault in (move.source, move.dest)
    ]
    if found or _is_shared(scene, vault):
        return found
    change = scene.lamport_change(vault)
    trader = next((flow.giver for flow in coins if flow.taker == pool), coins[0].taker)
    if change < 0:
        return [Flow(WSOL, pool, trader, -change, -change)]
    return [Flow(WSOL, trader, pool, change, change)] if change else []


def _is_shared(scene: Scene, vault: str) -> bool:
    """Whether several instructions traded through one account of SOL."""
    count = 0
    for item in scene.tx.instructions:
        places = NATIVE_VAULTS.get(item.program)
        if places is not None and places[0] < len(item.accounts):
            count += item.accounts[places[0]] == vault
    return count > 1
