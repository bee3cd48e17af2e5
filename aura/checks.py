"""System checks: misconfiguration is found at the start, with a hint."""

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

VENDOR_URLS: Final = (
    "HELIUS_RPC_URL", "HELIUS_API_URL", "DEXSCREENER_URL", "BIRDEYE_URL", "JUPITER_URL",
    "RUGCHECK_URL",
)  # fmt: skip


@register
def check_world(**_: Any) -> list[CheckMessage]:
    """One installation, one world, and the sandbox is never reachable from the real one."""
    found: list[CheckMessage] = []
    if settings.WORLD not in ("sandbox", "solana"):
        found.append(
            Error(
                f"AURA_WORLD is {settings.WORLD!r}",
                hint="It is sandbox (a simulated market) or solana (the real chain).",
                id="aura.E001",
            )
        )
    if settings.WORLD == "solana":
        hosts = {name: urlsplit(getattr(settings, name)).hostname or "" for name in VENDOR_URLS}
        local = [n for n, host in hosts.items() if host in ("localhost", "127.0.0.1", "::1")]
        if local:
            found.append(
                Error(
                    f"{', '.join(local)} lead to this machine in the solana world",
                    hint="Nothing in the solana world may resolve to the sandbox.",
                    id="aura.E002",
                )
            )
        if not settings.HELIUS_API_KEY:
            found.append(
                checks.Warning(
                    "no HELIUS_API_KEY: wallets are read from the public endpoint",
                    hint="Coverage stays partial: token-account activity is not listed there.",
                    id="aura.W003",
                )
            )
    return found


@register
def check_live_sources(**_: Any) -> list[CheckMessage]:
    """Live sources are spelt right, and the plan's key is there for those that need it."""
    known = {"webhook", "transactions", "logs"}
    found: list[CheckMessage] = []
    if unknown := sorted(set(settings.LIVE_SOURCES) - known):
        found.append(
            Error(
                f"AURA_LIVE_SOURCES names {', '.join(unknown)}",
                hint=f"Known are {', '.join(sorted(known))}.",
                id="aura.E004",
            )
        )
    if not settings.HELIUS_API_KEY and {"webhook", "transactions"} & set(settings.LIVE_SOURCES):
        found.append(
            checks.Warning(
                "webhook and transactions are Helius's and there is no HELIUS_API_KEY",
                hint="Use logs, or give the key.",
                id="aura.W005",
            )
        )
    return found


@register
def check_shared_services(**_: Any) -> list[CheckMessage]:
    """Memory of one process is silently wrong where several run."""
    found: list[CheckMessage] = []
    layer = settings.CHANNEL_LAYERS["default"]["BACKEND"]
    if "InMemory" in layer:
        found.append(
            Error(
                "the channel layer lives in one process",
                hint="Set REDIS_URL; a push from the watcher would never reach a page.",
                id="aura.E010",
            )
        )
    if "locmem" in settings.CACHES["default"]["BACKEND"].lower():
        found.append(
            Error(
                "the cache lives in one process",
                hint="Set REDIS_URL; login limits are kept in the cache.",
                id="aura.E011",
            )
        )
    return found


@register
def check_connections(**_: Any) -> list[CheckMessage]:
    """Kept connections leak under ASGI; web pools, workers keep."""
    database = settings.DATABASES["default"]
    if settings.ROLE == "web" and database["CONN_MAX_AGE"] != 0:
        return [
            Error(
                "a web process keeps database connections",
                hint="Under ASGI use CONN_MAX_AGE=0 with the psycopg pool.",
                id="aura.E012",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_face(**_: Any) -> list[CheckMessage]:
    """Ask for the public face: an address of its own, over TLS, and mail."""
    found: list[CheckMessage] = []
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            checks.Warning(
                f"AURA_PUBLIC_URL is {settings.PUBLIC_URL}",
                hint="Set the https address users and the vendor's webhooks reach.",
                id="aura.W020",
            )
        )
    if settings.WORLD == "solana" and not settings.EMAIL_HOST:
        found.append(
            checks.Warning(
                "no mail: addresses are not verified and passwords cannot be reset",
                hint="Set AURA_EMAIL_HOST and its companions.",
                id="aura.W021",
            )
        )
    return found
