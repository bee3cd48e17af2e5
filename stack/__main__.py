"""The door of bin/run, bin/test, bin/manage and bin/lock: picks the command and prints troubles."""

import sys
from importlib import import_module
from pathlib import Path

# Run by path under `python -P`, so the repository is not importable until it is put there.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stack.trouble import Trouble

COMMANDS = {
    "run": "stack.run",
    "test": "stack.suite",
    "manage": "stack.command",
    "lock": "stack.lock",
    "keep": "stack.keeper",
}


def main(argv: list[str]) -> int:
    """Run one command; a Trouble becomes one line on standard error and exit code 1."""
    if not argv or argv[0] not in COMMANDS:
        print(f"aura: expected one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        # Only the chosen command is imported: a keeper should be up in an instant.
        return int(import_module(COMMANDS[argv[0]]).main(argv[1:]))
    except Trouble as trouble:
        print(f"aura: {trouble}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
