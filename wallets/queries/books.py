"""A wallet's books on its page: positions, holdings, one position opened to what made it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from wallets.models import Disposal, Holding, Lot, Position, Wallet
from wallets.queries.tokens import TokenView, tokens_of


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position with its token."""

    position: Position
    token: TokenView


def positions_of(wallet: Wallet) -> "QuerySet[Position]":
    """List a wallet's positions, the latest opened first."""
    return Position.objects.filter(wallet=wallet).order_by(
        F("opened_at").desc(nulls_first=True), "-pk"
    )


def position_rows(positions: Iterable[Position]) -> list[PositionRow]:
    """Join positions to their tokens, in the order given."""
    rows = list(positions)
    tokens = tokens_of(p.mint for p in rows)
    return [PositionRow(p, tokens[p.mint]) for p in rows]


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """What is held of one token."""

    holding: Holding
    token: TokenView


def holdings_of(wallet: Wallet, *, limit: int = 50) -> list[HoldingRow]:
    """List what a wallet holds, the dearest bought first."""
    held = list(
        Holding.objects.filter(wallet=wallet, raw__gt=0).order_by("-cost_lamports", "pk")[:limit]
    )
    tokens = tokens_of(h.mint for h in held)
    return [HoldingRow(h, tokens[h.mint]) for h in held]


@dataclass(frozen=True, slots=True)
class PositionStory:
    """One position opened to what made it: its lots, and the pieces that left them."""

    position: Position
    token: TokenView
    lots: list[Lot]
    pieces: list[Disposal]
    proceeds_lamports: int
    cost_lamports: int
    gain_lamports: int

    @property
    def adds_up(self) -> bool:
        """Whether the matched pieces make exactly the result shown, both ways of counting."""
        return (
            self.gain_lamports
            == self.proceeds_lamports - self.cost_lamports
            == self.position.realised_lamports
        )


def position_story(position: Position) -> PositionStory:
    """Open a position; the sums are over the pieces with known cost and proceeds."""
    book = {"wallet": position.wallet_id, "mint": position.mint, "position_no": position.no}
    pieces = list(Disposal.objects.filter(**book).order_by("no"))
    matched = [p for p in pieces if p.gain_lamports is not None]
    return PositionStory(
        position=position,
        token=tokens_of([position.mint])[position.mint],
        lots=list(Lot.objects.filter(**book).order_by("no")),
        pieces=pieces,
        proceeds_lamports=sum(p.proceeds_lamports or 0 for p in matched),
        cost_lamports=sum(p.cost_lamports or 0 for p in matched),
        gain_lamports=sum(p.gain_lamports or 0 for p in matched),
    )
