"""Bring the database up to date and make a new installation usable; safe to repeat."""

import csv
import io
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from aura.core.errors import AuraError, Refused
from aura.core.http import request_text
from aura.core.queue import enqueue
from aura.core.world import confirm_world, is_sandbox
from aura.models import User
from aura.schedule import apply_schedules
from billing.actions import publish_plans, subscribe_user
from market.queries import latest_sol_price
from market.tasks import fill_sol_history, poll_sol_price
from wallets.actions import curate_wallet, follow_wallet, track_wallet
from wallets.models import Wallet

DEMO = ("demo@aura.local", "aura-demo-whales")
STAFF = ("staff@aura.local", "aura-demo-staff")
FOLLOWED = 5
HISTORY_HOURS = 24


class Command(BaseCommand):
    """`prepare`: migrations, world, plans, schedules; in the sandbox a demo login and whales."""

    help = "Migrate, check the world, publish plans and schedules; in the sandbox, the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do all of it, each step safe to repeat."""
        call_command("migrate", verbosity=0, interactive=False)
        try:
            confirm_world()
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        plans, schedules = publish_plans(), apply_schedules()
        self.stdout.write(f"database ready ({plans} plans, {schedules} schedules new)")
        if is_sandbox() and settings.SANDBOX_URL:
            self._furnish_sandbox()

    def _furnish_sandbox(self) -> None:
        demo = _login(*DEMO)
        subscribe_user(demo, plan="pro")
        staff = _login(*STAFF)
        staff.is_staff = staff.is_superuser = True
        staff.save(update_fields=["is_staff", "is_superuser"])
        try:
            whales = _sandbox_whales()
        except AuraError as error:
            raise CommandError(f"the sandbox does not answer: {error}") from None
        new = 0
        for number, whale in enumerate(whales):
            new += _watch(demo, whale, follow=number < FOLLOWED)
        if latest_sol_price() is None:
            poll_sol_price()
            fill_sol_history(hours=HISTORY_HOURS)
        else:
            enqueue("market.tasks.fill_sol_history", HISTORY_HOURS)
        self.stdout.write(f"sandbox: {len(whales)} whales ({new} new), login {DEMO[0]}")


def _login(email: str, password: str) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, password)
    EmailAddress.objects.get_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )
    return user


def _sandbox_whales() -> list[dict[str, str]]:
    text = request_text("sandbox", "GET", settings.SANDBOX_URL, "/wallets.csv")
    return list(csv.DictReader(io.StringIO(text)))


def _watch(demo: User, whale: dict[str, str], *, follow: bool) -> bool:
    is_new = not Wallet.objects.filter(address=whale["address"]).exists()
    if is_new:
        wallet, _ = track_wallet(whale["address"])
        character = whale.get("character", "")
        curate_wallet(wallet, character=character, reason="A whale of the simulated market")
        if follow:
            follow_wallet(demo, address=whale["address"], nickname=whale["nickname"])
    return is_new
