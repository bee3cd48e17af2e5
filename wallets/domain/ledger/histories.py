"""Histories in plain decimals, folded by the ledger's own book: what `manage ledger` reads.

A book counts in integers. Quantities become integers by the most decimals the history gives them,
money by those of its amounts and `GUARD` more: everything given is exact, every part of a cost is
floored that far down, the last piece takes the rest. Money is told with `DIGITS` digits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Final

from wallets.domain.ledger.book import Book
from wallets.domain.ledger.shelves import Method
from wallets.domain.ledger.values import Acquired, Disposed, Event

GUARD: Final = 60
DIGITS: Final = 40
# No figure of a market has more digits before or behind its point.
MOST_DIGITS: Final = 60
_ROUNDING: Final = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Unreadable(ValueError):
    """The history is not of the promised form; the text says where."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a history's fees and gaps are counted.

    AURA's own: a purchase's fee is part of its cost, a sale's comes off its proceeds, and what
    was never bought has no basis. Others leave the sale's fee in the proceeds, or let what was
    never bought have cost nothing.
    """

    sale_fee_counts: bool = True
    missing_costs_nothing: bool = False


POLICIES: Final[Mapping[str, Policy]] = {
    "aura": Policy(),
    "rp2": Policy(sale_fee_counts=False),
    "rotki": Policy(missing_costs_nothing=True),
}


@dataclass(frozen=True, slots=True)
class Deal:
    """A purchase or sale in decimals; `no` is the name its history gives it."""

    no: int | str
    is_buy: bool
    at: datetime | None
    quantity: Decimal
    price: Decimal
    fee: Decimal


def read_cases(content: Any) -> list[tuple[str, list[Deal]]]:
    """Read a file's cases: each one's name, and its deals in order of time.

    Deals of one moment stay as they stand. Raises `Unreadable`.
    """
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise Unreadable("there is no list of `cases`")
    return [_case(f"case {n}", case) for n, case in enumerate(content["cases"], 1)]


def tell_case(name: str, deals: Sequence[Deal], method: Method, policy: Policy) -> dict[str, Any]:
    """Fold a case and tell its rows: which sale took what of which lot, for how much.

    A row's `lot` is the purchase's id, None under average cost and where nothing was bought; its
    `cost` is None where no basis is known, and such a row is in no `realized`.
    """
    scale = _Scale.of(deals)
    book = Book(method=method, writes_off_dust=False).fold(_events(deals, scale, policy))
    bought = {lot.no: int(lot.signature) for lot in book.touched_lots.values()}
    missing = {lot.no for lot in book.touched_lots.values() if lot.origin == "unknown"}
    rows, realised = [], 0
    for piece in book.disposals:
        cost, proceeds = piece.cost_lamports, piece.proceeds_lamports or 0
        if cost is None and policy.missing_costs_nothing:
            cost = 0
        realised += 0 if cost is None else proceeds - cost
        has_no_lot = method == "average" or piece.lot_no in missing
        rows.append(
            {
                "sell": deals[int(piece.signature)].no,
                "lot": None if has_no_lot else deals[bought[piece.lot_no]].no,
                "qty": _plain(piece.raw, scale.units),
                "proceeds": _money(proceeds, scale.money),
                "cost": None if cost is None else _money(cost, scale.money),
            }
        )
    return {"case": name, "rows": rows, "realized": _money(realised, scale.money)}


@dataclass(frozen=True, slots=True)
class _Scale:
    """How many decimals a book's integers stand for, of quantities and of money."""

    units: int
    money: int

    @classmethod
    def of(cls, deals: Iterable[Deal]) -> "_Scale":
        units = money = 0
        for deal in deals:
            value_places = _places(deal.price) + _places(deal.quantity)
            units = max(units, _places(deal.quantity))
            money = max(money, value_places, _places(deal.fee))
        return cls(units, money + GUARD)


