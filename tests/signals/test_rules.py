"""The table of thresholds: versions stay as they were, and nothing else is a version."""

from dataclasses import replace

import pytest

from signals.domain.exits import COMPANIONS
from signals.domain.rules import CURRENT, RULES_VERSION, VERSIONS, Rules, UnknownRules, rules_of
from signals.domain.strategies import STRATEGIES

# What every version ever used said, to the last threshold. A version is added here, never edited.
DIGESTS = {"2026-11-1": "02c6d773bfbde126c351ef7846490a013d50d857e4337aeab0e89461fc498b24"}


def test_a_version_that_was_used_never_changes() -> None:
    assert {version: rules.digest() for version, rules in VERSIONS.items()} == DIGESTS
    assert RULES_VERSION in VERSIONS


def test_a_changed_threshold_is_another_digest_and_another_name_alone_is_not() -> None:
    looser = replace(CURRENT, high_volume=replace(CURRENT.high_volume, z=3.4))
    assert looser.digest() != CURRENT.digest()
    assert Rules("another name").digest() == CURRENT.digest()


def test_rules_are_found_by_version_and_an_unknown_one_is_an_error() -> None:
    assert rules_of("2026-11-1") is CURRENT
    with pytest.raises(UnknownRules, match="2019-1-1"):
        rules_of("2019-1-1")


def test_half_lives_are_those_of_the_specification() -> None:
    minutes = {name: CURRENT.half_life_s(name) / 60 for name in STRATEGIES}
    assert minutes == {
        "high_volume": 10,
        "top_gainers": 20,
        "deep_liquidity": 120,
        "micro_caps": 60,
        "recent_listings": 10,
        "price_momentum": 30,
        "whale_confluence": 60,
        "dip_reversal": 45,
    }
    assert {name: CURRENT.half_life_s(name) / 60 for name in COMPANIONS} == {
        "distribution": 30,
        "liquidity_drain": 30,
        "dev_sell": 60,
        "safety_regression": 60,
    }


def test_weights_add_up_to_a_hundred_and_penalties_to_forty() -> None:
    score = CURRENT.score
    weights = (
        score.volume,
        score.price,
        score.pressure,
        score.buyers,
        score.liquidity,
        score.smart,
    )
    assert weights == (25, 20, 15, 15, 10, 15)
    unverified = score.unverified_price + 6 * score.unverified_safety
    assert score.concentration + score.wash + score.late + unverified == 40
