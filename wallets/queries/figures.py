"""A wallet's figures in a window, each with n, interval, coverage and the rule that made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from aura.core import clock
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


def no_quote(_mint: str, _raw: int) -> Quote | None:
    """Know no executable price: pools' reserves are not recorded."""
    return None


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
    quote: PriceFunction = no_quote,
    prior: Prior | None = None,
) -> WalletFigures:
    """Work out a wallet's figures in a window as of now; eight queries, whatever it traded.

    `quote` tells executable prices; `prior` saves fitting it again for several wallets.
    Copyability is apart: see `wallets.queries.followers`.
    """
    now = now or clock.now()
    sums = window_sums([wallet.pk], now=now, windows=[window]).get(
        (wallet.pk, window), WindowSums()
    )
    days = calendar_of(wallet, window, now=now)
    held = holdings_known(wallet)
    made = figures_from(sums.tally, days, prior or population_prior(window))
    still_open = worth_of_open(wallet, window.since(now), held, quote)
    marks = marks_of([h.mint for h in held], now=now)
    made |= {
        "roi": roi(sums.tally, still_open),
        "unrealised": unrealised(priced_held(held, quote)),
        "unrealised_mark": unrealised(
            [marked_held(h, marks.get(h.mint)) for h in held], rule_id="unrealised_mark"
        ),
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


def holdings_known(wallet: Wallet) -> list[Held]:
    """List what is held with known cost, the dearest first; the unknown part is left out."""
    rows = Holding.objects.filter(wallet=wallet, raw__gt=0).order_by("-cost_lamports", "pk")
    return [
        Held(h.mint, int(h.raw) - int(h.unknown_raw), h.cost_lamports, None)
        for h in rows
        if h.raw > h.unknown_raw
    ]


def marks_of(mints: Sequence[str], *, now: datetime) -> dict[str, Mark]:
    """Return the last recorded price of each mint; none of a token that is dead by the rule."""
    if not mints:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [list(mints)])
        return {
            mint: Mark(int(raw), lamports, at, signature)
            for mint, raw, lamports, at, signature in cursor.fetchall()
            if died_at(at, now) is None
        }


def worth_of_open(
    wallet: Wallet, since: datetime | None, held: Sequence[Held], quote: PriceFunction
) -> list[tuple[int, int]]:
    """Return cost and result of open positions opened since then that have an executable price."""
    quoted = {
        h.mint: h.quote.lamports - h.cost_lamports for h in priced_held(held, quote) if h.quote
    }
    rows = Position.objects.filter(
        wallet=wallet, is_open=True, full_basis=True, cost_lamports__gt=0, mint__in=quoted
    )
    if since is not None:
        rows = rows.filter(opened_at__gt=since)
    return [(p.cost_lamports, p.realised_lamports + quoted[p.mint]) for p in rows] if quoted else []


def priced_held(held: Sequence[Held], quote: PriceFunction) -> list[Held]:
    """Ask for the executable price of everything held."""
    return [Held(h.mint, h.raw, h.cost_lamports, quote(h.mint, h.raw)) for h in held]


def marked_held(held: Held, mark: Mark | None) -> Held:
    """Value a holding at the mark, if there is one."""
    worth = None if mark is None else mark.worth(held.raw)
    return Held(held.mint, held.raw, held.cost_lamports, worth)
