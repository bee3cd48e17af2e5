"""A token as AURA sees it at one moment: readings of several sources put together, each named."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from market.domain.readings import Activity, Span

# Two sources agree within this share of the lower price; else the price is unverified.
AGREE_WITHIN: Final = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Safety:
    """The danger of a token as far as it is known; `sources` names who told each field."""

    can_mint: bool | None = None
    can_freeze: bool | None = None
    top10_share: Decimal | None = None
    dev_share: Decimal | None = None
    bundled_share: Decimal | None = None
    insider_share: Decimal | None = None
    lp_locked_share: Decimal | None = None
    wash_share: Decimal | None = None
    transfer_fee: Decimal | None = None
    rugged: bool | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A token at one moment.

    `at` is when the snapshot was made, `read_at` when its oldest price or liquidity was read.
    `prices` holds every source's price in USD, `price_times` when each was read; `is_verified`
    says that two of them agree within 5 %. `pool` is the deepest pool; `base` and `quote` are its
    reserves in whole coins, `units` is √(base·quote), which does not move with the price alone.
    `sources` names who told each field; activity fields are named "SPAN FIELD", such as
    "5m volume_usd".
    """

    mint: str
    at: datetime
    read_at: datetime
    price_usd: Decimal | None
    prices: Mapping[str, Decimal]
    is_verified: bool
    pool: str = ""
    venue: str = ""
    quote_mint: str = ""
    liquidity_usd: Decimal | None = None
    base: Decimal | None = None
    quote: Decimal | None = None
    units: Decimal | None = None
    market_cap_usd: Decimal | None = None
    holders: int | None = None
    opened_at: datetime | None = None
    graduated_at: datetime | None = None
    curve_progress: Decimal | None = None
    activity: Mapping[Span, Activity] = field(default_factory=dict)
    safety: Safety = field(default_factory=Safety)
    sources: Mapping[str, str] = field(default_factory=dict)
    price_times: Mapping[str, datetime] = field(default_factory=dict)


def written(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as plain JSON: decimals as text, moments in ISO form, unknowns left out."""
    plain: dict[str, Any] = _plain(snapshot)
    return plain


def read(given: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that `written` wrote, equal to the last digit.

    Raises KeyError, TypeError, ValueError or InvalidOperation for anything else.
    """
    told = dict(given)
    prices = {source: Decimal(price) for source, price in told.pop("prices", {}).items()}
    times = {one: datetime.fromisoformat(at) for one, at in told.pop("price_times", {}).items()}
    spans = told.pop("activity", {}).items()
    safety = dict(told.pop("safety", {}))
    said_by = safety.pop("sources", {})
    return Snapshot(
        prices=prices,
        price_times=times,
        activity={span: Activity(**_values(figures)) for span, figures in spans},
        safety=Safety(sources=said_by, **_values(safety)),
        sources=told.pop("sources", {}),
        **{"price_usd": None, "is_verified": False, **_values(told)},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if is_dataclass(value):
        told = {f.name: getattr(value, f.name) for f in fields(value)}
        return {name: _plain(one) for name, one in told.items() if _is_told(one)}
    return value


def _is_told(value: Any) -> bool:
    """Whether there is anything to write: zero and False are something."""
    return value is not None and value != "" and value != {} and value != _NO_SAFETY


_NO_SAFETY: Final = Safety()
_MOMENTS: Final = frozenset({"at", "read_at", "opened_at", "graduated_at"})
_WORDS: Final = frozenset({"mint", "pool", "venue", "quote_mint"})


def _values(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in told.items()}


def _value(name: str, value: Any) -> Any:
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(value, str) and name not in _WORDS else value