def _events(deals: Iterable[Deal], scale: _Scale, policy: Policy) -> Iterable[Event]:
    """Scale deals to integers; an event's signature is its place."""
    for place, deal in enumerate(deals):
        raw, price_places = _scaled(deal.quantity, scale.units), _places(deal.price)
        value = _scaled(deal.price, price_places) * raw
        value *= 10 ** (scale.money - scale.units - price_places)
        fee = _scaled(deal.fee, scale.money)
        if deal.is_buy:
            cost = value + fee
            yield Acquired(str(place), deal.at, raw, "buy", cost, value_lamports=value)
        else:
            net = value - fee if policy.sale_fee_counts else value
            yield Disposed(str(place), deal.at, raw, is_sale=True, proceeds_lamports=net)


def _case(where: str, case: Any) -> tuple[str, list[Deal]]:
    if not isinstance(case, dict) or not isinstance(case.get("case"), str):
        raise Unreadable(f"{where} has no name in `case`")
    if not isinstance(case.get("events"), list):
        raise Unreadable(f"{where} has no list of `events`")
    deals = [_deal(f"{where}, event {n}", event) for n, event in enumerate(case["events"], 1)]
    if len({str(deal.no) for deal in deals}) < len(deals):
        raise Unreadable(f"{where}: two events have the same id")
    times = [deal.at for deal in deals if deal.at is not None]
    if times and len(times) < len(deals):
        raise Unreadable(f"{where}: some events have a time (`ts`) and some have none")
    deals.sort(key=lambda deal: deal.at or _NEVER)
    return case["case"], deals


def _deal(where: str, event: Any) -> Deal:
    if not isinstance(event, dict):
        raise Unreadable(f"{where} is not an object")
    no, side = event.get("id"), event.get("side")
    if isinstance(no, bool) or not isinstance(no, int | str) or no == "":
        raise Unreadable(f"{where} has no `id`")
    if side not in ("buy", "sell"):
        raise Unreadable(f"{where}: `side` is neither buy nor sell")
    quantity, price, fee = (
        _number(where, name, event.get(name, absent))
        for name, absent in (("qty", None), ("price", None), ("fee", "0"))
    )
    if not quantity:
        raise Unreadable(f"{where}: `qty` is zero")
    return Deal(no, side == "buy", _time(where, event.get("ts")), quantity, price, fee)


def _number(where: str, name: str, told: Any) -> Decimal:
    """Read a number at or above zero, written as a string or in JSON's own way."""
    if isinstance(told, bool) or not isinstance(told, str | int | Decimal):
        raise Unreadable(f"{where}: `{name}` is not a number")
    try:
        number = Decimal(told.strip() if isinstance(told, str) else told)
    except (InvalidOperation, ValueError):
        raise Unreadable(f"{where}: `{name}` is not a number") from None
    if not number.is_finite():
        raise Unreadable(f"{where}: `{name}` is not a number")
    if number < 0:
        raise Unreadable(f"{where}: `{name}` is below zero")
    if number and (number.adjusted() >= MOST_DIGITS or _places(number) > MOST_DIGITS):
        raise Unreadable(f"{where}: `{name}` has more than {MOST_DIGITS} digits")
    return number


def _time(where: str, told: Any) -> datetime | None:
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"{where}: `ts` is no time") from None


def _places(number: Decimal) -> int:
    """Count the decimals a number is written with."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) and number else 0


def _scaled(number: Decimal, places: int) -> int:
    """Return number × 10^places, which has no decimals, exactly."""
    _, digits, exponent = number.as_tuple()
    whole = int("".join(map(str, digits)))
    return whole * 10 ** (places + int(exponent)) if whole else 0


def _plain(scaled: int, places: int) -> str:
    """Write scaled / 10^places exactly, without an exponent or closing zeros."""
    sign, digits = "-" * (scaled < 0), str(abs(scaled)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def _money(scaled: int, places: int) -> str:
    """Write an amount of money rounded to the digits told, without an exponent."""
    rounded = _ROUNDING.create_decimal(scaled).scaleb(-places, context=_ROUNDING)
    return format(rounded.normalize(_ROUNDING), "f") if rounded else "0"
