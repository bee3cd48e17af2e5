"""What the wallets app asks of the outside world: transactions, live news, a webhook kept up."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Payload = Mapping[str, Any]
Addresses = Callable[[], frozenset[str]]
Stands = Callable[[], None]
Keep = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """Transactions in the order asked for, and where to go on; no cursor means the end."""

    items: tuple[Payload, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a history to go back from: the transaction that stands there."""

    slot: int
    signature: str


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """What the chain says of a signature now: the slot it stands in, its outcome, finality."""

    slot: int
    failed: bool
    is_final: bool


class TransactionSource(Protocol):
    """Reads transactions of the past, as the vendor gives them; all methods raise ProviderError.

    A source that `is_complete` sees what happens to an address's token accounts too; another
    one sees only transactions that name the address itself.
    """

    vendor: str
    is_complete: bool

    def page_since(self, address: str, *, slot: int, cursor: str | None) -> Page:
        """Return full transactions from `slot` on (that slot included), oldest first."""
        ...

    def page_latest(
        self, address: str, *, cursor: str | None, limit: int, before: Place | None = None
    ) -> Page:
        """Return up to `limit` full transactions, newest first; with `before`, from there back.

        What stands at `before` itself may or may not be returned.
        """
        ...

    def transactions(self, signatures: Sequence[str]) -> list[Payload | None]:
        """Return one transaction a signature, in their order; None where there is none (yet)."""
        ...

    def statuses(self, signatures: Sequence[str]) -> list[SignatureStatus | None]:
        """Return what the chain says of each signature, in their order; None where unknown."""
        ...

    def final_slot(self) -> int:
        """Return the newest final slot."""
        ...

    def first_slot(self) -> int:
        """Return the oldest slot the source still keeps."""
        ...

    def block_time(self, slot: int) -> int | None:
        """Return the slot's estimated time in unix seconds; None when it has none."""
        ...

    def block_signatures(self, slot: int) -> list[str] | None:
        """Return the signatures of a slot's block in its order; None when there is no block."""
        ...


class Listener(Protocol):
    """Hears of transactions as they happen. At most once: a sweep finds what it missed."""

    vendor: str

    async def listen(self, addresses: Addresses, keep: Keep, stands: Stands) -> None:
        """Listen until cancelled, reconnecting as needed.

        `stands` is called each time the subscriptions stand on a new connection: what happened
        since the last one ended was missed.

        `addresses` is asked every two seconds and the subscriptions follow it. `keep` gets the
        JSON of a list with one transaction for each that is heard.
        """
        ...


# Where vendors push to, below the installation's public address.
WEBHOOK_PATH: Final = "/webhooks/transactions/"


class WebhookRegistry(Protocol):
    """Keeps one webhook registered at the vendor."""

    vendor: str

    def ensure(self, url: str, secret: str, addresses: frozenset[str], known_id: str | None) -> str:
        """Make the vendor push transactions of `addresses` to `url`; return the webhook's id.

        Changes cost credits, so nothing is written that is already so. Without addresses there is
        no webhook and the id is empty.
        """
        ...
