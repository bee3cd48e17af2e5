"""bin/lock: pins every requirement, with hashes, for every platform and Python we support."""

import os
import shutil
import subprocess

from stack import bootstrap, layout
from stack.pip_settings import uv_environment
from stack.trouble import Trouble

FILES = (
    ("requirements.in", "requirements.txt"),
    ("requirements-dev.in", "requirements-dev.txt"),
    ("stack/uv.in", "stack/uv.txt"),
)

COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
)


def main(argv: list[str]) -> int:
    """Rewrite the locked files; arguments (for example --upgrade) go to `uv pip compile`."""
    uv = bootstrap.find_uv() or bootstrap.fetch_uv() or shutil.which("uv")
    if not uv:
        raise Trouble("needs uv, and pip could not fetch it")
    for source, target in FILES:
        done = subprocess.run(
            [uv, *COMPILE, *argv, source, "-o", target],
            check=False,
            cwd=layout.ROOT,
            env=os.environ | uv_environment(os.environ),
        )
        if done.returncode:
            return done.returncode
        print(f"aura: wrote {target}")
    return 0
