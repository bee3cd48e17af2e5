"""bin/manage: manage.py in the environment of bin/run, with the services up if it needs them."""

import json
import os
import sys
from pathlib import Path

from stack import bootstrap, environment, layout, services

# They read and write files only; starting PostgreSQL for them would be waiting for nothing.
WITHOUT_SERVICES = {
    "",
    "help",
    "--help",
    "-h",
    "version",
    "--version",
    "decode",
    "ledger",
    "collectstatic",
    "diffsettings",
    "makemessages",
    "compilemessages",
}


def main(argv: list[str]) -> int:
    """Turn into manage.py; the services stay up exactly as long as it runs."""
    bootstrap.enter(bootstrap.RUNTIME, "manage", argv)
    state = layout.state_dir()
    if (argv[0] if argv else "") in WITHOUT_SERVICES:
        held = services.services_of(state, os.environ, [])
    else:
        held = services.hold(state, os.environ)
        held.survive_exec()
    world = environment.choose_world(None, state, os.environ)
    env = environment.for_processes(state, world, held, env=os.environ)
    for name, value in running(state).items():
        if world == "sandbox" or name == "AURA_PUBLIC_URL":
            env.setdefault(name, value)
    env.setdefault("AURA_ROLE", "command")
    sys.stdout.flush()
    # The caller's folder stays current: file arguments are relative to it.
    manage = str(layout.ROOT / "manage.py")
    os.execve(sys.executable, [sys.executable, manage, *argv], env)


def running(state: Path) -> dict[str, str]:
    """Return the variables of the last bin/run on this state: addresses and the clock."""
    try:
        record = json.loads((state / "run.json").read_text())
        return {str(name): str(value) for name, value in record["env"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {"AURA_PUBLIC_URL": "http://127.0.0.1:8000"}
