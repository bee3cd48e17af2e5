"""The environment variables that the supervisor promises to every AURA process."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from stack import layout
from stack.services import Services
from stack.trouble import Trouble

WORLDS = ("sandbox", "solana")
SHORTEST_SECRET = 50


def choose_world(asked: str | None, state: Path, env: Mapping[str, str]) -> str:
    """Return the world to run in: as asked, else AURA_WORLD, else this state's, else sandbox.

    Raises Trouble for a world that is none, or is not the one this state folder holds.
    """
    kept = state / "world"
    stored = kept.read_text().strip() if kept.exists() else ""
    world = asked or env.get("AURA_WORLD") or stored or "sandbox"
    if world not in WORLDS:
        raise Trouble(f"AURA_WORLD is {world!r}; it may be {' or '.join(WORLDS)}")
    if stored and world != stored:
        raise Trouble(
            f"{state} holds the {stored} world; start it with --world {stored}, or give the "
            f"{world} world an AURA_STATE_DIR of its own"
        )
    return world


def _with_bytecode(env: Mapping[str, str]) -> dict[str, str]:
    """Keep compiled modules even where the user wants none beside the sources.

    Compiling some 1,200 modules anew costs each process more than three seconds.
    """
    kept = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if env.get("PYTHONDONTWRITEBYTECODE"):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(layout.VENV / "pycache"))
    return kept


def for_programs(env: Mapping[str, str]) -> dict[str, str]:
    """Return what any Python program of ours needs, the sandbox as well as the product."""
    env = _with_bytecode(env)
    return {
        **env,
        "VIRTUAL_ENV": str(layout.VENV),
        "PATH": f"{layout.VENV / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }


def kept_secret(state: Path, name: str) -> str:
    """Return a secret of this installation, made once and kept 0600 in the state folder."""
    path = state / name
    try:
        return _read_secret(path)
    except FileNotFoundError:
        fresh = path.with_name(f"{name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(64) + "\n")
    try:
        # A link fails when another command was first; then both use that one's secret.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return _read_secret(path)


def _read_secret(path: Path) -> str:
    secret = path.read_text().strip()
    if len(secret) < SHORTEST_SECRET:
        raise Trouble(f"{path} holds no secret; remove it to make a new one")
    return secret


def for_processes(
    state: Path, world: str, services: Services, *, env: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of a child; variables the user set win over ours."""
    return {
        **for_programs(env),
        "AURA_LOG": env.get("AURA_LOG") or "console",
        "AURA_SECRET_KEY": env.get("AURA_SECRET_KEY") or kept_secret(state, "secret_key"),
        "AURA_WEBHOOK_SECRET": env.get("AURA_WEBHOOK_SECRET")
        or kept_secret(state, "webhook_secret"),
        "AURA_WORLD": world,
        "AURA_STATE_DIR": str(state),
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
    }
