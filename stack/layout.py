"""Where things lie: the repository, its environment, the state folder and the socket folder."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from stack.trouble import Trouble, of_os_error

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"

# sockaddr_un holds 104 bytes on macOS, 108 on Linux; the longest name we put in is .s.PGSQL.5432.
LONGEST_SOCKET_DIR = 80


def venv_python() -> Path:
    """Return the interpreter of the repository's environment (which may not exist yet)."""
    return VENV / "bin" / "python"


def state_dir() -> Path:
    """Return the state folder of this installation, created 0700 when missing.

    AURA_STATE_DIR, or `.aura` in the repository. Raises Trouble when it cannot be written.
    """
    state = Path(os.environ.get("AURA_STATE_DIR") or ROOT / ".aura").absolute()
    return claim(state)


def claim(state: Path) -> Path:
    """Create a state folder and check that this user can write to it."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state / "log").mkdir(exist_ok=True)
    except OSError as error:
        raise of_os_error(error, "making the state folder; set AURA_STATE_DIR to another") from None
    if not os.access(state, os.W_OK | os.X_OK):
        raise Trouble(f"{state} belongs to another user; set AURA_STATE_DIR to a folder of yours")
    return state


def socket_dir(state: Path) -> Path:
    """Return the short private folder for a state folder's sockets, created 0700 when missing.

    Its name is derived from the state folder and the user, so two checkouts never meet. Raises
    Trouble when somebody else stands under that name already.
    """
    key = hashlib.sha256(f"{os.path.realpath(state)}\0{os.getuid()}".encode()).hexdigest()[:12]
    base = tempfile.gettempdir()
    if len(base) + len(key) + 6 > LONGEST_SOCKET_DIR:
        base = "/tmp"  # sockets need a short path; owner and mode are checked below
    place = Path(base) / f"aura-{key}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise of_os_error(error, "making the folder for sockets") from None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid in (os.getuid(), _servant(place))
    if not ours or found.st_mode & 0o077:
        raise Trouble(f"{place} is not a private folder of this user; remove it or set TMPDIR")
    return place


def _servant(place: Path) -> int:
    """Root may have given the folder to the account that runs PostgreSQL for it."""
    return place.lstat().st_uid if os.getuid() == 0 else os.getuid()


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file's content so that a reader or a crash sees the old or the new, never half."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    fresh.replace(path)
