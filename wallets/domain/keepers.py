"""Owners who did not sign: those a known keeper program traded for (DCA, limit orders)."""

from collections.abc import Iterator

from wallets.domain.addresses import is_wallet
from wallets.domain.programs import KEEPERS
from wallets.domain.scene import Scene


def kept_owners(scene: Scene) -> tuple[str, ...]:
    """Return the wallets, none of them signers, whose orders keeper programs filled here.

    They are the accounts of the keeper's instruction that hold coins which changed and that a key
    can sign for: pools, vaults and order accounts are none.
    """
    return tuple(dict.fromkeys(_candidates(scene)))


def _candidates(scene: Scene) -> Iterator[str]:
    for item in scene.tx.instructions:
        if item.program not in KEEPERS or scene.tx.failed:
            continue
        for account in item.accounts:
            party = scene.holder(account) or account
            if party in scene.tx.signers or not any(scene.token_changes(party).values()):
                continue
            if is_wallet(party):
                yield party
