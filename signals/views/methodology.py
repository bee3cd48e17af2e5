"""How signals are made and graded, to everybody: our documents, and the rules as they run."""

from dataclasses import dataclass, fields
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from signals.domain.grading import VERSION
from signals.domain.rules import CURRENT, VERSIONS, Rules
from signals.queries.pages import title_of
from signals.views.prose import page_of
from wallets.templatetags.proofs import duration_text

DOCUMENTS: Final = (("Strategies", "strategies.md"), ("Grading and the record", "methodology.md"))


@dataclass(frozen=True, slots=True)
class RuleTable:
    """The thresholds of one part of the rules: its title, what it is for, names with values."""

    title: str
    about: str
    rows: list[tuple[str, str]]


@require_GET
def methodology(request: HttpRequest) -> HttpResponse:
    """Show the documents, and every threshold printed from the table the scanner judges by."""
    context = {
        "documents": [(title, page_of(name)) for title, name in DOCUMENTS],
        "current": CURRENT.version,
        "grading": VERSION,
        "versions": [
            (version, rules.digest(), rule_tables(rules)) for version, rules in VERSIONS.items()
        ],
    }
    return render(request, "signals/methodology.html", context)


def rule_tables(rules: Rules) -> list[RuleTable]:
    """Return every threshold of a version of the rules."""
    parts = [(one.name, getattr(rules, one.name)) for one in fields(rules)]
    return [
        RuleTable(title_of(name), _about(part), _rows(part))
        for name, part in parts
        if hasattr(part, "__dataclass_fields__")
    ]


def _about(part: Any) -> str:
    return " ".join((part.__doc__ or "").split("\n\n")[0].split())


def _rows(part: Any) -> list[tuple[str, str]]:
    """Name every threshold and write it in the unit its name ends with.

    The ending stays where another threshold bears the name without it.
    """
    names = [one.name for one in fields(part)]
    rows = []
    for name in names:
        unit = next((ending for ending in ("_s", "_usd") if name.endswith(ending)), "")
        short = name.removesuffix(unit)
        value = getattr(part, name)
        ends = value if isinstance(value, tuple) else (value,)
        words = (name if short in names else short).replace("_", " ")
        rows.append((words, " to ".join(_written(end, unit) for end in ends)))
    return rows


def _written(value: float, unit: str) -> str:
    if unit == "_s":
        return duration_text(int(value))
    return f"${value:,.10g}" if unit else f"{value:,.10g}"
