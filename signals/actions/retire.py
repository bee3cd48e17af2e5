"""Retiring a strategy whose signals do worse than random tokens."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db import transaction

from aura.core import clock
from signals.actions.record import append_entry
from signals.domain.rules import RULES_VERSION
from signals.domain.scoreboard import Line
from signals.models import RecordEntry, StrategyState


@transaction.atomic
def retire_failing(
    lines: Iterable[Line], *, world: str, rules: str = RULES_VERSION
) -> list[StrategyState]:
    """Retire every strategy that fails; one retired already stays as it was.

    A strategy fails when the interval of its lift ends below zero over at least 200 graded
    signals. It raises no more under this version of the rules, and stays listed with the figures
    it ended with.
    """
    gone = set(
        StrategyState.objects.filter(world=world, rules=rules).values_list("strategy", flat=True)
    )
    return [_retire(line, world, rules) for line in lines if line.fails and line.name not in gone]


def _retire(line: Line, world: str, rules: str) -> StrategyState:
    figures = _figures(line)
    reason = f"lift ends at {figures['lift']['interval'][1]:+.3f} over {line.rate.n} graded signals"
    named = {"world": world, "strategy": line.name, "rules": rules, "reason": reason}
    entry = append_entry(RecordEntry.Kind.RETIRED, named | {"figures": figures})
    return StrategyState.objects.create(
        **named, retired_at=clock.now(), figures=figures, entry=entry
    )


def _figures(line: Line) -> dict[str, Any]:
    return {
        "n": line.rate.n,
        "hits": line.rate.hits,
        "control_n": line.controls.n,
        "control_hits": line.controls.hits,
        "lift": asdict(line.lift) if line.lift else None,
        "returns": {name: asdict(returns) for name, returns in line.returns.items()},
        "ungraded": line.ungraded,
    }
