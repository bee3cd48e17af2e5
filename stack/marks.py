"""What the last start left done, told by hashes, so that the next one need not do it again."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from stack import layout
from stack.bootstrap import STAMP

KEPT = "done.json"


def static_files(root: Path) -> str:
    """Return a hash over what collectstatic reads (files, packages) and where it writes."""
    # Not the hidden folders: the state folder's own static/ is what collectstatic writes.
    folders = (layout.ROOT / "static", *sorted(layout.ROOT.glob("[!.]*/static")))
    return _hash((path for folder in folders for path in sorted(folder.rglob("*"))), str(root))


def schema(database_url: str) -> str:
    """Return a hash over what `migrate` would look at: migrations, packages, which database."""
    return _hash(sorted(layout.ROOT.glob("[!.]*/migrations/*.py")), database_url)


def kept(state: Path) -> dict[str, str]:
    """Return {step: hash} as of the last start that came through; {} without one."""
    try:
        found = json.loads((state / KEPT).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(state: Path, marks: dict[str, str]) -> None:
    """Remember that these steps are done."""
    layout.write_atomically(state / KEPT, json.dumps(marks))


def _hash(paths: Iterable[Path], *rest: str) -> str:
    seen = hashlib.sha256((layout.VENV / STAMP).read_bytes())
    for path in paths:
        found = path.stat()
        seen.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    seen.update("\0".join(rest).encode())
    return seen.hexdigest()
