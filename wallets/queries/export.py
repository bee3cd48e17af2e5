"""Tables of pages to take along: their columns, and their rows read a few thousand at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet

from wallets.domain.tabular import Cell, Column, Row, scaled
from wallets.models import RawTransaction, Wallet
from wallets.queries.listing import stats_of
from wallets.queries.tokens import TokenView, tokens_of

# Rows fetched by one reading of the server's cursor; the tokens they name are asked for together.
AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what its cells are made of: its tokens by mint, the viewer's names by address."""

    row: Any
    tokens: Mapping[str, TokenView]
    names: Mapping[str, Mapping[str, Any]]


Read = Callable[[Line], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A column, and how its cell is read from a line."""

    column: Column
    read: Callable[[Line], Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A table to take along: named, with its columns, over a query.

    `goes_on`: its first column is the id that `before` in the address goes on from.
    """

    name: str
    fields: tuple[Field, ...]
    found: "QuerySet[Any]"
    names: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mints: Callable[[Any], Iterable[str]] = lambda row: (row.mint,)
    goes_on: bool = False

    def rows(self, *, ceiling: int) -> Iterator[Row]:
        """Read the rows by a cursor of the server's, one more than the ceiling at most."""
        found = self.found[: ceiling + 1].iterator(chunk_size=AT_ONCE)
        tokens: dict[str, TokenView] = {}
        while chunk := list(islice(found, AT_ONCE)):
            named = {mint for row in chunk for mint in self.mints(row)}
            if new := named - tokens.keys():
                tokens |= tokens_of(new)
            for row in chunk:
                line = Line(row, tokens, self.names)
                yield [each.read(line) for each in self.fields]


def _plain(name: str, read: Read) -> Field:
    return Field(Column(name), read)


def _text(name: str, read: Read) -> Field:
    """Tell what somebody else wrote: a symbol, a nickname, a reason."""
    return Field(Column(name, is_text=True), read)


def _moment(name: str, read: Callable[[Line], datetime | None]) -> Field:
    def told(line: Line) -> Cell:
        when = read(line)
        return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")

    return Field(Column(f"{name}_utc"), told)


def _sol(name: str, read: Read) -> tuple[Field, Field]:
    """Tell an amount twice: in lamports and in SOL."""

    def lamports(line: Line) -> Cell:
        value = read(line)
        return None if value is None else str(value)

    def sol(line: Line) -> Cell:
        value = read(line)
        return None if value is None else scaled(int(value), 9)

    return Field(Column(f"{name}_lamports"), lamports), Field(Column(f"{name}_sol"), sol)


def _usd(name: str, read: Read) -> Field:
    def told(line: Line) -> Cell:
        value = read(line)
        return None if value is None else f"{value:f}"

    return Field(Column(f"{name}_usd"), told)


def _share(name: str, read: Read) -> Field:
    """Tell a share of one by the shortest text that means the number kept."""

    def told(line: Line) -> Cell:
        value = read(line)
        return None if value is None else repr(float(value))

    return Field(Column(name), told)


def _amount(name: str, read: Read, mint: Read) -> tuple[Field, Field]:
    """Tell an amount twice: in raw units, and in tokens where the decimals are known."""

    def raw(line: Line) -> Cell:
        return str(read(line))

    def tokens(line: Line) -> Cell:
        decimals = line.tokens[mint(line)].decimals
        return None if decimals is None else scaled(int(read(line)), decimals)

    return Field(Column(f"{name}_raw"), raw), Field(Column(f"{name}_tokens"), tokens)


def _token(name: str, mint: Read) -> tuple[Field, Field, Field]:
    return (
        _plain(f"{name}_mint", mint),
        _text(f"{name}_symbol", lambda line: line.tokens[mint(line)].symbol),
        _plain(f"{name}_decimals", lambda line: line.tokens[mint(line)].decimals),
    )


def _of(name: str) -> Read:
    return lambda line: getattr(line.row, name)


def _nickname(line: Line, address: str) -> str:
    return str(line.names.get(address, {}).get("name", ""))


_MINT: Final = _of("mint")
_ADDRESS: Final[Read] = lambda line: line.row.wallet.address  # noqa: E731


def _traded(line: Line, *, other: bool) -> tuple[str, int]:
    """Return mint and raw units of the token traded, or of what stands against it."""
    trade = line.row
    bought = trade.mint_out == trade.mint
    got, gave = (trade.mint_out, trade.raw_out), (trade.mint_in, trade.raw_in)
    return got if bought is not other else gave


# What the fields of a trade read; the rest of its wallet and transaction stays in the database.
TRADE_NEEDS: Final = (
    "slot", "block_time", "received_at", "signature", "side", "mint", "mint_in", "raw_in",
    "mint_out", "raw_out", "value_lamports", "costs_lamports", "value_usd", "venue",
    "wallet__address", "transaction__status",
)  # fmt: skip
TRADES: Final = (
    _plain("trade_id", _of("pk")),
    _moment("time", _of("at")),
    _plain("time_is_the_chains", lambda line: line.row.block_time is not None),
    _plain("slot", _of("slot")),
    _plain("signature", _of("signature")),
    _plain("wallet", _ADDRESS),
    _text("nickname", lambda line: _nickname(line, line.row.wallet.address)),
    _plain("side", _of("side")),
    *_token("token", lambda line: _traded(line, other=False)[0]),
    *_amount(
        "token",
        lambda line: _traded(line, other=False)[1],
        lambda line: _traded(line, other=False)[0],
    ),
    *_token("against", lambda line: _traded(line, other=True)[0]),
    *_amount(
        "against",
        lambda line: _traded(line, other=True)[1],
        lambda line: _traded(line, other=True)[0],
    ),
    *_sol("value", _of("value_lamports")),
    *_sol("costs", _of("costs_lamports")),
    _usd("value", _of("value_usd")),
    _text("venue", _of("venue")),
    _plain("is_final", lambda line: line.row.transaction.status == RawTransaction.Status.FINAL),
)
POSITIONS: Final = (
    _plain("wallet", _ADDRESS),
    *_token("token", _MINT),
    _plain("position_no", _of("no")),
    _plain("state", lambda line: "open" if line.row.is_open else "closed"),
    _moment("opened", _of("opened_at")),
    _moment("closed", _of("closed_at")),
    _plain("full_basis", _of("full_basis")),
    _plain("buys", _of("buys")),
    _plain("sells", _of("sells")),
    *_amount("bought", _of("bought_raw"), _MINT),
    *_amount("sold", _of("sold_raw"), _MINT),
    *_sol("cost", _of("cost_lamports")),
    *_sol("proceeds", _of("proceeds_lamports")),
    *_sol("realised", _of("realised_lamports")),
    _usd("realised", _of("realised_usd")),
    *_sol("unknown_basis_proceeds", _of("unknown_proceeds_lamports")),
)
LOTS: Final = (
    _plain("wallet", _ADDRESS),
    *_token("token", _MINT),
    _plain("lot_no", _of("no")),
    _plain("position_no", _of("position_no")),
    _plain("origin", _of("origin")),
    _moment("acquired", _of("acquired_at")),
    _plain("signature", _of("signature")),
    *_amount("quantity", _of("raw"), _MINT),
    *_amount("left", _of("raw_left"), _MINT),
    *_sol("cost", _of("cost_lamports")),
    *_sol("cost_left", _of("cost_left_lamports")),
    _usd("cost", _of("cost_usd")),
)
DISPOSALS: Final = (
    _plain("wallet", _ADDRESS),
    *_token("token", _MINT),
    _plain("disposal_no", _of("no")),
    _plain("lot_no", _of("lot_no")),
    _plain("position_no", _of("position_no")),
    _moment("disposed", _of("disposed_at")),
    _plain("signature", _of("signature")),
    *_amount("quantity", _of("raw"), _MINT),
    *_sol("proceeds", _of("proceeds_lamports")),
    *_sol("cost", _of("cost_lamports")),
    *_sol("gain", _of("gain_lamports")),
    _usd("gain", _of("gain_usd")),
)
HOLDINGS: Final = (
    _plain("wallet", _ADDRESS),
    *_token("token", _MINT),
    *_amount("held", _of("raw"), _MINT),
    *_amount("of_unknown_cost", _of("unknown_raw"), _MINT),
    *_sol("cost", _of("cost_lamports")),
)


def _stat(name: str) -> Read:
    return lambda line: getattr(stats_of(line.row), name)


def _is_muted(line: Line) -> bool:
    return "muted" in line.names.get(line.row.address, {})


def _tags(line: Line) -> str:
    wallet: Wallet = line.row
    return ", ".join(getattr(wallet, "own_tags", None) or [])


WHALES: Final = (
    _plain("wallet", _of("address")),
    _text("nickname", lambda line: _nickname(line, line.row.address)),
    _text("tags", _tags),
    _plain("is_followed", lambda line: line.row.address in line.names),
    _plain("is_muted", _is_muted),
    _plain("is_curated", _of("curated")),
    _text("character", _of("character")),
    _plain("trades", _stat("trades")),
    _plain("open_positions", _stat("open_positions")),
    _plain("closed_positions", _stat("closed_positions")),
    _plain("wins", _stat("wins")),
    _share("win_rate", _stat("win_rate")),
    _share("win_rate_low_95", _stat("win_rate_low")),
    _share("win_rate_high_95", _stat("win_rate_high")),
    *_sol("realised", _stat("realised_lamports")),
    _usd("realised", _stat("realised_usd")),
    *_sol("volume", _stat("volume_lamports")),
    _usd("volume", _stat("volume_usd")),
    *_sol("unknown_basis_proceeds", _stat("unknown_proceeds_lamports")),
    *_sol("fees_outside_trades", _stat("fees_lamports")),
    _share("coverage", _stat("coverage")),
    _moment("last_trade", _stat("last_trade_at")),
    _moment("complete_since", _of("complete_since")),
    _plain("is_partial", _of("is_partial")),
)


def _then(when: str, name: str) -> Read:
    return lambda line: getattr(line.row, when).get(name)


def _figures(when: str, name: str) -> tuple[Field, ...]:
    return (
        _plain(f"closed_positions_at_{name}", _then(when, "closed_positions")),
        _plain(f"wins_at_{name}", _then(when, "wins")),
        _share(f"win_rate_low_95_at_{name}", _then(when, "win_rate_low")),
        _share(f"win_rate_high_95_at_{name}", _then(when, "win_rate_high")),
        _share(f"coverage_at_{name}", _then(when, "coverage")),
        *_sol(f"realised_at_{name}", _then(when, "realised_lamports")),
    )


STAYS: Final = (
    _plain("wallet", _ADDRESS),
    _moment("entered", _of("entered_at")),
    _text("reason", _of("reason")),
    *_figures("figures_at_entry", "entry"),
    _moment("left", _of("left_at")),
    _text("reason_left", _of("reason_left")),
    *_figures("figures_at_exit", "exit"),
)
