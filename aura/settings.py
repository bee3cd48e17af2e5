"""Settings: one file, driven by the environment; mistakes are found by system checks."""

import hashlib
import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from psycopg.conninfo import conninfo_to_dict

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(os.environ.get("AURA_STATE_DIR", BASE_DIR / ".aura"))


def _flag(name: str, *, default: bool) -> bool:
    """Read a boolean; anything but 1/0/true/false is refused rather than guessed."""
    text = os.environ.get(name, "").lower()
    if not text:
        return default
    if text not in ("1", "0", "true", "false"):
        raise ValueError(f"{name} must be true or false, not {text!r}")
    return text in ("1", "true")


# World and role: which chain this installation watches, which process this is.
WORLD = os.environ.get("AURA_WORLD", "sandbox")
ROLE = os.environ.get("AURA_ROLE", "command")
PUBLIC_URL = os.environ.get("AURA_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
SANDBOX_URL = os.environ.get("AURA_SANDBOX_URL", "").rstrip("/") if WORLD == "sandbox" else ""

# Security. DEBUG is off everywhere but where a developer asks for it.
SECRET_KEY = os.environ.get("AURA_SECRET_KEY", "")
DEBUG = _flag("AURA_DEBUG", default=False)
# This machine's own names stay in: health checks ask by them.
ALLOWED_HOSTS = [
    *filter(None, os.environ.get("AURA_ALLOWED_HOSTS", "").split(",")),
    *("localhost", "127.0.0.1", "[::1]"),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _flag("AURA_TLS", default=PUBLIC_URL.startswith("https://")):
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "channels",
    "django_htmx",
    "django_q",
    "rest_framework",
    "aura",
    "billing",
    "market",
    "wallets",
    "signals",
    "portfolio",
]

MIDDLEWARE = [
    "aura.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "aura.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "aura.urls"
ASGI_APPLICATION = "aura.asgi.application"
AUTH_USER_MODEL = "aura.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aura.pages.house",
            ],
        },
    }
]

# Static files: hashed names, served by the application itself.
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("AURA_STATIC_ROOT", STATE_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# PostgreSQL. Web processes pool (a kept connection per thread leaks under ASGI); worker and
# watcher fork or thread with few connections and keep them.
_dsn = conninfo_to_dict(os.environ.get("DATABASE_URL", "postgresql://aura@localhost/aura"))
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _dsn.pop("dbname", "aura"),
        "USER": _dsn.pop("user", ""),
        "PASSWORD": _dsn.pop("password", ""),
        "HOST": _dsn.pop("host", ""),
        "PORT": str(_dsn.pop("port", "")),
        "OPTIONS": dict(_dsn),
        "CONN_MAX_AGE": 0 if ROLE == "web" else 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
if ROLE == "web":
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 16, "timeout": 10}

# Redis: cache, live pages, quota.
REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"aura-{WORLD}"},
    }
}

# Django-Q2 on the ORM broker: a task row joins the caller's transaction.
Q_CLUSTER = {
    "name": "aura",
    "orm": "default",
    "workers": int(os.environ.get("AURA_WORKERS", "2")),
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 600,
    "retry": 660,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 250,
    "poll": 0.5,
    "recycle": 500,
    "label": "Queue",
    "ALT_CLUSTERS": {},
}

# Accounts: email and password through allauth.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

