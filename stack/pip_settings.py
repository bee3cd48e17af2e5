"""Carries the user's pip configuration over to uv, which reads none of it."""

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

# https://pip.pypa.io/en/stable/topics/configuration/ and
# https://docs.astral.sh/uv/reference/environment/
NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
}


def configuration_files(env: Mapping[str, str]) -> list[Path]:
    """Return pip's configuration files, the weakest first, whether they exist or not."""
    home = Path(env.get("HOME") or "/nonexistent")
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    system = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    user = [home / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    if sys.platform == "darwin":
        system.insert(0, Path("/Library/Application Support/pip/pip.conf"))
        user.append(home / "Library" / "Application Support" / "pip" / "pip.conf")
    named = env.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    return [*system, *user, Path(sys.prefix) / "pip.conf", *([Path(named)] if named else [])]


def pip_values(env: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings that matter to an installer: files first, PIP_* over them."""
    values: dict[str, str] = {}
    for path in configuration_files(env):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue  # pip reports its own broken files; the installation tries without
        for section in ("global", "install"):
            for name in NAMES:
                if parser.has_option(section, name):
                    values[name] = parser.get(section, name)
    for name in NAMES:
        given = env.get("PIP_" + name.upper().replace("-", "_"))
        if given:
            values[name] = given
    return values


def uv_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv look where pip would look.

    A variable the user set for uv wins over pip's. Every requirement is pinned by hash, so taking
    the best match of all indexes (pip's way) cannot swap a package for another.
    """
    own = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
    chosen = any(env.get(name) for name in own)
    result = {"UV_INDEX_STRATEGY": env.get("UV_INDEX_STRATEGY") or "unsafe-best-match"}
    for name, value in pip_values(env).items():
        variable, separator = NAMES[name]
        if env.get(variable) or (chosen and name.endswith("index-url")):
            continue
        if name == "no-index" and value.lower() in ("0", "false", "no", "off"):
            continue
        result[variable] = separator.join(value.split())
    return result
