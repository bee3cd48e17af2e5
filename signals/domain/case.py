"""How a rule is heard: condition by condition, each leaving one sentence with its numbers."""

from collections.abc import Sequence
from decimal import Decimal

from signals.domain.features import FEATURES, Figures
from signals.domain.features.registry import Unit
from signals.domain.squash import DIGITS
from signals.domain.verdicts import State, Verdict


def told(value: float, unit: Unit) -> str:
    """Write a figure in its unit, to four digits and never as a power of ten."""
    if unit == "usd":
        return f"${value:,.0f}" if abs(value) >= 1_000 else f"${digits(value)}"
    if unit == "share":
        return f"{digits(100 * value)} %"
    if unit == "seconds":
        return f"{digits(value / 60)} min"
    return f"{digits(value)}×" if unit == "times" else digits(value)


def digits(value: float, n: int = 4) -> str:
    """Write a number to so many digits in full: 0.000008333, not 8.333e-06."""
    return format(Decimal(f"{value:.{n}g}"), "f")


class Case:
    """One strategy's rule on one window's figures."""

    def __init__(self, strategy: str, figures: Figures, required: Sequence[str]) -> None:
        self.strategy = strategy
        self.figures = figures
        self.missing = tuple(name for name in required if figures[name] is None)
        self._seen: dict[str, None] = dict.fromkeys(required)
        self._reasons: list[str] = []
        self._holds = True

    def at_least(self, name: str, floor: float, *, must: bool = True) -> bool:
        """Demand that a feature reaches a floor; with `must` off, not known passes."""
        return self._compare(name, floor, must=must, up=True)

    def at_most(self, name: str, ceiling: float, *, must: bool = True) -> bool:
        """Demand that a feature stays within a ceiling; with `must` off, not known passes."""
        return self._compare(name, ceiling, must=must, up=False)

    def over(self, name: str, floor: float) -> bool:
        """Demand that a feature lies over a floor."""
        value = self._value(name)
        if value is None:
            return self.need(holds=False, reason=f"{_words(name)} is not known")
        holds = value > floor
        word = "is over" if holds else "is not over"
        return self.need(holds=holds, reason=_sentence(name, value, word, floor))

    def one_of(self, *floors: tuple[str, float]) -> bool:
        """Demand that at least one of several features reaches its floor."""
        said = []
        held = False
        for name, floor in floors:
            value = self._value(name)
            if value is None:
                continue
            held = held or value >= floor
            word = "is at least" if value >= floor else "is under"
            said.append(_sentence(name, value, word, floor))
        unknown = " or ".join(_words(name) for name, _ in floors) + " is not known"
        return self.need(holds=held, reason=", ".join(said) or unknown)

    def need(self, *, holds: bool, reason: str) -> bool:
        """Demand what was found out elsewhere, with its reason."""
        self._reasons.append(reason)
        self._holds = self._holds and holds
        return holds

    def note(self, reason: str) -> None:
        """Say something beside the rule."""
        self._reasons.append(reason)

    def verdict(self, strength: float, **extra: float) -> Verdict:
        """Close the case: it fires where all held, with a strength of 0.5 to 1."""
        state: State = "fires" if self._holds else "quiet"
        used = [used for name in self._seen if (used := self.figures.used(name))]
        known = {
            name: round(value, DIGITS)
            for name in self._seen
            if (value := self.figures[name]) is not None
        }
        return Verdict(
            self.strategy,
            state,
            strength=round(0.5 + 0.5 * strength, DIGITS) if self._holds else 0.0,
            reasons=tuple(self._reasons),
            used=tuple(dict.fromkeys(used)),
            figures=known | extra,
        )

    def idle(self) -> Verdict:
        """Stand down: required inputs are missing."""
        words = ", ".join(_words(name) for name in self.missing)
        return Verdict(
            self.strategy,
            "idle",
            reasons=(f"stands down: not known: {words}",),
            missing=self.missing,
        )

    def _value(self, name: str) -> float | None:
        self._seen[name] = None
        return self.figures[name]

    def _compare(self, name: str, limit: float, *, must: bool, up: bool) -> bool:
        value = self._value(name)
        if value is None:
            return self.need(holds=not must, reason=f"{_words(name)} is not known")
        holds = value >= limit if up else value <= limit
        word = ("is at least" if up else "is at most") if holds else "is under" if up else "is over"
        return self.need(holds=holds, reason=_sentence(name, value, word, limit))


def _words(name: str) -> str:
    return FEATURES[name].words


def _sentence(name: str, value: float, word: str, limit: float) -> str:
    unit = FEATURES[name].unit
    return f"{_words(name)} {told(value, unit)} {word} {told(limit, unit)}"
