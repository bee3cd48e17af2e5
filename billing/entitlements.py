"""The one function that says what a user may do; pages, API, voice and jobs all ask it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.domain.plans import FREE
from billing.models import Plan


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What one user's plan allows; None means no limit."""

    plan: str
    plan_name: str
    own_wallets: int
    curated_delay: timedelta
    history: timedelta | None
    alert_rules: int
    alerts_a_day: int | None
    export: bool


def longest_history(user_ids: Collection[int]) -> timedelta | None:
    """Return how far back the plan with the longest history among these users reaches.

    None means without end. Users without a subscription are on Free.
    """
    plans = list(Plan.objects.filter(subscriptions__user__in=user_ids).distinct())
    if any(plan.history_days is None for plan in plans):
        return None
    free = Plan.objects.filter(code=FREE.code).first() or FREE
    days = [plan.history_days or 0 for plan in (*plans, free)]
    return timedelta(days=max(days))


def entitlements(user: Any) -> Entitlements:
    """Return what the user's plan allows; whoever has no subscription is on Free."""
    plan: Plan | None = None
    if user is not None and user.is_authenticated:
        plan = Plan.objects.filter(subscriptions__user=user).first()
    if plan is None:
        plan = Plan.objects.filter(code=FREE.code).first()
    terms = plan or FREE
    return Entitlements(
        plan=terms.code,
        plan_name=terms.name,
        own_wallets=terms.own_wallets,
        curated_delay=timedelta(minutes=terms.curated_delay_minutes),
        history=None if terms.history_days is None else timedelta(days=terms.history_days),
        alert_rules=terms.alert_rules,
        alerts_a_day=terms.alerts_a_day,
        export=terms.export,
    )
