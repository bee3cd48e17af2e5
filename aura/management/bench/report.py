"""What a bench has measured: values of several runs, told as a table and as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WIDTH = 26


class Report:
    """Collects values by measure and figure; a run adds one value to each of its figures."""

    def __init__(self, bench: str, options: Mapping[str, Any]) -> None:
        self.bench = bench
        self.options = dict(options)
        self.began = datetime.now(UTC)
        self.load = os.getloadavg()[0]
        self.notes: list[str] = []
        self._values: dict[str, dict[tuple[str, str], list[float]]] = {}

    def add(self, measure: str, figure: str, unit: str, value: float | None) -> None:
        """Add a run's value of a figure; what could not be measured (None) is left out."""
        if value is not None:
            figures = self._values.setdefault(measure, {})
            figures.setdefault((figure, unit), []).append(value)

    def note(self, text: str) -> None:
        """Say once what a reader of the figures has to know."""
        if text not in self.notes:
            self.notes.append(text)

    def lines(self) -> list[str]:
        """Return the table: a block a measure, a line a figure with median, least and most."""
        cores, version = os.cpu_count(), platform.python_version()
        head = f"bench {self.bench} · {cores} cores, load {self.load:.1f} before · Python {version}"
        titles = (f"{name:>12}" for name in ("median", "min", "max"))
        lines = [head, f"{'':{WIDTH}}{''.join(titles)}  unit"]
        for measure, figures in self._values.items():
            lines.append(measure)
            for (figure, unit), values in figures.items():
                three = (statistics.median(values), min(values), max(values))
                told = "".join(f"{_written(value):>12}" for value in three)
                lines.append(f"  {figure:{WIDTH - 2}}{told}  {unit}")
        return lines + [f"note: {text}" for text in self.notes]

    def as_json(self) -> dict[str, Any]:
        """Return everything, each run's value too."""
        return {
            "bench": self.bench,
            "at": self.began.isoformat(timespec="seconds"),
            "machine": {
                "cores": os.cpu_count(),
                "load_before": round(self.load, 2),
                "python": platform.python_version(),
                "system": platform.system(),
            },
            "options": self.options,
            "measures": {
                measure: {
                    figure: {
                        "unit": unit,
                        "median": statistics.median(values),
                        "min": min(values),
                        "max": max(values),
                        "runs": values,
                    }
                    for (figure, unit), values in figures.items()
                }
                for measure, figures in self._values.items()
            },
            "notes": self.notes,
        }

    def write(self, path: str) -> None:
        """Write the JSON to a file."""
        Path(path).write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share (0 to 1) of the values does not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]


def add_percentiles(report: Report, measure: str, what: str, seconds: Sequence[float]) -> None:
    """Add p50, p90, p99 and the longest of some durations, in milliseconds."""
    if seconds:
        for share in (0.5, 0.9, 0.99):
            name = f"{what} p{share * 100:.0f}"
            report.add(measure, name, "ms", percentile(seconds, share) * 1000)
        report.add(measure, f"{what} longest", "ms", max(seconds) * 1000)


def _written(value: float) -> str:
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
