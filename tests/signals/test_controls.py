"""Controls: random, repeatable, of the signal's own bucket."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from signals.domain.controls import DRAWN, Eligible, draw

HOUR = timedelta(hours=1)


def token(name: str, age: timedelta | None = 3 * HOUR, usd: int | None = 30_000) -> Eligible:
    return Eligible(name, age, None if usd is None else Decimal(usd))


POOL = [token(f"mint {i}") for i in range(40)]


def test_five_of_the_bucket_and_never_the_signal_itself() -> None:
    drawn = draw(POOL[0], POOL, seed="7:abc")
    assert len(drawn) == len(set(drawn)) == DRAWN == 5
    assert POOL[0].mint not in drawn
    assert draw(POOL[0], reversed(POOL), seed="7:abc") == drawn
    assert draw(POOL[0], [*POOL, *POOL], seed="7:abc") == drawn
    assert draw(POOL[0], POOL, seed="8:abc") != drawn


def test_only_tokens_of_like_age_and_liquidity_are_drawn() -> None:
    others = [
        token("older", 7 * HOUR), token("younger", HOUR / 2), token("deeper", usd=50_000),
        token("thinner", usd=24_999), token("no age", None), token("no liquidity", usd=None),
    ]  # fmt: skip
    alike = [token("alike", 6 * HOUR - timedelta(seconds=1), 49_999), token("also", HOUR, 25_000)]
    assert sorted(draw(token("me"), [*others, *alike], seed="s")) == ["alike", "also"]
    assert draw(token("me"), others, seed="s") == []


@pytest.mark.parametrize(
    ("age", "usd", "bucket"),
    [
        (timedelta(0), 0, "under 1 h, under $25k"),
        (HOUR, 25_000, "1-6 h, $25-50k"),
        (timedelta(days=1), 100_000, "1-7 d, $100-250k"),
        (timedelta(days=400), 10**9, "over 30 d, over $1M"),
        (None, None, "unknown, unknown"),
    ],
)
def test_buckets_have_names(age: timedelta | None, usd: int | None, bucket: str) -> None:
    assert token("x", age, usd).bucket == bucket


def test_every_token_is_drawn_about_as_often() -> None:
    drawn = Counter(
        mint for seed in range(2_000) for mint in draw(token("me"), POOL, seed=str(seed))
    )
    # 2,000 x 5 of 40: 250 each, standard deviation 14.8
    assert len(drawn) == 40
    assert all(180 < count < 320 for count in drawn.values())
