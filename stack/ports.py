"""Finds free TCP ports on this machine."""

import socket

from stack.trouble import Trouble

PREFERRED = 8000


def free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now (a port in TIME_WAIT counts as free)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, OverflowError):
            return False
    return True


def any_free(host: str = "127.0.0.1") -> int:
    """Return a port the system says is free at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def choose(host: str, wanted: int | None, *, preferred: int = PREFERRED) -> int:
    """Return the wanted port, or the first free one from the preferred on.

    Raises Trouble when a wanted port is taken or the host is no address of this machine.
    """
    if wanted is not None:
        if not free(host, wanted):
            raise Trouble(
                f"cannot listen on {host}:{wanted}; choose another --port or leave it out"
            )
        return wanted
    for port in range(preferred, preferred + 100):
        if free(host, port):
            return port
    raise Trouble(f"cannot listen on {host}, ports {preferred} to {preferred + 99}; set --port")
