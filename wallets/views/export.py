"""Tables to take along as CSV or JSON, sent while they are read; what a page shows, in full.

Under an asynchronous server Django would collect a plain generator whole before it sends the
first byte, so there each piece is fetched by itself.
"""

from collections.abc import AsyncIterator, Callable, Generator
from functools import wraps
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from aura.core import clock
from aura.core.errors import NotEntitled
from billing.entitlements import entitlements
from billing.models import Plan
from wallets import queries
from wallets.domain.addresses import is_address
from wallets.domain.tabular import Heading, Row, csv_pieces, json_pieces
from wallets.forms import read_id, read_trade_filter, read_whale_choice
from wallets.models import Disposal, Holding, Lot, Position, Trade, Wallet
from wallets.queries import export
from wallets.queries.export import Table
from wallets.views.parts import after_last, find_wallet

# Above it a file says that it was cut off, and how to take the rest.
CEILING: Final = 200_000
_WRITERS: Final = {
    "csv": (csv_pieces, "text/csv; charset=utf-8"),
    "json": (json_pieces, "application/json"),
}

View = Callable[..., HttpResponseBase]


def _for_entitled(view: View) -> View:
    """Let in whose plan includes export; tell the others what does."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            _check_entitled(request.user)
        except NotEntitled as refusal:
            return render(request, "wallets/not_entitled.html", {"told": refusal}, status=403)
        return view(request, *args, **kwargs)

    return asked


def _check_entitled(user: Any) -> None:
    """Raise NotEntitled, with the plan that lifts it, for a user whose plan has no export."""
    allowed = entitlements(user)
    if allowed.export:
        return
    plan = Plan.objects.filter(export=True, active=True).order_by("position").first()
    told = f"Your {allowed.plan_name} plan does not include export."
    if plan is not None:
        price = f"{plan.price_usd:,.2f}".removesuffix(".00")
        told += f" It comes with {plan.name} (${price} a month) and above."
    raise NotEntitled(told)


@require_GET
@login_required
@_for_entitled
def export_whales(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send the wallets the Whales page lists under the same search, filters and sort."""
    found = queries.whales(request.user, read_whale_choice(request.GET))
    table = Table("whales", export.WHALES, found, _names(request), mints=lambda _row: ())
    return _send(request, table, form)


@require_GET
@login_required
@_for_entitled
def export_feed(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send the trades the live feed shows under the same filters, newest first."""
    only = read_trade_filter(request.GET)
    news = queries.latest_trades(request.user, at=clock.now(), only=only)
    trades, _ = after_last(request, news)
    return _send(request, _trades_table("feed", trades, request), form)


@require_GET
@login_required
@_for_entitled
def export_the_list(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send every stay on the curated list, the latest first."""
    found = queries.curated_history()
    return _send(request, Table("the-list", export.STAYS, found, mints=lambda _row: ()), form)


@require_GET
@login_required
@_for_entitled
def export_wallet(request: HttpRequest, address: str, table: str, form: str) -> HttpResponseBase:
    """Send one of a wallet's tables; lots and disposals may be those of one position alone."""
    shown = find_wallet(request, address)
    makes = _WALLET_TABLES.get(table)
    if makes is None:
        raise Http404(f"no table {table}")
    return _send(request, makes(request, shown), form, of=f"-{shown.address[:8]}")


def _trades(request: HttpRequest, shown: Wallet) -> Table:
    kept = queries.with_status(Trade.objects.filter(wallet=shown))
    trades, _ = after_last(request, kept.order_by("-slot", "-tx_index", "-id"))
    return _trades_table("trades", trades, request)


def _trades_table(name: str, found: Any, request: HttpRequest) -> Table:
    return Table(
        name, export.TRADES, found.only(*export.TRADE_NEEDS), _names(request),
        mints=lambda trade: (trade.mint_in, trade.mint_out), goes_on=True,
    )  # fmt: skip


def _positions(_request: HttpRequest, shown: Wallet) -> Table:
    found = queries.positions_of(shown).select_related("wallet")
    return Table("positions", export.POSITIONS, found)


def _holdings(_request: HttpRequest, shown: Wallet) -> Table:
    held = Holding.objects.filter(wallet=shown, raw__gt=0).select_related("wallet")
    return Table("holdings", export.HOLDINGS, held.order_by("-cost_lamports", "pk"))


def _lots(request: HttpRequest, shown: Wallet) -> Table:
    kept = Lot.objects.filter(wallet=shown, **_position_asked(request, shown))
    newest_first = F("acquired_at").desc(nulls_first=True)
    found = kept.select_related("wallet").order_by(newest_first, "mint", "-no")
    return Table("lots", export.LOTS, found)


def _disposals(request: HttpRequest, shown: Wallet) -> Table:
    kept = Disposal.objects.filter(wallet=shown, **_position_asked(request, shown))
    newest_first = F("disposed_at").desc(nulls_first=True)
    found = kept.select_related("wallet").order_by(newest_first, "mint", "-no")
    return Table("disposals", export.DISPOSALS, found)


_WALLET_TABLES: Final[dict[str, Callable[[HttpRequest, Wallet], Table]]] = {
    "trades": _trades,
    "positions": _positions,
    "holdings": _holdings,
    "lots": _lots,
    "disposals": _disposals,
}


def _position_asked(request: HttpRequest, shown: Wallet) -> dict[str, Any]:
    """Read `mint` and `no`: the position whose pieces alone are wanted; 404 where there is none."""
    mint, no = request.GET.get("mint", ""), request.GET.get("no", "")
    if not mint and not no:
        return {}
    number = read_id(no)
    if number is None or not is_address(mint):
        raise Http404("no position")
    found = get_object_or_404(Position, wallet=shown, mint=mint, no=number)
    return {"mint": mint, "position_no": found.no}


def _names(request: HttpRequest) -> dict[str, dict[str, Any]]:
    return queries.follows_of(request.user, at=clock.now())


def _send(request: HttpRequest, table: Table, form: str, *, of: str = "") -> HttpResponseBase:
    now = clock.now()
    writer, kind = _WRITERS[form]
    head = Heading(
        table.name, now.isoformat(timespec="seconds"),
        [each.column for each in table.fields], CEILING,
    )  # fmt: skip
    pieces = writer(head, table.rows(ceiling=CEILING), cut=lambda last: _cut(table, last))
    answer = StreamingHttpResponse(
        _apart(pieces) if isinstance(request, ASGIRequest) else pieces, content_type=kind
    )
    name = f"aura-{table.name}{of}-{now:%Y-%m-%d}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _cut(table: Table, last: Row) -> str:
    told = f"Cut off after {CEILING:,} rows: there are more."
    if table.goes_on:
        return f"{told} The rest begins at the same address with before={last[0]}."
    return f"{told} Narrow the table on its page to take the rest."


async def _apart(pieces: Generator[str, None, None]) -> AsyncIterator[str]:
    """Fetch each piece in the request's own thread; close the cursor when the reader leaves."""

    def step() -> str | None:
        return next(pieces, None)

    try:
        while (piece := await sync_to_async(step)()) is not None:
            yield piece
    finally:
        await sync_to_async(pieces.close)()
