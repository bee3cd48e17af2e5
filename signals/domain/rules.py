"""Every threshold of the scanner in one versioned table.

A version is never edited: a change is a new version, which starts a new record. A stored signal
is judged again with the version it was judged with.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class BaselineRules:
    """What is usual for a token: median and MAD of a span over the day before, or its cohort.

    The epsilons keep the robust z finite where nothing ever changes. `coverage` is the share of a
    span's buckets that must be there before a high, a low or a range of it is believed.
    `tolerance` is how many buckets a figure "one hour ago" may be older than that.
    """

    bucket_s: int = 5 * MINUTE
    history_s: int = DAY
    least: int = 12
    epsilon_usd: float = 50.0
    epsilon_count: float = 1.0
    coverage: float = 0.5
    tolerance: int = 2


@dataclass(frozen=True, slots=True)
class GateRules:
    """What a token must pass before any strategy looks at it; spec section 2, gates."""

    read_within_s: int = 180
    top10_share: float = 0.50
    dev_share: float = 0.10
    bundled_share: float = 0.30
    wash_share: float = 0.50
    liquidity_usd: float = 25_000.0
    recent_liquidity_usd: float = 10_000.0
    recent_s: int = HOUR
    curve_quote_usd: float = 3_000.0
    sellers_1h: int = 5
    change_1h: float = 1.00
    change_5m: float = 0.35


@dataclass(frozen=True, slots=True)
class HighVolume:
    """A burst of organic volume with many buyers and no run-away price."""

    half_life_s: int = 10 * MINUTE
    times_median: float = 3.0
    z: float = 3.5
    volume_usd: float = 5_000.0
    buyers: int = 15
    pressure_5m: float = 1.2
    pressure_1h: float = 1.3
    change_low: float = 0.0
    change_high: float = 0.35
    biggest_share: float = 0.35
    strong_z: float = 10.0


@dataclass(frozen=True, slots=True)
class TopGainers:
    """Among the hour's best of the universe, on volume, near its high."""

    half_life_s: int = 20 * MINUTE
    rank: float = 0.90
    change_low: float = 0.10
    change_high: float = 1.00
    buyers: int = 30
    times_median: float = 2.0
    below_high: float = 0.10
    strong_times: float = 6.0


@dataclass(frozen=True, slots=True)
class DeepLiquidity:
    """Liquidity units, or a curve's quote, grow while the price holds."""

    half_life_s: int = 120 * MINUTE
    growth_1h: float = 0.20
    growth_6h: float = 0.40
    change_1h: float = -0.05
    age_s: int = 5 * MINUTE
    curve_base_usd: float = 500.0
    strong_growth: float = 1.0


@dataclass(frozen=True, slots=True)
class MicroCaps:
    """A small token, deep for its size, whose holders and real buyers grow."""

    half_life_s: int = 60 * MINUTE
    cap_low_usd: float = 20_000.0
    cap_high_usd: float = 1_000_000.0
    liquidity_to_cap: float = 0.08
    holder_growth: float = 0.03
    pressure_1h: float = 1.3
    organic_share: float = 0.60
    strong_growth: float = 0.15


@dataclass(frozen=True, slots=True)
class RecentListings:
    """A new pool, or a curve nearly full, that many buy and few hold.

    `base_rate` is the share of launches that graduate: 4,338 of 655,770 in September 2025 (Marino
    et al., arXiv 2602.14860).
    """

    half_life_s: int = 10 * MINUTE
    listed_s: int = HOUR
    curve_progress: float = 0.60
    curve_s: int = 30 * MINUTE
    buyers_10m: int = 50
    buyers_1h: int = 100
    first_slots_share: float = 0.20
    bundled_share: float = 0.20
    dev_share: float = 0.05
    base_rate: float = 0.0066
    strong_buyers: int = 300


