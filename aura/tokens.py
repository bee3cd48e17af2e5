"""The token page: what the market tells of one mint, what wallets did in it, its signals."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from aura.core import clock
from market import queries as market
from market.domain.candles import CandleSpan
from market.queries import token_page
from signals.queries.pages import cards_of_token
from wallets import queries as wallets
from wallets.models import Follow, Holding, Trade, Wallet

SPANS: Final[tuple[CandleSpan, ...]] = ("1m", "5m", "1h", "1d")
USUAL_SPAN: Final[CandleSpan] = "5m"
TRADERS_SINCE: Final = timedelta(days=7)
TRADERS: Final = 20
TRADES: Final = 20
MARKS: Final = 60
TABLE_ROWS: Final = 30


@dataclass(frozen=True, slots=True)
class Trader:
    """What one wallet lately did in a token; USD is None where a trade's worth is not known."""

    wallet: Wallet
    buys: int
    sells: int
    bought_usd: Decimal | None
    sold_usd: Decimal | None
    last_at: datetime | None
    held_raw: int | None


@require_GET
@login_required
def token(request: HttpRequest, mint: str) -> HttpResponse:
    """Show one token; 404 in words for one that nobody has told of."""
    now = clock.now()
    asked = request.GET.get("span", "")
    span = next((one for one in SPANS if one == asked), USUAL_SPAN)
    snapshot = market.latest_snapshot(mint)
    visible = Wallet.objects.visible_to(request.user)
    traders = _traders(mint, visible, since=now - TRADERS_SINCE)
    chart, candles = token_page.chart_of(mint, span, at=now, marks=_marks(request, mint, span, now))
    latest = wallets.with_status(Trade.objects.filter(mint=mint, wallet__in=visible.values("pk")))
    rows = wallets.trade_rows(latest.order_by("-slot", "-tx_index", "-id")[:TRADES])
    context: dict[str, Any] = {
        "token": wallets.tokens_of([mint])[mint],
        "snapshot": snapshot,
        "pools": market.pools_of(mint),
        "reports": market.report_rows(mint),
        "listings": market.listings_of(mint),
        "signals": cards_of_token(request.user, mint, now=now),
        "traders": traders,
        "rows": rows,
        "chart": chart,
        "candles": candles[::-1][:TABLE_ROWS],
        "span": span,
        "spans": SPANS,
    }
    if snapshot is not None:
        context |= {
            "is_stale": token_page.is_stale(snapshot, now),
            "prices": token_page.price_rows(snapshot),
            "disagreement": token_page.disagreement(snapshot),
            "spans_told": token_page.span_rows(snapshot),
            "dangers": token_page.dangers(snapshot.safety),
        }
    known = ("snapshot", "pools", "reports", "listings", "rows", "chart")
    is_known = context["token"].decimals is not None or any(context[one] for one in known)
    context["is_known"] = is_known
    return render(request, "market/token.html", context, status=200 if is_known else 404)


def _traders(mint: str, visible: Any, *, since: datetime) -> list[Trader]:
    """Return the wallets that traded a token since then, the latest first; three queries."""
    trades = Trade.objects.filter(mint=mint, wallet__in=visible.values("pk"), block_time__gte=since)
    buys, sells = ~Q(side=Trade.Side.SELL), Q(side=Trade.Side.SELL)
    told = list(
        trades.values("wallet")
        .annotate(
            last_at=Max("block_time"),
            buys=Count("pk", filter=buys),
            sells=Count("pk", filter=sells),
            bought_usd=Sum("value_usd", filter=buys),
            sold_usd=Sum("value_usd", filter=sells),
            buys_priced=Count("value_usd", filter=buys),
            sells_priced=Count("value_usd", filter=sells),
        )
        .order_by("-last_at", "wallet")[:TRADERS]
    )
    found = visible.in_bulk([row["wallet"] for row in told])
    holdings = Holding.objects.filter(mint=mint, wallet__in=found)
    held: dict[int, int] = {row.wallet_id: int(row.raw) for row in holdings.only("wallet", "raw")}
    return [
        Trader(
            found[row["wallet"]], row["buys"], row["sells"],
            # a sum that leaves trades out would pass for the whole
            row["bought_usd"] if row["buys_priced"] == row["buys"] else None,
            row["sold_usd"] if row["sells_priced"] == row["sells"] else None,
            row["last_at"], held.get(row["wallet"]),
        )
        for row in told
    ]  # fmt: skip


def _marks(
    request: HttpRequest, mint: str, span: CandleSpan, now: datetime
) -> list[tuple[datetime, str, str]]:
    """Return when wallets the user follows bought and sold within the chart, the latest ones."""
    follows = Follow.objects.visible_to(request.user).values("wallet")
    since = now - token_page.REACHES[span]
    trades = Trade.objects.filter(mint=mint, wallet__in=follows, block_time__gte=since)
    rows = trades.order_by("-block_time", "-pk").values_list("block_time", "side")[:MARKS]
    return [(at, "", "sell" if side == Trade.Side.SELL else "buy") for at, side in rows if at]
