"""Other ledgers that match lots, where they are installed: rp2 and beancount (development set).

Each is given the same deals in its own objects before the clock runs, and only its matching is
timed. What it matched comes back in one form, so that tests can compare it with ours.
"""

import contextlib
import importlib
import importlib.util
import logging
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from wallets.domain.ledger import Method
from wallets.domain.ledger.histories import Deal

# sale, lot, quantity, cost: the names are those of the deals.
Matched = tuple[str, str, Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Deals in a peer's own objects: `match` is what is timed, `rows` reads what it returned."""

    match: Callable[[], Any]
    rows: Callable[[Any], list[Matched]]


def beancount(deals: Sequence[Deal], method: Method) -> Prepared:
    """Prepare beancount's booking of parsed transactions; fees are left out.

    A deal has a day of its own, in order, since beancount dates lots by the day.
    """
    parser = importlib.import_module("beancount.parser.parser")
    booking = importlib.import_module("beancount.parser.booking_full")
    named = importlib.import_module("beancount.core.data").Booking
    entries, errors, options = parser.parse_string(_journal(deals))
    if errors:
        raise ValueError(f"beancount cannot parse: {errors[0]}")
    methods: dict[str, Any] = defaultdict(lambda: named.STRICT)
    methods["Assets:Coins"] = named[method.upper()]

    def rows(booked: tuple[list[Any], list[Any]]) -> list[Matched]:
        done, failed = booked
        if failed:
            raise ValueError(f"beancount cannot book: {failed[0]}")
        return [
            (entry.narration, posting.cost.label, -posting.units.number,
             -posting.units.number * posting.cost.number)
            for entry in done
            for posting in getattr(entry, "postings", ())
            if posting.account == "Assets:Coins" and posting.units.number < 0
        ]  # fmt: skip

    return Prepared(lambda: booking.book(entries, options, methods), rows)


def _journal(deals: Sequence[Deal]) -> str:
    day, lines = date(2000, 1, 1), []
    for deal in deals:
        day += timedelta(days=1)
        quantity, price = f"{deal.quantity:f}", f"{deal.price:f}"
        worth = deal.quantity * deal.price
        coins = (
            f'{quantity} COIN {{{price} USD, "{deal.no}"}}'
            if deal.is_buy
            else f"-{quantity} COIN {{}} @ {price} USD"
        )
        money = f"{-worth if deal.is_buy else worth:f} USD"
        lines.append(f'{day} * "{deal.no}"\n  Assets:Coins  {coins}\n  Assets:Money  {money}\n')
        if not deal.is_buy:
            lines.append("  Income:Gains\n")
    return "".join(lines)


def rp2(deals: Sequence[Deal], method: Method) -> Prepared:
    """Prepare rp2's computation on its own transactions, a purchase's fee in its cost.

    The times of the deals must differ: rp2 keeps to one lot while the time stands still. Of what
    version 1.7.2 says by LOFO some is wrong.
    """
    part = _rp2_part
    configuration, number = _rp2_configuration(), part("rp2_decimal").RP2Decimal
    ins, outs, moves = (
        part("transaction_set").TransactionSet(configuration, kind, "COIN")
        for kind in ("IN", "OUT", "INTRA")
    )
    for row, deal in enumerate(deals, 1):
        if deal.at is None:
            raise ValueError("rp2 needs a time")
        told = (configuration, deal.at.isoformat(), "COIN", "Chain", "Owner")
        price, quantity = number(str(deal.price)), number(str(deal.quantity))
        if deal.is_buy:
            fee = number(str(deal.fee))
            bought = part("in_transaction").InTransaction(
                *told, "Buy", price, quantity, fiat_fee=fee, row=row, unique_id=str(deal.no)
            )
            ins.add_entry(bought)
        else:
            outs.add_entry(
                part("out_transaction").OutTransaction(
                    *told, "Sell", price, quantity, number(0), row=row, unique_id=str(deal.no)
                )
            )
    given = part("input_data").InputData("COIN", ins, outs, moves)
    years = importlib.import_module("prezzemolo.avl_tree").AVLTree()
    years.insert_node(1970, part(f"plugin.accounting_method.{method}").AccountingMethod())
    engine = part("accounting_engine").AccountingEngine(years_2_methods=years)

    def rows(computed: Any) -> list[Matched]:
        return [
            (
                pair.taxable_event.unique_id,
                pair.acquired_lot.unique_id,
                Decimal(str(pair.crypto_amount)),
                Decimal(str(pair.fiat_cost_basis)),
            )
            for pair in computed.gain_loss_set
        ]

    return Prepared(lambda: part("tax_engine").compute_tax(configuration, engine, given), rows)


@cache
def _rp2_part(name: str) -> ModuleType:
    """Import a module of rp2, which opens a log in the current folder when it is imported."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        module = importlib.import_module(f"rp2.{name}")
    # Without its log it is faster, which is what it is compared by.
    logging.getLogger("rp2").setLevel(logging.WARNING)
    return module


@cache
def _rp2_configuration() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rp2.ini"
        file.write_text(_RP2_INI)
        country = _rp2_part("plugin.country.us").US()
        return _rp2_part("configuration").Configuration(str(file), country)


_RP2_INI: Final = """[general]
assets = COIN
exchanges = Chain
holders = Owner
generators = open_positions
[in_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_in = 6
[out_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_out_no_fee = 6
crypto_fee = 7
[intra_header]
timestamp = 0
asset = 1
from_exchange = 2
from_holder = 3
to_exchange = 4
to_holder = 5
spot_price = 6
crypto_sent = 7
crypto_received = 8
"""

PEERS: Final[dict[str, Callable[[Sequence[Deal], Method], Prepared]]] = {
    "beancount": beancount,
    "rp2": rp2,
}


def installed() -> list[str]:
    """Name the peers that can be imported here."""
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]
