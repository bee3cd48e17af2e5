"""Settings of a scratch house: those of the house, and a news channel that no other one hears."""

import os

from aura.settings import *  # noqa: F403  # everything else is the house's own
from aura.settings import CHANNEL_LAYERS, REDIS_URL

# Publishing in Redis knows no databases: only the prefix keeps our fragments off others' pages.
CHANNEL_LAYERS["default"]["CONFIG"] = {"hosts": [REDIS_URL], "prefix": os.environ["AURA_BENCH"]}
# Fragments name static files; a scratch house collects none.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
