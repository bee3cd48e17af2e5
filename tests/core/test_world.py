"""One installation, one world."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from aura.core.errors import Refused
from aura.core.world import confirm_world
from aura.models import Installation


@pytest.mark.django_db
def test_the_first_start_decides_the_world(settings: Settings) -> None:
    settings.WORLD = "solana"
    confirm_world()
    confirm_world()
    assert Installation.objects.get().world == "solana"
    settings.WORLD = "sandbox"
    with pytest.raises(Refused, match="holds the solana world and was started as sandbox"):
        confirm_world()
    assert Installation.objects.get().world == "solana"


def test_in_the_solana_world_nothing_may_lead_to_this_machine(settings: Settings) -> None:
    settings.WORLD = "solana"
    settings.HELIUS_RPC_URL = "http://127.0.0.1:9000/rpc/"
    settings.DEXSCREENER_URL = "https://api.dexscreener.com"
    settings.HELIUS_API_URL = settings.BIRDEYE_URL = "https://example.com"
    found = {m.id: m.msg for m in run_checks()}
    assert "HELIUS_RPC_URL lead to this machine" in found["aura.E002"]


def test_an_unknown_world_is_an_error(settings: Settings) -> None:
    settings.WORLD = "mars"
    assert "aura.E001" in {m.id for m in run_checks()}


def test_memory_of_one_process_is_refused(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert {"aura.E010", "aura.E011"} <= {m.id for m in run_checks()}
