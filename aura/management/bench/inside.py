"""What runs inside a scratch house: `python -m aura.management.bench.inside BRIEF`."""

import json
import sys
from pathlib import Path

import django

from aura.core.errors import Refused


def main(brief: Path) -> int:
    """Migrate the scratch database, measure as the brief says, print and write the figures."""
    django.setup()
    from django.core.management import call_command

    from aura.management.bench import ingest, live, rebuild, scan_stored
    from aura.management.bench.report import Report
    from aura.management.bench.scratch import ending_on_sigterm

    handed = json.loads(brief.read_text())
    options = handed["options"]
    report = Report(handed["bench"], options)
    report.notes = handed["notes"]
    benches = {
        "ingest": ingest.measure,
        "live": live.measure,
        "rebuild": rebuild.measure,
        "scan": scan_stored.measure,
    }
    measure = benches[handed["bench"]]
    with ending_on_sigterm():
        call_command("migrate", verbosity=0, interactive=False)
        told = measure(handed["payloads"], options, report, Path(handed["folder"]))
    sys.stdout.write("\n".join([*report.lines(), told]).rstrip() + "\n")
    if options["json"]:
        report.write(options["json"])
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(Path(sys.argv[1])))
    except Refused as refusal:
        raise SystemExit(str(refusal)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
