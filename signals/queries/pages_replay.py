"""Replay: the stored window judged again by its own version of the rules."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from signals.domain.assess import assess
from signals.domain.chain import canonical
from signals.domain.frozen import Unreadable, assessment_plain, digest, window_of, window_plain
from signals.domain.rules import CURRENT, UnknownRules, rules_of
from signals.domain.windows import TokenWindow
from signals.models import Signal, unpack

MOST_SHOWN: Final = 20
State = Literal["same", "differs", "cannot"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise: where it stands, what is stored, what came out now."""

    where: str
    stored: str
    again: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out. `note` says why it cannot be replayed, or what of the window is not kept."""

    state: State
    rules: str
    note: str = ""
    differences: tuple[Difference, ...] = ()
    score: float | None = None
    fires: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether it was judged by the rules in force now."""
        return self.rules == CURRENT.version


def kept_window(signal: Signal) -> TokenWindow:
    """Return the window as it is stored; Unreadable, saying why, where there is none to read."""
    if not signal.window:
        raise Unreadable(signal.window_note or "the window is not kept")
    try:
        return window_of(unpack(bytes(signal.window)))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"the stored window cannot be read: {error}") from error


def replay(signal: Signal) -> Replay:
    """Judge a signal's window once more and compare with what was published, word by word."""
    try:
        window, rules = kept_window(signal), rules_of(signal.rules)
    except Unreadable as error:
        return Replay("cannot", signal.rules, str(error))
    except UnknownRules:
        note = "this program no longer has the rules it was judged by"
        return Replay("cannot", signal.rules, note)
    if not signal.window_note and digest(window_plain(window)) != signal.window_hash:
        return Replay("cannot", signal.rules, "the stored window is not the one in the record")
    found = assess(window, rules)
    again = json.loads(canonical(assessment_plain(found)))
    differences = _differences(signal.assessed, again, "")
    return Replay(
        state="differs" if differences else "same",
        rules=signal.rules,
        note=signal.window_note,
        differences=tuple(differences[:MOST_SHOWN]),
        score=found.score.total if found.score else None,
        fires=tuple(one.strategy for one in found.verdicts if one.state == "fires"),
    )


def _differences(stored: Any, again: Any, where: str) -> list[Difference]:
    if isinstance(stored, dict) and isinstance(again, dict):
        names = sorted({*stored, *again})
        pairs = [(f"{where}.{name}", stored.get(name), again.get(name)) for name in names]
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        pairs = [
            (f"{where}.{_name(one, place)}", one, other)
            for place, (one, other) in enumerate(zip(stored, again, strict=True))
        ]
    else:
        same = stored == again
        return [] if same else [Difference(where.lstrip("."), _told(stored), _told(again))]
    return [found for place, one, other in pairs for found in _differences(one, other, place)]


def _name(one: Any, place: int) -> str:
    """Name a verdict by its strategy and a refusal by its gate, anything else by its place."""
    if isinstance(one, dict):
        return str(one.get("strategy") or one.get("gate") or place)
    return str(place + 1)


def _told(value: Any) -> str:
    return "nothing" if value is None else str(value)