# Mail: by SMTP when AURA_EMAIL_HOST is set; in the sandbox world, into the sandbox's inbox page.
EMAIL_HOST = os.environ.get("AURA_EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("AURA_EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("AURA_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("AURA_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = _flag("AURA_EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("AURA_EMAIL_FROM", "AURA <aura@localhost>")
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
elif SANDBOX_URL:
    EMAIL_BACKEND = "aura.core.mail.SandboxInbox"
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_HOST or SANDBOX_URL else "none"

# Vendors. In the sandbox world every base URL is the sandbox; in the solana world none is, and
# a missing key switches the capability off.
HELIUS_API_KEY = "sandbox-key" if SANDBOX_URL else os.environ.get("HELIUS_API_KEY", "")
BIRDEYE_API_KEY = "sandbox-key" if SANDBOX_URL else os.environ.get("BIRDEYE_API_KEY", "")
JUPITER_API_KEY = "sandbox-key" if SANDBOX_URL else os.environ.get("JUPITER_API_KEY", "")
if SANDBOX_URL:
    HELIUS_RPC_URL = f"{SANDBOX_URL}/rpc/"
    HELIUS_WS_URL = f"{SANDBOX_URL}/ws/".replace("http", "ws", 1)
    HELIUS_API_URL = SANDBOX_URL
    SOLANA_RPC_URL = f"{SANDBOX_URL}/public-rpc"
    DEXSCREENER_URL = f"{SANDBOX_URL}/dexscreener"
    BIRDEYE_URL = f"{SANDBOX_URL}/birdeye"
    JUPITER_URL = f"{SANDBOX_URL}/jupiter"
    RUGCHECK_URL = f"{SANDBOX_URL}/rugcheck/v1"
else:
    HELIUS_RPC_URL = os.environ.get("HELIUS_RPC_URL", "https://mainnet.helius-rpc.com/")
    HELIUS_WS_URL = os.environ.get("HELIUS_WS_URL", "wss://mainnet.helius-rpc.com/")
    HELIUS_API_URL = os.environ.get("HELIUS_API_URL", "https://api-mainnet.helius-rpc.com")
    SOLANA_RPC_URL = os.environ.get("SOLANA_RPC_URL", "https://api.mainnet-beta.solana.com")
    DEXSCREENER_URL = os.environ.get("DEXSCREENER_URL", "https://api.dexscreener.com")
    BIRDEYE_URL = os.environ.get("BIRDEYE_URL", "https://public-api.birdeye.so")
    JUPITER_URL = os.environ.get("JUPITER_URL", "https://api.jup.ag")
    RUGCHECK_URL = os.environ.get("RUGCHECK_URL", "https://api.rugcheck.xyz/v1")
BIRDEYE_UNITS_A_MONTH = int(
    os.environ.get("BIRDEYE_UNITS_A_MONTH", "20000000" if SANDBOX_URL else "30000")
)

# Sources of market data that are not asked: a source's name, or "capability:source".
SOURCES_OFF = [s for s in os.environ.get("AURA_SOURCES_OFF", "").split(",") if s]
# Which adapters tell the scanner what, in order of preference: dotted paths. Birdeye's units decide
# what it is asked: its lists every ten minutes take 1 M a month, prices of 300 tokens every two
# minutes 6.5 M, and its security answers come with a plan of 5 M or more.
MARKET_SOURCES: dict[str, list[str]] = {
    "pools": [
        "market.providers.dexscreener.DexScreener",
        "market.providers.chain_pools.ChainPools",
    ],
    "tokens": [
        "market.providers.jupiter.Jupiter",
        "market.providers.chain.ChainTokens",
    ],
    "safety": ["market.providers.rugcheck.RugCheck"],
    "discovery": [
        "market.providers.jupiter.Jupiter",
        "market.providers.dexscreener.DexScreener",
    ],
}
if HELIUS_API_KEY:
    MARKET_SOURCES["safety"].append("market.providers.chain.ChainHolders")
if BIRDEYE_API_KEY and BIRDEYE_UNITS_A_MONTH >= 1_500_000:
    MARKET_SOURCES["discovery"].append("market.providers.birdeye_tokens.BirdeyeTokens")
if BIRDEYE_API_KEY and BIRDEYE_UNITS_A_MONTH >= 5_000_000:
    MARKET_SOURCES["safety"].append("market.providers.birdeye_tokens.BirdeyeSecurity")
if BIRDEYE_API_KEY and BIRDEYE_UNITS_A_MONTH >= 8_000_000:
    MARKET_SOURCES["tokens"].append("market.providers.birdeye_tokens.BirdeyeTokens")

# Which adapter serves a capability: dotted paths, chosen by what is configured.
PROVIDERS = {
    "transactions": "wallets.providers.helius.Helius"
    if HELIUS_API_KEY
    else "wallets.providers.solana_rpc.SolanaRpc",
    # Asked while the first is away; it sees less, so nothing it brings moves a sweep's cursor.
    "transactions_fallback": "wallets.providers.solana_rpc.SolanaRpc" if HELIUS_API_KEY else "",
    "market": "market.providers.dexscreener.DexScreener"
    if "dexscreener" not in SOURCES_OFF
    else "market.providers.jupiter.Jupiter"
    if "jupiter" not in SOURCES_OFF
    else "",
    "sol_price_history": "market.providers.birdeye.Birdeye"
    if BIRDEYE_API_KEY and "birdeye" not in SOURCES_OFF
    else "",
}
# How live transactions reach us: webhook (needs a public URL), transactions (WebSocket of a
# Helius plan), logs (any WebSocket), or several, comma-separated; empty means sweeps alone.
LIVE_SOURCES = [
    s
    for s in os.environ.get(
        "AURA_LIVE_SOURCES", "webhook,transactions" if HELIUS_API_KEY else "logs"
    ).split(",")
    if s
]
# The header the vendor sends back with each delivery; derived when not given.
WEBHOOK_SECRET = os.environ.get("AURA_WEBHOOK_SECRET", "") or (
    hashlib.sha256(f"webhook:{SECRET_KEY}".encode()).hexdigest() if SECRET_KEY else ""
)
# Transactions an hour above which a wallet is read by sweeps instead of live.
HOT_WALLET = int(os.environ.get("AURA_HOT_WALLET", "1000"))
COMMITMENT = os.environ.get("AURA_COMMITMENT", "confirmed")

# Budgets per vendor, shared by all processes: credits a month, calls a second.
QUOTAS: dict[str, tuple[int, float]] = {
    "helius": (
        int(os.environ.get("HELIUS_CREDITS_A_MONTH", "1000000")),
        float(os.environ.get("HELIUS_CALLS_A_SECOND", "50" if SANDBOX_URL else "10")),
    ),
    "solana-rpc": (
        int(os.environ.get("SOLANA_RPC_CALLS_A_MONTH", "10000000")),
        float(os.environ.get("SOLANA_RPC_CALLS_A_SECOND", "4")),
    ),
    "dexscreener": (10_000_000, 4.5),
    # Its profiles and boosts have a limit of their own: 60 calls a minute.
    "dexscreener-lists": (10_000_000, 0.9),
    "birdeye": (
        BIRDEYE_UNITS_A_MONTH,
        float(os.environ.get("BIRDEYE_CALLS_A_SECOND", "50" if SANDBOX_URL else "1")),
    ),
    # Half a call a second without a key, one with a free one; credits are not counted there.
    "jupiter": (
        int(os.environ.get("JUPITER_CREDITS_A_MONTH", "10000000")),
        float(
            os.environ.get(
                "JUPITER_CALLS_A_SECOND",
                "50" if SANDBOX_URL else "1" if JUPITER_API_KEY else "0.5",
            )
        ),
    ),
    # Undocumented; 25 at once were refused.
    "rugcheck": (
        10_000_000,
        float(os.environ.get("RUGCHECK_CALLS_A_SECOND", "50" if SANDBOX_URL else "1")),
    ),
}

# Watch: structured logs, Sentry by setting.
LOG_FORMAT = os.environ.get("AURA_LOG", "console")
SENTRY_DSN = os.environ.get("SENTRY_DSN", "")
LOGGING_CONFIG = "aura.core.logs.configure"
LOGGING: dict[str, Any] = {"format": LOG_FORMAT, "level": os.environ.get("AURA_LOG_LEVEL", "INFO")}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []
