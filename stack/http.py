"""Small questions over HTTP to servers on this machine, with the standard library."""

import http.client
import json
import urllib.error
import urllib.request

# A proxy in the environment is for the world outside, never for our own processes.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status(url: str, timeout: float = 2.0) -> int:
    """Return the HTTP status of a GET, 0 when nobody answers."""
    try:
        with _OPENER.open(url, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, http.client.HTTPException):
        return 0


def get_json(url: str, timeout: float = 5.0) -> dict[str, object]:
    """Return the JSON object at an address, {} when there is none."""
    try:
        with _OPENER.open(url, timeout=timeout) as answer:
            found = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return found if isinstance(found, dict) else {}
