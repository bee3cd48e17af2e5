"""The proof of bin/run --check: a visitor logs in and waits for a whale's trade to arrive."""

import http.client
import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

from stack.websocket import SocketFailed, WebSocket

TRADE_MARK = "data-trade="


class CheckFailed(Exception):  # a plain word reads better
    """What a user would have met: no login, no socket, or no trade in time."""


class Visitor:
    """A browser's part of the way: cookies, the login form, the live socket."""

    def __init__(self, base_url: str, idle: Callable[[], None] = lambda: None) -> None:
        self.base_url = base_url.rstrip("/")
        self.idle = idle
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def login(self, email: str, password: str) -> None:
        """Log in through the form. Raises CheckFailed when no session comes of it."""
        address = self.base_url + "/accounts/login/"
        page = self._open(urllib.request.Request(address))
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        token = found[1] if found else self.cookie("csrftoken")
        if not token:
            raise CheckFailed("the login page has no form")
        form = {"login": email, "password": password, "csrfmiddlewaretoken": token}
        headers = {"Referer": address, "Origin": self.base_url}
        data = urllib.parse.urlencode(form).encode()
        self._open(urllib.request.Request(address, data=data, headers=headers))
        if not self.cookie("sessionid"):
            raise CheckFailed(f"{email} could not log in")

    def await_trade(self, seconds: float) -> float:
        """Return how many seconds it took until a trade arrived on the live socket."""
        began = time.monotonic()
        parts = urllib.parse.urlsplit(self.base_url)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)
        headers = {"Cookie": cookies, "Origin": self.base_url}
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            live = WebSocket(parts.hostname or "127.0.0.1", port, "/live", headers)
            try:
                while (left := began + seconds - time.monotonic()) > 0:
                    text = live.next_text(left, self.idle)
                    if text is not None and is_trade(text):
                        return time.monotonic() - began
            finally:
                live.close()
        except SocketFailed as failure:
            raise CheckFailed(f"the live socket: {failure}") from None
        raise CheckFailed(f"no trade arrived on the live socket in {seconds:.0f} s")

    def cookie(self, name: str) -> str:
        """Return a cookie's value, '' when there is none."""
        return next((str(cookie.value) for cookie in self.jar if cookie.name == name), "")

    def _open(self, request: urllib.request.Request) -> str:
        try:
            with self.opener.open(request, timeout=15.0) as answer:
                return str(answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            raise CheckFailed(f"{request.selector} answered {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            raise CheckFailed(f"{request.selector}: {error}") from None


def is_trade(text: str) -> bool:
    """Tell whether a frame carries a trade's row, in plain HTML or quoted inside JSON."""
    return TRADE_MARK in text