@dataclass(frozen=True, slots=True)
class PriceMomentum:
    """A close over every close of the day, out of a quiet range, that holds."""

    half_life_s: int = 30 * MINUTE
    over_high: float = 1.01
    range_6h: float = 0.40
    times_median: float = 2.5
    fresh_buckets: int = 2
    void_s: int = 3 * 2 * MINUTE
    strong_over: float = 1.15


@dataclass(frozen=True, slots=True)
class WhaleConfluence:
    """Several qualified entities buy within half an hour, or one keeps adding."""

    half_life_s: int = 60 * MINUTE
    within_s: int = 30 * MINUTE
    entities: int = 3
    least_usd: float = 250.0
    share_of_median: float = 0.25
    total_usd: float = 3_000.0
    sold_share: float = 0.20
    adds: int = 3
    adds_over_s: int = 2 * HOUR
    grown: float = 0.50
    strong_usd: float = 20_000.0


@dataclass(frozen=True, slots=True)
class DipReversal:
    """A liquid token far below its high whose sellers tire and whose second low is higher."""

    half_life_s: int = 45 * MINUTE
    age_s: int = 6 * HOUR
    volume_24h_usd: float = 100_000.0
    below_low: float = 0.35
    below_high: float = 0.70
    units_kept: float = 0.90
    sell_z: float = 2.0
    sell_falls: int = 2
    sell_within_s: int = 2 * HOUR
    low_gap: int = 2
    second_low: float = 1.02
    over_vwap: float = 1.0
    pressure_15m: float = 1.3
    strong_below: float = 0.60


@dataclass(frozen=True, slots=True)
class ExitRules:
    """The companions that warn holders; each fires at half strength on its threshold."""

    distribution_entities: int = 2
    distribution_share: float = 0.50
    distribution_half_life_s: int = 30 * MINUTE
    drain: float = -0.20
    drain_half_life_s: int = 30 * MINUTE
    dev_sold: float = 0.20
    dev_half_life_s: int = 60 * MINUTE
    regression_half_life_s: int = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """Weights, and from where to where each part rises; the penalties add up to 40.

    A part is half way up at the threshold of the strategy that asks for it, where there is one.
    """

    volume: float = 25.0
    volume_z: tuple[float, float] = (0.0, 7.0)
    price: float = 20.0
    price_5m: tuple[float, float] = (0.0, 0.10)
    price_1h: tuple[float, float] = (0.0, 0.20)
    pressure: float = 15.0
    pressure_ratio: tuple[float, float] = (1.0, 1.6)
    buyers: float = 15.0
    buyers_5m: tuple[float, float] = (0.0, 30.0)
    buyers_1h: tuple[float, float] = (0.0, 100.0)
    liquidity: float = 10.0
    liquidity_usd: tuple[float, float] = (10_000.0, 250_000.0)
    curve_usd: tuple[float, float] = (3_000.0, 20_000.0)
    liquidity_growth: tuple[float, float] = (0.0, 0.40)
    smart: float = 15.0
    smart_entities: tuple[float, float] = (0.0, 6.0)
    smart_usd: tuple[float, float] = (500.0, 18_000.0)
    concentration: float = 12.0
    top10: tuple[float, float] = (0.30, 0.50)
    dev: tuple[float, float] = (0.03, 0.10)
    bundled: tuple[float, float] = (0.10, 0.30)
    wash: float = 12.0
    wash_share: tuple[float, float] = (0.10, 0.50)
    late: float = 8.0
    late_1h: tuple[float, float] = (0.50, 1.00)
    late_5m: tuple[float, float] = (0.20, 0.35)
    unverified_price: float = 2.0
    unverified_safety: float = 1.0


