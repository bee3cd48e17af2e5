"""Builds the repository's .venv from the locked requirements and knows when it is current."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stack import layout
from stack.locks import FileLock
from stack.pip_settings import uv_environment
from stack.trouble import Trouble, explain, of_os_error

RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
STAMP = "aura-requirements.json"
PIP_INSTALL = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--retries", "2", "--no-input", "--require-hashes"),
)


def ensure(wanted: str) -> Path:
    """Return the interpreter of an environment that holds the wanted requirements file.

    The development set holds the runtime set, so it is never rebuilt down. Raises Trouble with
    one line when the environment can neither be used nor built.
    """
    if satisfied(layout.VENV, wanted):
        return _usable(layout.venv_python())
    if not os.access(layout.ROOT, os.W_OK) or _foreign(layout.VENV):
        raise Trouble(
            f"{layout.VENV} is missing, out of date or another user's, and this user cannot "
            "rebuild it; clone the repository into a folder of yours"
        )
    with FileLock(layout.ROOT / ".venv.lock"):
        if not satisfied(layout.VENV, wanted):
            had_development = DEVELOPMENT in stamp_of(layout.VENV)
            try:
                build(DEVELOPMENT if had_development else wanted)
            except OSError as error:
                raise of_os_error(error, "building .venv") from None
    return _usable(layout.venv_python())


def satisfied(venv: Path, wanted: str) -> bool:
    """Tell whether the environment was completely built from the wanted file as it is now."""
    return stamp_of(venv).get(wanted) == digest(layout.ROOT / wanted)


def stamp_of(venv: Path) -> dict[str, str]:
    """Return {requirements file: sha256} of what the environment holds; {} when half-built."""
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def digest(path: Path) -> str:
    """Return the sha256 of a requirements file in hexadecimal."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise of_os_error(error, "reading the locked requirements") from None


def build(wanted: str) -> None:
    """Build .venv out of the wanted file: by uv if it can be had, else by pip.

    A complete environment is changed in place, so that a running AURA keeps its files; anything
    else is built from nothing. The stamp is gone meanwhile: a build cut short counts as none.
    """
    complete = bool(stamp_of(layout.VENV)) and os.access(layout.venv_python(), os.X_OK)
    (layout.VENV / STAMP).unlink(missing_ok=True)
    began = time.monotonic()
    print(f"aura: building .venv from {wanted} with Python {sys.version.split()[0]}", flush=True)
    failure = ""
    uv = find_uv() or fetch_uv()
    if uv:
        failure = _build_with_uv(uv, wanted, in_place=complete)
    if failure or not uv:
        failure = _build_with_pip(wanted, failure)
    if failure:
        raise Trouble(f"cannot build .venv: {failure}")
    names = [RUNTIME, DEVELOPMENT] if wanted == DEVELOPMENT else [RUNTIME]
    stamp = {name: digest(layout.ROOT / name) for name in names}
    layout.write_atomically(layout.VENV / STAMP, json.dumps(stamp), mode=0o644)
    print(f"aura: .venv ready in {time.monotonic() - began:.1f} s", flush=True)


def find_uv() -> str | None:
    """Return a uv that is here already: on PATH, else in .tools."""
    own = layout.TOOLS / "uv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if os.access(own, os.X_OK) else None)


def fetch_uv() -> str | None:
    """Install the pinned uv into .tools by pip (works without venv and under PEP 668)."""
    if not _has_module("pip"):
        return None
    fresh = layout.TOOLS / "uv.new"
    shutil.rmtree(fresh, ignore_errors=True)
    done = _tool(
        [sys.executable, *PIP_INSTALL, "--only-binary", ":all:", "--target", str(fresh)],
        "-r",
        str(layout.ROOT / "stack" / "uv.txt"),
    )
    if done.returncode:
        return None
    shutil.rmtree(layout.TOOLS / "uv", ignore_errors=True)
    fresh.rename(layout.TOOLS / "uv")
    return find_uv()


def _build_with_uv(uv: str, wanted: str, *, in_place: bool) -> str:
    env = os.environ | uv_environment(os.environ) | {"UV_PYTHON_DOWNLOADS": "never"}
    if not _cache_writable():
        env["UV_CACHE_DIR"] = str(layout.TOOLS / "cache")
    if not in_place:
        _clear()
        made = _tool([uv, "venv", "--quiet", "--python", sys.executable, str(layout.VENV)], env=env)
        if made.returncode:
            return explain(made.stderr)
    filled = _tool(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(layout.venv_python())],
        str(layout.ROOT / wanted),
        env=env,
    )
    return explain(filled.stderr) or "uv failed" if filled.returncode else ""


def _build_with_pip(wanted: str, because: str) -> str:
    """Build with the standard library's venv; `because` is why uv failed ('' = no uv)."""
    if not (_has_module("venv") and _has_module("ensurepip")):
        return because or (
            "this Python has neither pip nor venv; install one (Debian: apt install python3-venv)"
        )
    print("aura: installing with pip, which takes a minute or two", flush=True)
    _clear()
    made = _tool([sys.executable, "-m", "venv", str(layout.VENV)])
    if made.returncode:
        return explain(made.stderr + made.stdout)
    filled = _tool(
        [str(layout.venv_python()), *PIP_INSTALL, "--no-compile"],
        "-r",
        str(layout.ROOT / wanted),
    )
    return explain(filled.stderr) or "pip failed" if filled.returncode else ""


def _tool(
    start: list[str], *rest: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [*start, *rest],
            env=env,
            cwd=layout.ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(start, 127, "", str(error))


def _has_module(name: str) -> bool:
    return _tool([sys.executable, "-c", f"import {name}"]).returncode == 0


def _clear() -> None:
    if layout.VENV.is_symlink():
        layout.VENV.unlink()
    elif layout.VENV.exists():
        shutil.rmtree(layout.VENV)


def _cache_writable() -> bool:
    home = Path(os.environ.get("HOME") or "/nonexistent")
    cache = os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    place = Path(cache)
    while not place.exists() and place != place.parent:
        place = place.parent
    return os.access(place, os.W_OK)


def _foreign(venv: Path) -> bool:
    return venv.exists() and venv.stat().st_uid != os.getuid() and os.getuid() != 0


def _usable(python: Path) -> Path:
    # The link may lead into a home that another user cannot enter.
    if not os.access(python, os.X_OK):
        raise Trouble(
            f"{python} cannot be run by this user (built by another?); "
            "clone the repository into a folder of yours"
        )
    return python


def enter(wanted: str, command: str, argv: list[str]) -> None:
    """Continue this command under .venv's interpreter; returns at once when already there."""
    python = ensure(wanted)
    if Path(sys.prefix).resolve() == layout.VENV.resolve():
        return
    main = layout.ROOT / "stack" / "__main__.py"
    sys.stdout.flush()
    os.execv(python, [str(python), "-P", str(main), command, *argv])
