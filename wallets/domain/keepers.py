"""Owners who did not sign: those a known keeper program traded for (DCA, limit orders)."""

from collections.abc import Iterator

from wallets.domain.addresses import is_wallet
from wallets.domain.programs import KEEPERS
from wallets.domain.scene import Scene
from wallets.domain.values import Instruction


def kept_owners(scene: Scene) -> tuple[str, ...]:
    """Return the wallets, none of them signers, whose orders keeper programs filled here.

    They are the accounts of the keeper's instruction that hold coins which changed and that a key
    can sign for: pools, vaults and order accounts are none.
    """
    if scene.tx.failed:
        return ()
    filled = [item for item in scene.tx.instructions if item.program in KEEPERS]
    return tuple(dict.fromkeys(owner for item in filled for owner in _kept_by(scene, item)))


def kept_owner_above(scene: Scene, item: Instruction) -> str | None:
    """Return for whom the keeper above an instruction had it made; None unless it is one wallet.

    Between signers, as in an order engine's exchange, it is none.
    """
    caller = item.caller
    while caller is not None and scene.tx.instructions[caller].program not in KEEPERS:
        caller = scene.tx.instructions[caller].caller
    if caller is None:
        return None
    owners = set(_kept_by(scene, scene.tx.instructions[caller]))
    return owners.pop() if len(owners) == 1 else None


def _kept_by(scene: Scene, item: Instruction) -> Iterator[str]:
    for account in item.accounts:
        party = scene.holder(account) or account
        if party in scene.tx.signers or not any(scene.token_changes(party).values()):
            continue
        if is_wallet(party):
            yield party
