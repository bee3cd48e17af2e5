"""JSON-RPC 2.0 as Solana's nodes and Helius speak it, on the house's client."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aura.core import exact, http
from aura.core.errors import Denied, Garbled, ProviderError, RateLimited, Unavailable

UNSUPPORTED_VERSION: Final = -32015

# The slot was skipped, or its block is gone: an answer, not a failure.
# https://github.com/anza-xyz/agave/blob/master/rpc-client-api/src/custom_error.rs
NO_BLOCK: Final = frozenset({-32001, -32007, -32009, -32011})

_BUSY: Final = frozenset({-32004, -32005, -32008, -32012, -32014, -32016, -32603})
_TOO_MANY: Final = frozenset({-32429, 429})
_NOT_HERE: Final = frozenset({-32010, -32601})


@dataclass(frozen=True, slots=True)
class Failure:
    """A JSON-RPC error."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Rpc:
    """One JSON-RPC endpoint. `params` of the query (a key) appear in no message and no repr."""

    vendor: str
    url: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)

    def call(
        self,
        method: str,
        params: Sequence[Any],
        *,
        cost: int = 1,
        none_for: Collection[int] = (),
    ) -> Any:
        """Call a reading method and return its result; None for an error code in `none_for`."""
        reply = self._post(_request(0, method, params), cost, 1)
        outcome = parse_reply(self.vendor, reply, 0)
        if isinstance(outcome, Failure):
            if outcome.code in none_for:
                return None
            raise error_for(self.vendor, method, outcome)
        return outcome

    def batch(
        self, method: str, many: Sequence[Sequence[Any]], *, cost: int, calls: int = 1
    ) -> list[Any]:
        """Call a method once an item, in one request; return the results in order.

        `cost` in credits and `calls` are of the whole batch. Raises the first item's error, if any.
        """
        body = [_request(i, method, params) for i, params in enumerate(many)]
        outcomes = parse_batch(self.vendor, self._post(body, cost, calls), len(many))
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                raise error_for(self.vendor, method, outcome)
        return outcomes

    def _post(self, body: Any, cost: int, calls: int) -> Any:
        refused: Garbled
        try:
            return http.request_json(
                self.vendor, "POST", self.url, params=self.params, json=body,
                credits=cost, calls=calls, retry=True,
            )  # fmt: skip
        except Garbled as error:
            refused = error
        # Some gateways answer an error of the method with HTTP 400 or 404 and say which inside.
        failure = _failure_in(refused.payload)
        if failure is None or isinstance(body, list):
            raise refused
        return {
            "jsonrpc": "2.0",
            "id": 0,
            "error": {"code": failure.code, "message": failure.message},
        }


def _request(number: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def parse_reply(vendor: str, reply: Any, number: int) -> Any:
    """Return a reply's result, or its Failure. Raises Garbled when it is no reply to `number`."""
    if not isinstance(reply, dict):
        raise _garbled(vendor, "a reply that is no object", reply)
    failure = parse_failure(reply.get("error"))
    if failure is not None:
        return failure
    if reply.get("id") not in (number, str(number)) or "result" not in reply:
        raise _garbled(vendor, "a reply to another request", reply)
    return reply["result"]


def parse_batch(vendor: str, replies: Any, count: int) -> list[Any]:
    """Return the results or Failures of a batch in the order of its requests."""
    if not isinstance(replies, list):
        failure = parse_failure(replies.get("error")) if isinstance(replies, dict) else None
        if failure is not None:
            return [failure]
        raise _garbled(vendor, "a batch that is no list", replies)
    by_id = {str(r.get("id")): r for r in replies if isinstance(r, dict)}
    if len(replies) != count or len(by_id) != count:
        raise _garbled(vendor, f"{len(by_id)} replies to a batch of {count}", replies)
    return [parse_reply(vendor, by_id.get(str(i)), i) for i in range(count)]


def parse_failure(error: Any) -> Failure | None:
    """Read the error member of a reply; None when there is none."""
    if error is None:
        return None
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        return Failure(error["code"], str(error.get("message", ""))[:200])
    return Failure(0, str(error)[:200])


def _failure_in(payload: bytes) -> Failure | None:
    try:
        said = exact.loads(payload)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("error"), dict):
        return None
    return parse_failure(said["error"])


def error_for(vendor: str, method: str, failure: Failure) -> ProviderError:
    """Return our error for theirs, by its code alone: their texts mislead.

    The text of -32015 says "not supported" of a transaction, not of the method.
    """
    said = http.quote(failure.message)
    message = f"{method} failed with {failure.code}{said}"
    if failure.code == UNSUPPORTED_VERSION:
        return Garbled(vendor, f"{method} met a transaction of a version newer than 1")
    if failure.code in _TOO_MANY or (failure.code == -32005 and "many" in failure.message.lower()):
        return RateLimited(vendor, message, retry_after=http.FIRST_WAIT)
    if failure.code in _BUSY:
        return Unavailable(vendor, message)
    if failure.code in _NOT_HERE:
        return Denied(vendor, message)
    return Garbled(vendor, message)


def _garbled(vendor: str, what: str, reply: Any) -> Garbled:
    return Garbled(vendor, f"sent {what}", payload=exact.dumps(reply)[:65_536].encode())
