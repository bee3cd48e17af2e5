"""The names of everything that can be said of a window, and the one place that works it out."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from signals.domain.features.history import History
from signals.domain.rules import CURRENT, Rules
from signals.domain.windows import TokenWindow

Found = TypeVar("Found")
Unit = Literal["usd", "share", "times", "count", "z", "seconds"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One figure: its name, what it is in words, its unit, and how it is worked out."""

    name: str
    words: str
    unit: Unit
    compute: Callable[["Figures"], float | None]


FEATURES: Final[dict[str, Feature]] = {}


def declare(
    name: str, words: str, unit: Unit
) -> Callable[[Callable[["Figures"], float | None]], Callable[["Figures"], float | None]]:
    """Name a function of the figures as a feature."""

    def named(compute: Callable[["Figures"], float | None]) -> Callable[["Figures"], float | None]:
        FEATURES[name] = Feature(name, words, unit, compute)
        return compute

    return named


class Figures:
    """The features of one window under one version of the rules, each worked out once."""

    def __init__(self, window: TokenWindow, rules: Rules = CURRENT) -> None:
        self.window = window
        self.rules = rules
        self.history = History(window, rules.baseline)
        self._values: dict[str, float | None] = {}
        self._used: dict[str, str] = {}
        self._found: dict[Callable[[Figures], Any], Any] = {}

    def __getitem__(self, name: str) -> float | None:
        if name not in self._values:
            value = FEATURES[name].compute(self)
            # absurd inputs may overflow: what is not a number is not known
            self._values[name] = value if value is None or math.isfinite(value) else None
        return self._values[name]

    def once(self, find: Callable[["Figures"], Found]) -> Found:
        """Return what several features are read from, found once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found

    def use(self, name: str, words: str) -> None:
        """Note what stands in for a feature's own input, such as "5m buys for buyers"."""
        self._used[name] = words

    def used(self, name: str) -> str:
        """Return what stood in for a feature's own input; empty where nothing had to."""
        return self._used.get(name, "") if self[name] is not None else ""


def feature(window: TokenWindow, name: str, rules: Rules = CURRENT) -> float | None:
    """Work out one feature of a window; None is not known."""
    return Figures(window, rules)[name]
