"""What stands in a scratch database before a run: the wallets, and nothing else."""

from collections.abc import Sequence

from django.apps import apps
from django.db import connection
from django.db.models import Model

from aura.management.bench.payloads import Template
from wallets.actions import curate_wallet, track_wallet


def clear(made: Sequence[Template]) -> None:
    """Empty the scratch database but for the wallets whose transactions these are."""
    emptied = [model for room in ("wallets", "market") for model in _models(room)]
    emptied += [apps.get_model("aura", name) for name in ("Fact", "Cursor")]
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in emptied)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    for payer in sorted({template.payer for template in made}):
        wallet, _ = track_wallet(payer, sweep=False)
        curate_wallet(wallet)


def _models(room: str) -> list[type[Model]]:
    return list(apps.get_app_config(room).get_models())