@dataclass(frozen=True, slots=True)
class RiskRules:
    """How much of the way to certain loss each danger goes, and from where to where it rises."""

    can_mint: float = 0.65
    can_freeze: float = 0.65
    rugged: float = 1.0
    top10: float = 0.50
    top10_share: tuple[float, float] = (0.20, 0.60)
    dev: float = 0.40
    dev_share: tuple[float, float] = (0.02, 0.15)
    bundled: float = 0.50
    bundled_share: tuple[float, float] = (0.05, 0.40)
    insider: float = 0.30
    insider_share: tuple[float, float] = (0.05, 0.40)
    unlocked: float = 0.35
    wash: float = 0.40
    wash_share: tuple[float, float] = (0.10, 0.60)
    transfer_fee: float = 0.60
    transfer_fee_share: tuple[float, float] = (0.0, 0.10)
    unknown: float = 0.15
    medium: float = 30.0
    high: float = 60.0


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Shares of the three parts, and from where to where each rises."""

    inputs: float = 0.50
    depth: float = 0.25
    spread: float = 0.25
    stand_in: float = 0.50
    depth_usd: tuple[float, float] = (10_000.0, 250_000.0)
    holders: tuple[float, float] = (100.0, 2_000.0)
    held_by_others: tuple[float, float] = (0.50, 0.85)


@dataclass(frozen=True, slots=True)
class TierRules:
    """Score and quality of each tier."""

    first: tuple[float, float] = (50.0, 60.0)
    second: tuple[float, float] = (35.0, 40.0)
    third: float = 25.0


@dataclass(frozen=True, slots=True)
class LifeRules:
    """When signals open, close, speak again and rest."""

    watch: float = 25.0
    alert: float = 50.0
    hysteresis: float = 0.70
    half_lives: float = 4.0
    rest_s: int = 30 * MINUTE
    stronger: float = 1.25
    join_after_s: int = 30 * MINUTE
    score_gain: float = 15.0
    quiet_after_close_s: int = 6 * HOUR


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of all of them."""

    version: str
    baseline: BaselineRules = field(default_factory=BaselineRules)
    gates: GateRules = field(default_factory=GateRules)
    high_volume: HighVolume = field(default_factory=HighVolume)
    top_gainers: TopGainers = field(default_factory=TopGainers)
    deep_liquidity: DeepLiquidity = field(default_factory=DeepLiquidity)
    micro_caps: MicroCaps = field(default_factory=MicroCaps)
    recent_listings: RecentListings = field(default_factory=RecentListings)
    price_momentum: PriceMomentum = field(default_factory=PriceMomentum)
    whale_confluence: WhaleConfluence = field(default_factory=WhaleConfluence)
    dip_reversal: DipReversal = field(default_factory=DipReversal)
    exits: ExitRules = field(default_factory=ExitRules)
    score: ScoreRules = field(default_factory=ScoreRules)
    risk: RiskRules = field(default_factory=RiskRules)
    quality: QualityRules = field(default_factory=QualityRules)
    tier: TierRules = field(default_factory=TierRules)
    life: LifeRules = field(default_factory=LifeRules)
    discovery_list: int = 50

    def half_life_s(self, strategy: str) -> int:
        """Return the half-life of a strategy or an exit companion by its name."""
        exits = {
            "distribution": self.exits.distribution_half_life_s,
            "liquidity_drain": self.exits.drain_half_life_s,
            "dev_sell": self.exits.dev_half_life_s,
            "safety_regression": self.exits.regression_half_life_s,
        }
        half_life: int = exits.get(strategy) or getattr(self, strategy).half_life_s
        return half_life

    def digest(self) -> str:
        """Return the sha256 of every threshold: two versions with the same digest are one."""
        plain = asdict(self) | {"version": ""}
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


RULES_VERSION: Final = "2026-11-1"
CURRENT: Final = Rules(RULES_VERSION)
VERSIONS: Final[Mapping[str, Rules]] = {CURRENT.version: CURRENT}


class UnknownRules(KeyError):
    """A record names a version of the rules that this program does not have."""


def rules_of(version: str) -> Rules:
    """Return the rules a stored signal was judged with; UnknownRules where they are gone."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownRules(version) from None
