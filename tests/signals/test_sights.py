"""From snapshots, buckets and trades to the windows a scan looks at."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from market.domain.readings import Activity
from market.domain.snapshots import Safety, Snapshot
from signals.domain.sights import LEAST_COHORT, NOTHING, Own, compared, window_of
from signals.domain.windows import Bucket, TokenWindow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = int(NOW.timestamp())


def snapshot(mint: str = "M1", volume: int | None = 1_000, **told: object) -> Snapshot:
    activity = {} if volume is None else {"5m": Activity(volume_usd=Decimal(volume), buys=9)}
    known = {"activity": activity, "sources": {"price_usd": "dexscreener"}} | told
    return Snapshot(
        mint=mint, at=NOW, read_at=NOW - timedelta(seconds=7), price_usd=Decimal("0.25"),
        prices={"jupiter": Decimal("0.26"), "dexscreener": Decimal("0.25")}, is_verified=True,
        **known,  # type: ignore[arg-type]
    )  # fmt: skip


def own(volume: int) -> Own:
    told = Activity(volume_usd=Decimal(volume), buyers=4, sellers=1)
    clean = Activity(volume_usd=Decimal(volume - 100), buyers=3, sellers=1)
    return Own({"5m": told}, {"5m": clean}, Decimal(60))


def test_turns_a_snapshot_into_plain_numbers_with_their_sources() -> None:
    safety = Safety(top10_share=Decimal("0.2"), can_mint=False, sources={"can_mint": "chain"})
    seen = window_of(
        snapshot(safety=safety, quote=Decimal(50), opened_at=NOW - timedelta(days=2)), (),
        coin_usd=Decimal(200),
    )  # fmt: skip
    assert (seen.at, seen.read_at, seen.price_usd) == (AT, AT - 7, 0.25)
    assert list(seen.prices.items()) == [("dexscreener", 0.25), ("jupiter", 0.26)]
    assert (seen.quote_usd, seen.opened_at) == (10_000.0, AT - 172_800)
    assert (seen.danger.top10_share, seen.danger.can_mint, seen.danger.dev_share) == (
        0.2, False, None,
    )  # fmt: skip
    assert seen.sources == {"can_mint": "chain", "price_usd": "dexscreener"}
    assert seen.flows["5m"].volume_usd == 1_000.0


def test_says_that_whales_were_looked_for_even_when_there_are_none() -> None:
    assert "whales" not in window_of(snapshot(), ()).sources
    assert window_of(snapshot(), (), whales=()).sources["whales"] == "trades"


def test_holds_no_bucket_that_ends_later_and_sorts_the_rest() -> None:
    buckets = [Bucket(AT + 1), Bucket(AT), Bucket(AT - 300)]
    assert [b.at for b in window_of(snapshot(), buckets).buckets] == [AT - 300, AT]


@pytest.mark.parametrize(
    ("volume", "recorded", "is_seen"),
    [(1_000, 800, True), (1_000, 799, False), (None, 800, False)],
)
def test_recorded_trades_count_where_they_are_nearly_all(
    volume: int | None, recorded: int, *, is_seen: bool
) -> None:
    seen = window_of(snapshot(volume=volume), (), own=own(recorded))
    assert ("5m" in seen.own) == ("5m" in seen.organic) == is_seen
    assert seen.biggest_buyer_usd == 60.0, "what is known of it is a lower bound either way"


def test_a_token_without_trades_has_none() -> None:
    assert window_of(snapshot(), (), own=NOTHING).own == {}


def crowd(n: int) -> list[TokenWindow]:
    opened = NOW - timedelta(hours=2)
    return [
        window_of(
            snapshot(
                f"M{i}", opened_at=opened, liquidity_usd=Decimal(50_000),
                activity={
                    "5m": Activity(volume_usd=Decimal(100 * (i + 1))),
                    "1h": Activity(change=Decimal(i) / 10),
                },
            ),
            (),
        )
        for i in range(n)
    ]  # fmt: skip


def test_a_cohort_of_a_dozen_gives_median_and_mad() -> None:
    spread = compared(crowd(LEAST_COHORT))[0].cohort["volume_5m"]
    # 100 … 1,200: the median is 650, and the distances from it are 50, 150 … 550 twice
    assert (spread.median, spread.mad, spread.n) == (650.0, 300.0, 12)
    assert compared(crowd(LEAST_COHORT - 1))[0].cohort == {}


def test_cohorts_are_of_like_age_and_liquidity() -> None:
    shallow = window_of(snapshot("S", liquidity_usd=Decimal(9_000)), ())
    windows = {w.mint: w for w in compared([*crowd(LEAST_COHORT), shallow])}
    assert windows["S"].cohort == {}
    assert windows["M1"].cohort["volume_5m"].n == LEAST_COHORT


def test_the_rank_is_the_share_that_rose_less() -> None:
    ranks = [w.rank_1h for w in compared(crowd(4))]
    assert ranks == [0.0, 0.25, 0.5, 0.75]
    alike = compared([*crowd(2), window_of(snapshot("X", volume=None), ())])
    assert [w.rank_1h for w in alike] == [0.0, 0.5, None]
