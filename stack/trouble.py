"""What goes wrong outside our control, told in one line that says what to do."""

import errno


class Trouble(Exception):  # a plain word reads better
    """A condition the person at the terminal can mend; its text is the whole message."""


def explain(output: str) -> str:
    """Name the cause behind a failed tool's output: disk, network, permission, or its last line."""
    text = output.lower()
    if "no space left" in text or "errno 28" in text:
        return "the disk is full"
    if "permission denied" in text or "errno 13" in text:
        return "permission denied: " + last_line(output, "ermission denied")
    offline = (
        "name resolution",
        "failed to resolve",
        "dns error",
        "connection refused",
        "network is unreachable",
        "error sending request",
        "failed to fetch",
        "connecttimeout",
        "max retries exceeded",
        "failed to establish a new connection",
    )
    if any(sign in text for sign in offline):
        return "the package index cannot be reached; check the network or the pip settings"
    return last_line(output)


def last_line(output: str, holding: str = "") -> str:
    """Return the last line that is not blank and holds the given text; '' when there is none."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and holding in line]
    return lines[-1] if lines else ""


def of_os_error(error: OSError, doing: str) -> Trouble:
    """Turn an operating-system error into a Trouble naming the action and the path."""
    if error.errno == errno.ENOSPC:
        return Trouble(f"the disk is full while {doing}")
    where = f" {error.filename}" if error.filename else ""
    return Trouble(f"{error.strerror or error}{where} while {doing}")
