"""What a child does between fork and exec: die with its parent, and not be root where refused."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

# Loaded before any fork: the child of a fork should not open libraries.
_LIBC = ctypes.CDLL(None, use_errno=True)
_LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Identity:
    """Who a server is to be: as we are, somebody else inside a namespace, or another account."""

    kind: Literal["self", "namespace", "account"]
    uid: int = 0
    gid: int = 0


def identity_for_postgres() -> Identity:
    """Choose who runs PostgreSQL, which refuses uid 0 and a uid without a passwd entry.

    A user namespace needs no second account and no file made readable; where the kernel or the
    container refuses it, root falls back to the account `nobody`.
    """
    uid = os.getuid()
    if uid != 0 and _known(uid):
        return Identity("self")
    other = _other_account()
    if _LINUX and _namespace_works(other):
        return Identity("namespace", other.pw_uid, other.pw_gid)
    if uid == 0:
        return Identity("account", other.pw_uid, other.pw_gid)
    return Identity("self")


def between_fork_and_exec(
    death_signal: signal.Signals, identity: Identity | None = None
) -> Callable[[], None]:
    """Return a preexec function that takes the identity and asks for a signal at the parent's end.

    The kernel sends the signal when the forking thread ends, so the caller forks from its main
    thread. Where there is no PDEATHSIG (macOS) only the identity is taken.
    """
    parent = os.getpid()

    def prepare() -> None:
        if identity and identity.kind == "namespace":
            _enter_namespace(identity.uid)
        elif identity and identity.kind == "account":
            os.setgroups([])
            os.setgid(identity.gid)
            os.setuid(identity.uid)
        # A change of credentials clears the request, so it comes last.
        if _LINUX:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def _enter_namespace(uid: int) -> None:
    outer_uid, outer_gid = os.getuid(), os.getgid()
    if _LIBC.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {outer_uid} 1")
    _write("/proc/self/gid_map", f"{uid} {outer_gid} 1")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _namespace_works(account: pwd.struct_passwd) -> bool:
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace(account.pw_uid)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _other_account() -> pwd.struct_passwd:
    """Return `nobody`, or any account that is not root: the uid must resolve inside."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        others = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
        return others[-1] if others else pwd.getpwuid(0)
