"""Windows and assessments as plain JSON, exactly: what is stored is what is judged again.

A field at its default is left out, so that a field added later changes no bytes of an older
window. Floats keep every digit; NaN and infinity are refused.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from typing import Any, Final

from market.domain.readings import TERMS, Terms
from signals.domain import chain
from signals.domain.assess import assess
from signals.domain.rules import CURRENT, Rules
from signals.domain.verdicts import Assessment, Refusal, Score, Verdict
from signals.domain.windows import Bucket, Danger, Flow, Spread, TokenWindow, Whale

# Fields of a window that are worked out of others, and so go with their sources.
DERIVED: Final = {"units": ("base", "quote"), "quote_usd": ("quote",)}


class Unreadable(ValueError):
    """A stored window or assessment is not of a shape this program knows."""


def window_plain(window: TokenWindow) -> dict[str, Any]:
    """Return a window as a plain dict; the buckets as columns, for there are 288 of them."""
    told = _plain(window)
    if window.buckets:
        told["buckets"] = _columns(window.buckets)
    for name in ("flows", "own", "organic", "cohort"):
        if name in told:
            told[name] = {key: _plain(value) for key, value in told[name].items()}
    if "whales" in told:
        told["whales"] = [_whale_plain(whale) for whale in window.whales]
    for name in ("danger", "danger_before"):
        if name in told:
            told[name] = _plain(told[name])
    return told


def window_of(told: Mapping[str, Any]) -> TokenWindow:
    """Read a window back; Unreadable where a field is unknown or one without default is missing."""
    given = dict(told)
    try:
        if "buckets" in given:
            given["buckets"] = _rows(given["buckets"])
        for name, kind in (("flows", Flow), ("own", Flow), ("organic", Flow), ("cohort", Spread)):
            if name in given:
                given[name] = {key: kind(**value) for key, value in given[name].items()}
        if "whales" in given:
            given["whales"] = tuple(_whale_of(whale) for whale in given["whales"])
        for name in ("danger", "danger_before"):
            if name in given:
                given[name] = Danger(**given[name])
        return TokenWindow(**given)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise Unreadable(str(error)) from error


def assessment_plain(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as a plain dict."""
    told = _plain(assessment)
    told["refusals"] = [_plain(one) for one in assessment.refusals]
    for name in ("verdicts", "exits"):
        if name in told:
            told[name] = [_plain(one) for one in told[name]]
    if assessment.score:
        told["score"] = _plain(assessment.score)
    return told


def assessment_of(told: Mapping[str, Any]) -> Assessment:
    """Read an assessment back; Unreadable where its shape is not known."""
    given = dict(told)
    try:
        given["refusals"] = tuple(Refusal(**one) for one in given["refusals"])
        given["marks"] = tuple(given["marks"])
        for name in ("verdicts", "exits"):
            given[name] = tuple(_verdict_of(one) for one in given.get(name, ()))
        given["score"] = Score(**given["score"]) if given["score"] else None
        return Assessment(**given)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise Unreadable(str(error)) from error


def digest(told: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plain dict's canonical JSON."""
    return chain.digest(chain.canonical(told))


@dataclass(frozen=True, slots=True)
class Stripped:
    """A window without what may not be stored: what went, and whether the rest still replays."""

    window: TokenWindow
    removed: tuple[str, ...]
    replays: bool


def strip(
    window: TokenWindow, terms: Mapping[str, Terms] = TERMS, rules: Rules = CURRENT
) -> Stripped:
    """Remove what a source told whose terms forbid keeping it; one without terms forbids it too.

    `sources` says who told a field. What is left replays when it is judged the same, to the last
    word.
    """
    barred = {
        field
        for field, source in window.sources.items()
        if not (source in terms and terms[source].may_store)
    }
    prices = {
        source: price
        for source, price in window.prices.items()
        if source in terms and terms[source].may_store
    }
    barred |= {made for made, of in DERIVED.items() if barred.intersection(of)}
    removed = sorted(barred | {f"price {name}" for name in window.prices if name not in prices})
    if not removed:
        return Stripped(window, (), replays=True)
    left = replace(
        window,
        prices=prices,
        flows=_flows_without(window.flows, barred),
        danger=replace(window.danger, **_cleared(Danger, barred)),
        sources={name: who for name, who in window.sources.items() if name not in barred},
        **_cleared(TokenWindow, barred),
    )
    return Stripped(left, tuple(removed), replays=assess(left, rules) == assess(window, rules))


def _flows_without(flows: Mapping[str, Flow], barred: set[str]) -> dict[str, Flow]:
    return {
        span: replace(
            flow,
            **{name: None for name in _names(Flow) if f"{span} {name}" in barred},
        )
        for span, flow in flows.items()
    }


def _cleared(kind: type[Any], barred: set[str]) -> dict[str, Any]:
    """Return what the barred fields are set to: their default, and a price to not known."""
    cleared = {
        field.name: default
        for field in fields(kind)
        if field.name in barred and (default := _default(field)) is not MISSING
    }
    return cleared | ({"price_usd": None} if barred & {"price_usd"} & set(_names(kind)) else {})


def _default(field: "Field[Any]") -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that are not at their default."""
    return {
        field.name: _listed(told)
        for field in fields(value)
        if (told := getattr(value, field.name)) != _default(field)
    }


def _listed(told: Any) -> Any:
    if isinstance(told, tuple):
        return list(told)
    return dict(told) if isinstance(told, Mapping) else told


def _columns(buckets: tuple[Bucket, ...]) -> dict[str, list[Any]]:
    """Return every field's column, left out where all of it is at the default."""
    columns = {name: [getattr(row, name) for row in buckets] for name in _names(Bucket)}
    defaults = {field.name: field.default for field in fields(Bucket)}
    return {
        name: column
        for name, column in columns.items()
        if any(value != defaults[name] for value in column)
    }


def _rows(columns: Mapping[str, list[Any]]) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(**dict(zip(columns, values, strict=True)))
        for values in zip(*columns.values(), strict=True)
    )


def _whale_plain(whale: Whale) -> dict[str, Any]:
    return _plain(whale) | {"buys": [list(buy) for buy in whale.buys]}


def _whale_of(told: Mapping[str, Any]) -> Whale:
    given = dict(told)
    given["wallets"] = tuple(given["wallets"])
    given["buys"] = tuple((when, usd) for when, usd in given["buys"])
    return Whale(**given)


def _verdict_of(told: Mapping[str, Any]) -> Verdict:
    given = dict(told)
    for name in ("reasons", "missing", "used"):
        given[name] = tuple(given.get(name, ()))
    return Verdict(**given)
