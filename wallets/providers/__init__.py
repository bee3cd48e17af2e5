"""Adapters to the outside world, one module per vendor, and the choice between them."""

from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from aura.core.errors import Denied
from wallets.domain.sources import Listener, TransactionSource, WebhookRegistry

_LISTENERS = {
    "transactions": "wallets.providers.helius_stream.HeliusStream",
    "logs": "wallets.providers.solana_logs.SolanaLogs",
}


def transaction_source() -> TransactionSource:
    """Return the configured source of past transactions. Raises Denied when there is none."""
    path = settings.PROVIDERS.get("transactions")
    if not path:
        raise Denied("transactions", "no source is configured")
    return cast("TransactionSource", import_string(path)())


def fallback_source() -> TransactionSource | None:
    """Return the source asked while the usual one is away; None when there is no other."""
    path = settings.PROVIDERS.get("transactions_fallback")
    return cast("TransactionSource", import_string(path)()) if path else None


def listeners() -> list[Listener]:
    """Return the configured WebSocket listeners; `transactions` only with a Helius key.

    Raises Denied for a name in LIVE_SOURCES that nobody knows.
    """
    unknown = sorted(set(settings.LIVE_SOURCES) - {"webhook", *_LISTENERS})
    if unknown:
        raise Denied("live sources", f"AURA_LIVE_SOURCES names {', '.join(unknown)}")
    wanted = [name for name in _LISTENERS if name in settings.LIVE_SOURCES]
    if not settings.HELIUS_API_KEY:
        wanted = [name for name in wanted if name != "transactions"]
    return [cast("Listener", import_string(_LISTENERS[name])()) for name in wanted]


def webhook_registry() -> WebhookRegistry | None:
    """Return the registry of webhooks; None without a key, a secret or an address to reach us.

    The sandbox reaches us on this machine; a vendor on the internet needs a public https address.
    """
    address = urlsplit(settings.PUBLIC_URL)
    is_reachable = bool(settings.SANDBOX_URL) or (
        address.scheme == "https" and address.hostname not in ("localhost", "127.0.0.1", "::1")
    )
    if "webhook" not in settings.LIVE_SOURCES or not is_reachable:
        return None
    if not settings.HELIUS_API_KEY or not settings.WEBHOOK_SECRET:
        return None
    path = "wallets.providers.helius_webhooks.HeliusWebhooks"
    return cast("WebhookRegistry", import_string(path)())
