"""Which of an owner's SOL payments are costs, and which went into or came out of a trade."""

from collections.abc import Iterator

from wallets.domain.accounts import PLATFORM_ACCOUNTS, PUMP_FEE_RECIPIENTS, TIP_ACCOUNTS
from wallets.domain.addresses import is_wallet
from wallets.domain.programs import PROGRAMS, WSOL
from wallets.domain.scene import Scene
from wallets.domain.values import Cost, CostKind, Leg, Move


def tip_lamports(scene: Scene) -> int:
    """Return all lamports anyone in the transaction paid to tip accounts."""
    return sum(m.amount for m in scene.tx.moves if m.kind == "pay" and m.dest in TIP_ACCOUNTS)


def pools_of(legs: tuple[Leg, ...]) -> frozenset[str]:
    """Return the addresses that acted as pools."""
    return frozenset(leg.pool for leg in legs if leg.pool is not None)


class Payments:
    """Judges SOL movements; knows from the legs who acted as a pool."""

    def __init__(self, scene: Scene, legs: tuple[Leg, ...]) -> None:
        self.scene = scene
        self.pools = pools_of(legs)

    def costs(self, owner: str) -> Iterator[Cost]:
        """Yield what the owner paid in SOL or wrapped SOL beside trades, rent and network fee.

        Lamports another wallet sent him come as negative costs.
        """
        for move in self.scene.tx.moves:
            if not move.amount:
                continue
            if move.kind == "pay" or move.kind == "create":
                if owner in (move.source, move.dest):
                    yield from self._pay(owner, move)
            elif move.kind == "token" and self.scene.mint_of(move) == WSOL:
                yield from self._wrapped(owner, move)

    def _pay(self, owner: str, move: Move) -> Iterator[Cost]:
        dest = self.scene.holder(move.dest) or move.dest
        if move.source == owner and dest != owner:
            if self._is_rent(move):
                yield from self._principal(owner, move)
                return
            kind = self._kind(owner, move, dest, kept=self._kept(owner, move))
            if kind is not None:
                yield Cost(owner, kind, move.dest, move.amount)
        elif (
            move.source != owner and move.dest == owner and self._is_gift(owner, move, move.source)
        ):
            yield Cost(owner, "other", move.source, -move.amount)

    def _wrapped(self, owner: str, move: Move) -> Iterator[Cost]:
        giver, taker = self.scene.holder(move.source), self.scene.holder(move.dest)
        if giver == owner and taker != owner:
            kept = self.scene.lamport_change(move.dest) >= move.amount
            kind = self._kind(owner, move, taker or move.dest, kept=kept)
            if kind is not None:
                yield Cost(owner, kind, move.dest, move.amount)
        elif taker == owner and giver != owner and self._is_gift(owner, move, giver or move.source):
            yield Cost(owner, "other", move.source, -move.amount)

    def _is_rent(self, move: Move) -> bool:
        """Whether the lamports opened an account: rent.py counts those."""
        holding = self.scene.holdings.get(move.dest)
        if holding is None:
            return self.scene.opens_account(move, self.pools)
        return holding.mint != WSOL or self.scene.opened_after(move)

    def _principal(self, owner: str, move: Move) -> Iterator[Cost]:
        """Yield what a new account keeps beside its rent: a stake, not a deposit on space."""
        if move.dest in self.scene.holdings:
            return
        principal = self.scene.principal(move)
        kept = self.scene.lamport_change(move.dest) - (move.amount - principal)
        if principal and kept > 0:
            yield Cost(owner, "other", move.dest, min(principal, kept))

    def _kept(self, owner: str, move: Move) -> bool:
        """Whether the receiver ends with what the owner gave him; else he only passed it on."""
        given = sum(
            m.amount for m in self.scene.tx.moves if m.source == owner and m.dest == move.dest
        )
        return self.scene.lamport_change(move.dest) >= given

    def _kind(self, owner: str, move: Move, dest: str, *, kept: bool) -> CostKind | None:
        """Return the kind of cost a payment is, None when it is part of a trade."""
        if move.dest in TIP_ACCOUNTS:
            return "tip"
        # some of these wallets also own the accounts their programs trade through
        if dest in PLATFORM_ACCOUNTS and kept:
            return "platform"
        scene = self.scene
        if scene.amm_of[move.at] is not None or dest in PUMP_FEE_RECIPIENTS:
            return None
        if dest in scene.tx.signers:
            return None if self._exchanged(giver=dest, taker=owner) else "other"
        if dest in self.pools or not kept or self._gave_coins(dest):
            return None
        at = scene.tx.instructions[move.at].caller
        if at is None or at in scene.trading_callers:
            return "other"
        if scene.tx.instructions[at].program in PROGRAMS:
            return "other"
        # an unnamed program: its pools and vaults are accounts nobody holds a key to
        return "other" if is_wallet(dest) else None

    def _gave_coins(self, party: str) -> bool:
        """Whether a party that did not sign ends with less of a coin, as a pool on a route does."""
        changes = self.scene.token_changes(party)
        return any(raw < 0 for mint, raw in changes.items() if mint != WSOL)

    def _exchanged(self, *, giver: str, taker: str) -> bool:
        """Whether coins the taker ends with more of are coins the giver ends with less of."""
        given = self.scene.token_changes(giver)
        return any(
            raw > 0 > given.get(mint, 0)
            for mint, raw in self.scene.token_changes(taker).items()
            if mint != WSOL
        )

    def _is_gift(self, owner: str, move: Move, giver: str) -> bool:
        """Whether SOL came from another wallet for nothing, rather than out of a trade."""
        if self.scene.amm_of[move.at] is not None or self._exchanged(giver=owner, taker=giver):
            return False
        return giver in self.scene.tx.signers or self.scene.tx.instructions[move.at].caller is None
