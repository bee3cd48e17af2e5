"""A wallet's figures in a window, each with n, interval, coverage and the rule that made it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from aura.core import clock
from market.queries import sol_price_at
from wallets.domain.ledger.marks import exit_signs
from wallets.domain.statistics import Figure, Prior, Tally, Window
from wallets.domain.statistics.equity import DayResult, equity_end, max_drawdown
from wallets.domain.statistics.holding import hold_time, style
from wallets.domain.statistics.rates import (
    adjusted_win_rate,
    coverage,
    shrunk_win_rate,
    strict_win_rate,
    win_rate,
)
from wallets.domain.statistics.results import (
    Held,
    PriceFunction,
    Quote,
    expectancy,
    payoff_ratio,
    profit_factor,
    realised,
    realised_usd,
    roi,
    unrealised,
)
from wallets.domain.statistics.washing import died_at
from wallets.models import Disposal, Holding, Position, Wallet
from wallets.queries.pools import depth_usd, pool_quotes
from wallets.queries.ranking import population_prior
from wallets.queries.tallies import WindowSums, window_sums

# The last trade with a worth of each mint; the index on (mint, block_time) is read from its end.
_MARKS: Final = """
SELECT m.mint, t.raw, t.value_lamports, t.block_time, t.signature
FROM unnest(%s::text[]) AS m(mint)
JOIN LATERAL (
  SELECT CASE WHEN mint_out = m.mint THEN raw_out ELSE raw_in END AS raw,
         value_lamports, block_time, signature
    FROM wallets_trade
   WHERE mint = m.mint AND value_lamports > 0 AND block_time IS NOT NULL
   ORDER BY block_time DESC, slot DESC, tx_index DESC LIMIT 1
) t ON t.raw > 0
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """The price of a token's last recorded trade: so many lamports for so many raw units."""

    raw: int
    lamports: int
    at: datetime
    signature: str

    def worth(self, raw: int) -> Quote:
        """Return what an amount is worth at this price, floored; impact is not taken off."""
        return Quote(raw * self.lamports // self.raw, self.signature)


@dataclass(frozen=True, slots=True)
class WalletFigures:
    """All figures of a wallet in a window, by rule id; the calendar, and the sums behind them."""

    window: Window
    since: datetime | None
    as_of: datetime
    figures: dict[str, Figure]
    calendar: list[DayResult]
    sums: WindowSums

    def __getitem__(self, rule_id: str) -> Figure:
        """Return one figure."""
        return self.figures[rule_id]


def figures_of(
    wallet: Wallet,
    window: Window = Window.ALL,
    *,
    now: datetime | None = None,
    quote: PriceFunction | None = None,
    prior: Prior | None = None,
) -> WalletFigures:
    """Work out a wallet's figures in a window as of now; eleven queries, whatever it traded.

    `quote` tells executable prices, by default the pools' as last seen; `prior` saves fitting it
    again for several wallets. Copyability is apart: see `wallets.queries.followers`.
    """
    now = now or clock.now()
    sums = window_sums([wallet.pk], now=now, windows=[window]).get(
        (wallet.pk, window), WindowSums()
    )
    days = calendar_of(wallet, window, now=now)
    held = priced_held(wallet.pk, quote)
    made = figures_from(sums.tally, days, prior or population_prior(window))
    made |= {
        "roi": roi(sums.tally, opened_since(open_results(wallet.pk, held), window.since(now))),
        "unrealised": unrealised(held),
        "unrealised_mark": unrealised(marked_held(held, now=now), rule_id="unrealised_mark"),
    }
    return WalletFigures(window, window.since(now), now, made, days, sums)


def figures_from(tally: Tally, days: Sequence[DayResult], prior: Prior) -> dict[str, Figure]:
    """Return every figure that follows from what is closed and sold alone, by rule id."""
    return {
        "win_rate": win_rate(tally),
        "win_rate_strict": strict_win_rate(tally),
        "win_rate_adjusted": adjusted_win_rate(tally),
        "win_rate_shrunk": shrunk_win_rate(tally, prior),
        "profit_factor": profit_factor(tally),
        "expectancy": expectancy(tally),
        "payoff_ratio": payoff_ratio(tally),
        "realised": realised(tally),
        "realised_usd": realised_usd(tally),
        "roi": roi(tally),
        "hold_time": hold_time(tally),
        "style": style(tally),
        "coverage": coverage(tally),
        "equity": equity_end(days, tally.coverage),
        "max_drawdown": max_drawdown(days, tally.coverage),
    }


def calendar_of(wallet: Wallet, window: Window, *, now: datetime) -> list[DayResult]:
    """Sum what was realised by UTC day, the earliest first; what has no time comes last."""
    pieces = Disposal.objects.filter(wallet=wallet, gain_lamports__isnull=False)
    if (since := window.since(now)) is not None:
        pieces = pieces.filter(disposed_at__gt=since)
    days = (
        pieces.order_by()
        .annotate(day=TruncDate("disposed_at", tzinfo=UTC))
        .values("day")
        .annotate(
            lamports=Sum("gain_lamports"), usd=Sum("gain_usd"), n=Count("pk"),
            unpriced=Count("pk", filter=Q(gain_usd=None)),
        )
        .order_by("day")
    )  # fmt: skip
    return [
        DayResult(
            d["day"], d["lamports"], None if d["unpriced"] else d["usd"], d["n"], d["unpriced"]
        )
        for d in days
    ]


def priced_held(wallet_id: int, quote: PriceFunction | None = None) -> list[Held]:
    """List what is held with known cost at executable prices, the dearest first; two queries.

    Units of unknown cost would be sold with the others and are left out of worth and cost.
    """
    rows = Holding.objects.filter(wallet=wallet_id, raw__gt=0).order_by("-cost_lamports", "pk")
    held = [
        Held(h.mint, int(h.raw) - int(h.unknown_raw), h.cost_lamports, None, int(h.unknown_raw))
        for h in rows
        if h.raw > h.unknown_raw
    ]
    price = quote or pool_quotes(h.mint for h in held)
    return [h.priced(price) for h in held]


def marked_held(held: Sequence[Held], *, now: datetime) -> list[Held]:
    """Value holdings at their tokens' last recorded price; two queries.

    What is dead, or was never recorded at a price, stands at its executable worth.
    """
    marks = marks_of([h.mint for h in held], now=now)
    sol_usd = sol_price_at([now])[now]
    return [_marked(h, marks.get(h.mint), sol_usd) for h in held]


def _marked(held: Held, mark: Mark | None, sol_usd: Decimal | None) -> Held:
    if mark is None or is_unsaleable(held, sol_usd):
        return held
    return replace(held, quote=mark.worth(held.raw), exit_lamports=None)


def is_unsaleable(held: Held, sol_usd: Decimal | None) -> bool:
    """Whether the pool is too thin, or an exit worth too little of the cost, for a living token."""
    seen = None if held.quote is None else held.quote.seen
    return bool(
        exit_signs(
            pool_usd=depth_usd(seen, sol_usd),
            executable_lamports=None if held.quote is None else held.quote.lamports,
            cost_lamports=held.cost_lamports,
        )
    )


def marks_of(mints: Sequence[str], *, now: datetime) -> dict[str, Mark]:
    """Return the last recorded price of each mint; none of a token without a trade for a day."""
    if not mints:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [list(mints)])
        return {
            mint: Mark(int(raw), lamports, at, signature)
            for mint, raw, lamports, at, signature in cursor.fetchall()
            if died_at(at, now) is None
        }


class OpenResult(NamedTuple):
    """An open position whose token has an executable price: cost, and realised and unrealised."""

    opened_at: datetime | None
    cost_lamports: int
    result_lamports: int


def open_results(wallet_id: int, held: Iterable[Held] | None = None) -> list[OpenResult]:
    """List open positions with an executable price, at the prices of `held` if given.

    One query, and two more without `held`.
    """
    priced = priced_held(wallet_id) if held is None else held
    gains = {h.mint: h.quote.lamports - h.cost_lamports for h in priced if h.quote is not None}
    if not gains:
        return []
    rows = Position.objects.filter(
        wallet=wallet_id, is_open=True, full_basis=True, cost_lamports__gt=0, mint__in=gains
    )
    return [
        OpenResult(p.opened_at, p.cost_lamports, p.realised_lamports + gains[p.mint]) for p in rows
    ]


def opened_since(results: Iterable[OpenResult], since: datetime | None) -> list[tuple[int, int]]:
    """Return cost and result of those opened after a moment; None: of all."""
    return [
        (one.cost_lamports, one.result_lamports)
        for one in results
        if since is None or (one.opened_at is not None and one.opened_at > since)
    ]
