"""Why this number, for what is still held and for what a follower would have made."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from wallets.domain.statistics import Figure, Window
from wallets.domain.statistics.following import Followed, Step, copyability
from wallets.domain.statistics.results import (
    Held,
    PriceFunction,
    SeenPool,
    known_share,
    unrealised,
)
from wallets.models import Wallet
from wallets.queries.figures import marked_held, priced_held
from wallets.queries.followers import trail_of
from wallets.queries.openings import LotPart, lots_where


@dataclass(frozen=True, slots=True)
class HeldPart:
    """What is held of one token with known cost, its lots, and what it is worth by which price.

    `source` is the pool it would be sold into, or the transaction whose price marks it; empty: no
    price known. `seen` is that pool with its reserves and fee as last seen. `unknown_raw` more
    units without a known cost would be sold along for `exit_lamports` in all.
    """

    mint: str
    raw: int
    cost_lamports: int
    worth_lamports: int | None
    source: str
    gain_lamports: int | None
    unknown_raw: int
    exit_lamports: int | None
    seen: SeenPool | None
    lots: list[LotPart]

    @property
    def adds_up(self) -> bool:
        """Whether the lots make the holding, the pool its worth, and worth less cost the gain."""
        known = [lot for lot in self.lots if lot.cost_left_lamports is not None]
        is_held = sum(lot.raw_left for lot in known) == self.raw
        is_paid = sum(lot.cost_left_lamports or 0 for lot in known) == self.cost_lamports
        worth, gain = self.worth_lamports, self.gain_lamports
        is_gain = worth is None or worth - self.cost_lamports == gain
        return is_held and is_paid and is_gain and self._is_of_pool

    @property
    def _is_of_pool(self) -> bool:
        if self.seen is None or self.exit_lamports is None:
            return True
        whole = self.seen.pool.sell(self.raw + self.unknown_raw)
        share = known_share(whole, self.raw, self.unknown_raw)
        return (self.exit_lamports, self.worth_lamports) == (whole, share)


@dataclass(frozen=True, slots=True)
class FollowedPart:
    """One position followed: what the follower put in and got, filled at which swaps.

    `followed` None: not measurable, because a step has no fill or the price of SOL is unknown.
    """

    mint: str
    no: int
    closed_at: datetime | None
    followed: Followed | None
    steps: list[Step]


def why_held(
    wallet: Wallet, shown: Figure, now: datetime, quote: PriceFunction | None, page: slice
) -> tuple[Figure, dict[str, int], int, list[Any], bool]:
    """Open unrealised: figure, sums, number of parts, the page's parts, whether it adds up."""
    held = priced_held(wallet.pk, quote)
    if shown.rule.id == "unrealised_mark":
        held = marked_held(held, now=now)
    some = held[page]
    lots: dict[str, list[LotPart]] = defaultdict(list)
    for lot in lots_where(Q(wallet=wallet, raw_left__gt=0, mint__in=[h.mint for h in some])):
        lots[lot.mint].append(lot)
    parts = [_held_part(h, lots[h.mint]) for h in some]
    priced = [(h.quote.lamports, h.cost_lamports) for h in held if h.quote is not None]
    sums = {
        "worth_lamports": sum(worth for worth, _ in priced),
        "priced_cost_lamports": sum(cost for _, cost in priced),
        "cost_lamports": sum(h.cost_lamports for h in held),
    }
    adds_up = unrealised(held, rule_id=shown.rule.id) == shown and all(p.adds_up for p in parts)
    return shown, sums, len(held), parts, adds_up


def _held_part(held: Held, lots: list[LotPart]) -> HeldPart:
    quote = held.quote
    if quote is None:
        return HeldPart(
            held.mint, held.raw, held.cost_lamports, None, "", None, held.unknown_raw, None, None,
            lots,
        )  # fmt: skip
    return HeldPart(
        held.mint, held.raw, held.cost_lamports, quote.lamports, quote.source,
        quote.lamports - held.cost_lamports, held.unknown_raw, held.exit_lamports, quote.seen, lots,
    )  # fmt: skip


def why_followed(
    wallet: Wallet, window: Window, now: datetime, delay: int, size_usd: int, page: slice
) -> tuple[Figure, dict[str, int], int, list[Any], bool]:
    """Open copyability: figure, sums, number of parts, the page's parts, whether it adds up."""
    trail = trail_of(wallet, since=window.since(now), delays=(delay,))
    followed = trail.followed(delay, size_usd)
    shown = copyability([one.followed for one in followed])
    measured = [one.followed for one in followed if one.followed is not None]
    sums = {
        "paid_lamports": sum(one.paid_lamports for one in measured),
        "got_lamports": sum(one.got_lamports for one in measured),
    }
    parts = [
        FollowedPart(
            *one.place, one.closed_at, one.followed, trail.steps.get((one.place, delay), [])
        )
        for one in followed[page]
    ]
    gain = sums["got_lamports"] - sums["paid_lamports"]
    adds_up = shown.value is None or shown.value == gain / sums["paid_lamports"]
    return shown, sums, len(followed), parts, adds_up
