"""Every write of billing."""

import dataclasses
from typing import Any

from django.db import transaction

from billing.domain.plans import PLANS
from billing.models import Plan, Subscription


@transaction.atomic
def publish_plans() -> int:
    """Create the plans that are missing; rows that exist keep what staff made of them.

    Returns how many were created.
    """
    created = 0
    for position, terms in enumerate(PLANS):
        values = dataclasses.asdict(terms) | {"position": position}
        _, is_new = Plan.objects.get_or_create(code=values.pop("code"), defaults=values)
        created += is_new
    return created


@transaction.atomic
def subscribe_user(user: Any, *, plan: str) -> Subscription:
    """Put the user on a plan."""
    row, _ = Subscription.objects.update_or_create(
        user=user, defaults={"plan": Plan.objects.get(code=plan)}
    )
    return row
