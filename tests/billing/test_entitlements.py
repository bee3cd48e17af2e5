"""Plans and the one function that reads them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from billing.actions import publish_plans, subscribe_user
from billing.entitlements import entitlements
from billing.models import Plan


def test_who_pays_gets_his_plan_and_who_does_not_gets_free(alice: Any, bob: Any) -> None:
    paid, free = entitlements(alice), entitlements(bob)
    assert (paid.plan, paid.own_wallets, paid.curated_delay) == ("pro", 100, timedelta(0))
    assert paid.history == timedelta(days=180)
    assert (free.plan, free.own_wallets, free.history) == ("free", 10, timedelta(days=7))
    assert free.curated_delay == timedelta(minutes=30)
    assert entitlements(AnonymousUser()) == free


@pytest.mark.django_db
def test_publishing_again_keeps_what_staff_made_of_a_plan() -> None:
    assert publish_plans() == 6
    Plan.objects.filter(code="pro").update(own_wallets=123)
    assert publish_plans() == 0
    assert Plan.objects.get(code="pro").own_wallets == 123


def test_a_plan_edited_in_the_database_counts_at_once(bob: Any) -> None:
    Plan.objects.filter(code="free").update(own_wallets=3)
    assert entitlements(bob).own_wallets == 3
    subscribe_user(bob, plan="elite")
    assert (entitlements(bob).plan_name, entitlements(bob).history) == ("Elite", None)


@pytest.mark.django_db
def test_before_plans_are_published_free_terms_hold() -> None:
    assert entitlements(None).own_wallets == 10
