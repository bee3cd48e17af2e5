"""The scoreboard's cases: published signals of one world, one version of the rules and grading."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

from django.conf import settings
from django.db.models import Q, QuerySet

from signals.domain.grading import HEADLINE_USD, HORIZONS, VERSION
from signals.domain.rules import RULES_VERSION
from signals.domain.scoreboard import Case, Scoreboard, scoreboard
from signals.models import Component, Grade, Signal, StrategyState

# alert and watch: what was published, above and below the alert threshold. shadow: for learning
# alone. exit: calls to leave, which are hits when holding on would have cost.
Group = Literal["alert", "watch", "shadow", "exit"]
GROUPS: Final[dict[Group, Q]] = {
    "alert": Q(direction="long", is_shadow=False, is_watch=False),
    "watch": Q(direction="long", is_shadow=False, is_watch=True),
    "shadow": Q(direction="long", is_shadow=True),
    "exit": Q(direction="exit", is_shadow=False),
}


def scoreboard_of(
    group: Group = "alert",
    *,
    rules: str = RULES_VERSION,
    world: str | None = None,
    strategies: Iterable[str] = (),
) -> Scoreboard:
    """Return the board of one group of signals; never of two worlds, rules or gradings at once.

    `strategies` get a line even before their first signal. Outcomes count once they are settled.
    """
    return scoreboard(cases_of(group, rules=rules, world=world), strategies)


def cases_of(group: Group, *, rules: str = RULES_VERSION, world: str | None = None) -> list[Case]:
    """Return the signals of a group with their outcomes at the headline size, oldest first."""
    signals = Signal.objects.of_world(world or settings.WORLD).filter(
        GROUPS[group], rules=rules, grading=VERSION
    )
    strategies, controls = _strategies(signals), _controls(signals)
    grades = {
        grade.signal_id: grade
        for grade in Grade.objects.filter(signal__in=signals, size_usd=HEADLINE_USD)
    }
    ordered = signals.order_by("published_at", "pk").values_list("pk", "published_at")
    cases = []
    for pk, published_at in ordered.iterator():
        grade = grades.get(pk)
        settled = grade is not None and grade.settled_at is not None
        cases.append(
            Case(
                day=published_at.date().isoformat(),
                strategies=frozenset(strategies[pk]),
                outcome=grade.outcome if grade and settled else "open",
                returns=_returns(grade) if grade and settled else {},
                controls=tuple(controls[pk]),
                reason=grade.reason if grade and settled else "",
            )
        )
    return cases


def retired_strategies(
    *, rules: str = RULES_VERSION, world: str | None = None
) -> dict[str, StrategyState]:
    """Return the strategies that are retired under these rules, by name."""
    states = StrategyState.objects.filter(world=world or settings.WORLD, rules=rules)
    return {state.strategy: state for state in states}


def _strategies(signals: "QuerySet[Signal]") -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    parts = Component.objects.published().filter(signal__in=signals)
    for pk, strategy in parts.values_list("signal_id", "strategy").order_by("strategy"):
        found[pk].append(strategy)
    return found


def _controls(signals: "QuerySet[Signal]") -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    grades = Grade.objects.filter(control__signal__in=signals, size_usd=HEADLINE_USD)
    rows = grades.order_by("control_id")
    for pk, outcome, settled_at in rows.values_list("control__signal_id", "outcome", "settled_at"):
        found[pk].append(outcome if settled_at else "open")
    return found


def _returns(grade: Grade) -> dict[str, Decimal]:
    named = {name: getattr(grade, f"r_{name}") for name in HORIZONS} | {"exit": grade.exit_return}
    return {name: value for name, value in named.items() if value is not None}
