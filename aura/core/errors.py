"""Every error AURA raises on purpose, as one tree; each says what happens next.

AuraError
├── Refused             a rule of ours said no; shown to the user as it is
│   ├── LimitReached    carries the limit and what lifts it
│   └── NotEntitled
└── ProviderError       carries vendor and request id, never a URL with a key
    ├── Unavailable     network, timeout, 5xx    → retry with back-off
    ├── RateLimited     retry_after              → retry then
    ├── Denied          key, plan, permission    → stop, tell the owner
    └── Garbled         not the promised shape   → stop, keep the payload
"""


class AuraError(Exception):
    """Root of all errors raised on purpose."""


class Refused(AuraError):
    """A rule of ours said no. The message is shown to the user as it is."""


class LimitReached(Refused):
    """A plan's limit is used up; `limit` is its value, `lifted_by` says what lifts it."""

    def __init__(self, message: str, *, limit: int, lifted_by: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.lifted_by = lifted_by


class NotEntitled(Refused):
    """The user's plan does not include this."""


class ProviderError(AuraError):
    """A vendor did not do what was asked. The message never holds a URL or a key."""

    def __init__(self, vendor: str, message: str, *, request_id: str = "") -> None:
        super().__init__(f"{vendor}: {message}")
        self.vendor = vendor
        self.request_id = request_id


class Unavailable(ProviderError):
    """Network, timeout or 5xx: retry with back-off."""


class RateLimited(ProviderError):
    """Too many calls or no budget left: retry after `retry_after` seconds."""

    def __init__(
        self, vendor: str, message: str, *, retry_after: float, request_id: str = ""
    ) -> None:
        super().__init__(vendor, message, request_id=request_id)
        self.retry_after = retry_after


class Denied(ProviderError):
    """Key, plan or permission: stop and tell the owner."""


class Garbled(ProviderError):
    """Not the promised shape: stop, keep the payload."""

    def __init__(
        self, vendor: str, message: str, *, payload: bytes = b"", request_id: str = ""
    ) -> None:
        super().__init__(vendor, message, request_id=request_id)
        self.payload = payload
