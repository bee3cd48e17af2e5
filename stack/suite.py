"""bin/test: the development environment, throw-away services, a browser if there is one, pytest."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stack import bootstrap, browser, environment, layout, services

SLOW = ["-m", "not slow"]


def main(argv: list[str]) -> int:
    """Run pytest (without the slow tests unless --all) and return its exit code.

    Any other argument goes to pytest; a marker expression of the caller's replaces ours.
    """
    began = time.monotonic()
    bootstrap.enter(bootstrap.DEVELOPMENT, "test", argv)
    everything = "--all" in argv
    asked = [argument for argument in argv if argument != "--all"]
    chosen = any(argument == "-m" or argument.startswith("-m=") for argument in asked)
    selection = [] if everything or chosen else SLOW
    env = {name: value for name, value in os.environ.items() if not name.startswith("AURA_")}
    env |= {name: os.environ[name] for name in ("AURA_DATA",) if name in os.environ}
    chromium = browser.find(env)
    env.pop("CHROMIUM_PATH", None)
    if chromium:
        env["CHROMIUM_PATH"] = chromium
    state = layout.claim(Path(tempfile.mkdtemp(prefix="aura-test-")))
    held = services.hold(state, env, throwaway=True)
    print(f"aura: services ready after {time.monotonic() - began:.1f} s", flush=True)
    env["AURA_SECRET_KEY"] = env["AURA_WEBHOOK_SECRET"] = secrets.token_urlsafe(64)
    env = environment.for_processes(state, "sandbox", held, env=env)
    env["AURA_ROLE"] = "command"
    try:
        code = _pytest([*selection, *asked], env)
    finally:
        held.release()
        shutil.rmtree(state, ignore_errors=True)
    if not chromium:
        print(f"aura: browser tests NOT RUN: {browser.HOW_TO_FIX}", flush=True)
    return code


def _pytest(arguments: list[str], env: dict[str, str]) -> int:
    """Run pytest in the foreground: Ctrl-C reaches it, and it is the one to end first."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def restore_interrupt() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            env=env,
            cwd=layout.ROOT,
            preexec_fn=restore_interrupt,  # noqa: PLW1509  # one thread
        )
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()
    finally:
        signal.signal(signal.SIGINT, previous)
