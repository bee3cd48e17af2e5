"""Risk 0 to 100 from a token's safety: how far its dangers together go to certain loss."""

from typing import Literal

from signals.domain.rules import RiskRules
from signals.domain.squash import ramp
from signals.domain.windows import Danger

Band = Literal["low", "medium", "high"]


def risk(danger: Danger, rules: RiskRules) -> float | None:
    """Return 100·(1 − Π(1 − weight·share)); what is not known counts a little, all of it None."""
    shares = _shares(danger, rules)
    if all(share is None for _, share in shares):
        return None
    safe = 1.0
    for weight, share in shares:
        safe *= 1 - weight * (rules.unknown if share is None else share)
    if danger.rugged:
        safe *= 1 - rules.rugged
    return round(100 * (1 - safe), 2)


def band(value: float, rules: RiskRules) -> Band:
    """Name the band of a risk: low under 30, high over 60."""
    if value < rules.medium:
        return "low"
    return "high" if value > rules.high else "medium"


def _shares(danger: Danger, rules: RiskRules) -> list[tuple[float, float | None]]:
    locked = danger.lp_locked_share
    return [
        (rules.can_mint, _flag(danger.can_mint)),
        (rules.can_freeze, _flag(danger.can_freeze)),
        (rules.top10, _ramp(danger.top10_share, rules.top10_share)),
        (rules.dev, _ramp(danger.dev_share, rules.dev_share)),
        (rules.bundled, _ramp(danger.bundled_share, rules.bundled_share)),
        (rules.insider, _ramp(danger.insider_share, rules.insider_share)),
        (rules.unlocked, None if locked is None else 1 - ramp(locked, (0.0, 1.0))),
        (rules.wash, _ramp(danger.wash_share, rules.wash_share)),
        (rules.transfer_fee, _ramp(danger.transfer_fee, rules.transfer_fee_share)),
    ]


def _flag(value: bool | None) -> float | None:  # noqa: FBT001 - three-valued, read only here
    return None if value is None else float(value)


def _ramp(value: float | None, span: tuple[float, float]) -> float | None:
    return None if value is None else ramp(value, span)
