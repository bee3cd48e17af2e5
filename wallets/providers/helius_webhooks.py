"""One Helius webhook that pushes the transactions of all watched wallets to us."""

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from aura.core import http
from aura.core.errors import Denied, Garbled

# https://www.helius.dev/docs/billing/credits: create, edit and delete
_CREDITS_A_CHANGE: Final = 100
# https://www.helius.dev/docs/webhooks: up to 100,000 addresses; fewer work in practice
MOST_ADDRESSES: Final = 95_000
_PATH: Final = "/v0/webhooks"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as the vendor has it; `secret` is None where it does not tell."""

    id: str
    url: str
    kind: str
    types: tuple[str, ...]
    addresses: frozenset[str]
    active: bool
    secret: str | None = field(repr=False)


class HeliusWebhooks:
    """Registers and edits the webhook, by as few changes as can be: each costs 100 credits."""

    vendor = "helius"

    def ensure(self, url: str, secret: str, addresses: frozenset[str], known_id: str | None) -> str:
        """Make the vendor push raw transactions of `addresses` to `url`; return the webhook's id.

        Creating is not idempotent, so the list is read first and ours are known by id or address;
        what is more than one of ours is deleted. A webhook that the vendor has switched off after
        failures is switched on again. Raises ProviderError; Denied above 95,000 addresses.
        """
        if len(addresses) > MOST_ADDRESSES:
            raise Denied(self.vendor, f"a webhook takes no more than {MOST_ADDRESSES:,} addresses")
        ours = [w for w in self._list() if w.id == known_id or w.url == url]
        ours.sort(key=lambda w: (w.id != known_id, not w.active, w.id))
        for extra in ours[1:] if addresses else ours:
            self._delete(extra.id)
        if not addresses:
            return ""
        body = _body(url, secret, addresses)
        if not ours:
            return self._create(body)
        kept = ours[0]
        if differs(kept, url, secret, addresses):
            self._replace(kept.id, body)
        if not kept.active:
            self._switch_on(kept.id)
        return kept.id

    # https://www.helius.dev/docs/api-reference/webhooks/get-all-webhooks
    def _list(self) -> list[Webhook]:
        return parse_webhooks(self.vendor, self._ask("GET", _PATH, cost=1))

    # https://www.helius.dev/docs/api-reference/webhooks/create-webhook
    def _create(self, body: Mapping[str, Any]) -> str:
        created = parse_webhooks(self.vendor, [self._ask("POST", _PATH, body)])[0]
        log.info("webhook %s created", created.id)
        return created.id

    # https://www.helius.dev/docs/api-reference/webhooks/update-webhook
    def _replace(self, webhook_id: str, body: Mapping[str, Any]) -> None:
        self._ask("PUT", f"{_PATH}/{quote(webhook_id, safe='')}", body)

    # https://www.helius.dev/docs/api-reference/webhooks/toggle-webhook
    def _switch_on(self, webhook_id: str) -> None:
        log.warning("webhook %s had been switched off by the vendor; switching it on", webhook_id)
        self._ask("PATCH", f"{_PATH}/{quote(webhook_id, safe='')}", {"active": True}, retry=True)

    # https://www.helius.dev/docs/api-reference/webhooks/delete-webhook
    def _delete(self, webhook_id: str) -> None:
        path = f"{_PATH}/{quote(webhook_id, safe='')}"
        http.request(
            self.vendor, "DELETE", settings.HELIUS_API_URL, path,
            params={"api-key": settings.HELIUS_API_KEY}, credits=_CREDITS_A_CHANGE, none_for={404},
        )  # fmt: skip

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        cost: int = _CREDITS_A_CHANGE,
        retry: bool = False,
    ) -> Any:
        return http.request_json(
            self.vendor, method, settings.HELIUS_API_URL, path,
            params={"api-key": settings.HELIUS_API_KEY}, json=body, credits=cost, retry=retry,
        )  # fmt: skip


def _body(url: str, secret: str, addresses: frozenset[str]) -> dict[str, Any]:
    """Return the whole webhook: a replacement keeps nothing that is left out."""
    return {
        "webhookURL": url,
        "transactionTypes": ["ANY"],
        "accountAddresses": sorted(addresses),
        "webhookType": "raw",
        "authHeader": secret,
    }


def differs(webhook: Webhook, url: str, secret: str, addresses: frozenset[str]) -> bool:
    """Say whether a webhook must be replaced; a secret the vendor does not tell cannot differ."""
    wanted = (url, "raw", ("ANY",), addresses)
    if (webhook.url, webhook.kind, webhook.types, webhook.addresses) != wanted:
        return True
    return webhook.secret is not None and not hmac.compare_digest(
        webhook.secret.encode(), secret.encode()
    )


def parse_webhooks(vendor: str, rows: Any) -> list[Webhook]:
    """Read a list of webhooks. Raises Garbled for a row without id or address."""
    if not isinstance(rows, list):
        raise Garbled(vendor, "answered no list of webhooks")
    return [_parse_webhook(vendor, row) for row in rows]


def _parse_webhook(vendor: str, row: Any) -> Webhook:
    given = row if isinstance(row, dict) else {}
    webhook_id, url = given.get("webhookID"), given.get("webhookURL")
    if not (webhook_id and isinstance(webhook_id, str) and isinstance(url, str)):
        raise Garbled(vendor, "answered a webhook without id or address")
    secret = given.get("authHeader")
    # A list may mask the header; replacing for that would cost 100 credits every time.
    known = isinstance(secret, str) and secret and "*" not in secret
    return Webhook(
        id=webhook_id,
        url=url,
        kind=str(given.get("webhookType")),
        types=tuple(_strings(given.get("transactionTypes"))),
        addresses=frozenset(_strings(given.get("accountAddresses"))),
        active=given.get("active") is not False,
        secret=secret if known else None,
    )


def _strings(value: Any) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
