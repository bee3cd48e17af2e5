"""What a transaction means for its owners: swaps, costs and transfers by net balance change."""

from collections.abc import Collection, Iterator
from typing import Final

from wallets.domain.events import events_of
from wallets.domain.keepers import kept_owners
from wallets.domain.legs import pool_trades
from wallets.domain.opinions import SPEAKERS, second_opinions
from wallets.domain.payments import Payments, pools_of, tip_lamports
from wallets.domain.programs import STAKE, VOTE, WSOL
from wallets.domain.rent import Deposit, rent_deposits
from wallets.domain.scene import Scene, dearest_rent
from wallets.domain.swaps import Trade, trade
from wallets.domain.values import Cost, CostKind, Decoded, Leg, Transaction

_NO_TRADE = Trade((), (), ())
# https://docs.rs/solana-stake-interface: 200 bytes; https://docs.rs/solana-vote-interface: 3,762
_SIZES: Final = {STAKE: 200, VOTE: 3_762}


def decode(tx: Transaction, owners: Collection[str] | None = None) -> Decoded:
    """Decode a transaction for `owners`; by default its signers and those a keeper acted for.

    For each owner the wrapped SOL of his swaps (out minus in) minus his costs is exactly the change
    of his lamports plus his wrapped SOL. A failed transaction has only costs. Never raises for a
    transaction `parse` returned.
    """
    scene = Scene(tx)
    events = {} if tx.failed else events_of(tx, SPEAKERS)
    trades = pool_trades(scene, events)
    compared, disagreements = second_opinions(scene, events, trades)
    legs = tuple(trade.leg for trade in trades)
    if owners is None:
        owners = (*tx.signers, *kept_owners(scene))
    settlement = _Settlement(scene, legs)
    settled = [(owner, *settlement.settle(owner)) for owner in dict.fromkeys(owners)]
    return Decoded(
        signature=tx.signature,
        slot=tx.slot,
        tx_index=tx.tx_index,
        block_time=tx.block_time,
        failed=tx.failed,
        version=tx.version,
        fee_lamports=tx.fee_lamports,
        tip_lamports=tip_lamports(scene),
        fee_payer=tx.keys[0],
        signers=tx.signers,
        swaps=tuple(swap for _, _, found in settled for swap in found.swaps),
        legs=legs,
        costs=tuple(cost for _, costs, _ in settled for cost in costs),
        transfers=tuple(item for _, _, found in settled for item in found.transfers),
        ambiguous=tuple(item for _, _, found in settled for item in found.ambiguous),
        compared=compared,
        disagreements=disagreements,
    )


class _Settlement:
    """Settles one owner after another over the same scene."""

    def __init__(self, scene: Scene, legs: tuple[Leg, ...]) -> None:
        self.scene = scene
        self.legs = legs
        self.payments = Payments(scene, legs)
        self.deposits: tuple[Deposit, ...] = rent_deposits(scene, pools_of(legs))

    def settle(self, owner: str) -> tuple[list[Cost], Trade]:
        """Return the owner's costs, complete to the lamport, and what his other changes were."""
        scene = self.scene
        changes = scene.token_changes(owner)
        total = scene.lamport_change(owner) + changes.get(WSOL, 0)
        costs = list(self._costs(owner))
        left = total + sum(cost.lamports for cost in costs)
        found = _NO_TRADE
        if not scene.tx.failed:
            for refund in self._program_refunds(owner, left):
                costs.append(refund)
                left += refund.lamports
            signers = scene.tx.signers
            legs = [leg for leg in self.legs if leg.owner == owner or leg.owner not in signers]
            found = trade(scene, owner, changes, left, legs)
        for swap in found.swaps:
            if swap.mint_in == WSOL:
                left += swap.raw_in
            elif swap.mint_out == WSOL:
                left -= swap.raw_out
        if left:
            # an account made here that had to sign for it holds nothing but its own rent
            kind: CostKind = "rent" if owner in scene.claimed else "other"
            costs.append(Cost(owner, kind, None, -left))
        return costs, found

    def _costs(self, owner: str) -> Iterator[Cost]:
        tx = self.scene.tx
        if owner == tx.keys[0] and tx.fee_lamports:
            yield Cost(owner, "network", None, tx.fee_lamports)
        yield from self.payments.costs(owner)
        rents: dict[str, int] = {}
        for deposit in self.deposits:
            if deposit.payer == owner:
                rents[deposit.account] = rents.get(deposit.account, 0) + deposit.lamports
        for account, lamports in rents.items():
            if lamports:
                yield Cost(owner, "rent", account, lamports)

    def _program_refunds(self, owner: str, left: int) -> Iterator[Cost]:
        """Yield the rent of accounts a program emptied to the owner without an instruction for it.

        Only a single signer can be known to have got it, and only out of SOL not otherwise
        explained.
        """
        tx = self.scene.tx
        if left <= 0 or tx.signers != (owner,):
            return
        movers = {move.source for move in tx.moves}
        # a stake holds its principal beside the rent of its size
        sizes = {
            item.accounts[0]: _SIZES[item.program]
            for item in tx.instructions
            if item.program in _SIZES and item.accounts
        }
        for address, pre, post in zip(tx.keys, tx.pre_lamports, tx.post_lamports, strict=True):
            if pre and not post and pre <= left and address not in movers:
                left -= pre
                size = sizes.get(address)
                rent = pre if size is None else min(pre, dearest_rent(size))
                yield Cost(owner, "rent", address, -rent)
                if rent < pre:
                    yield Cost(owner, "other", address, rent - pre)
